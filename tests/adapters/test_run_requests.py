"""Latest run, lists, record and history: one query each, whose cost does not depend on the number of runs.

DynamoDB bills a query by the items that it reads in its partition, not by the size of the table. So the requests
and bytes that are counted here at 10 and 2,000 runs hold for any number; `make bench` counts them at 100,000.
"""

from functions.evaluation.runs.read_runs import RunFilter
from tests.adapters.filled_runs import STATUSES, nth_key
from tests.adapters.run_reads import READS, costs, filled
from tests.fakes.samples import WORLD

FEW, MANY = 10, 2_000
WALKED, PAGE = 310, 50
BYTES_RATIO_MAX = 1.02


def test_latest_list_record_and_history_are_one_query_of_equal_size_at_10_and_2000_runs() -> None:
    few, many = costs(FEW), costs(MANY)
    for name in READS:
        assert few[name].operations == many[name].operations == ["Query"], name
        assert few[name].found == many[name].found >= 1, name
        assert many[name].bytes <= BYTES_RATIO_MAX * few[name].bytes, name


def test_a_walk_through_a_list_takes_one_query_for_each_page() -> None:
    keys, cursor = [], None
    with filled(WALKED) as (runs, requests):
        for _ in range(WALKED // PAGE):
            found = runs.list(RunFilter(WORLD, status=STATUSES[0]), PAGE, cursor)
            keys += [head.key for head in found.heads]
            cursor = found.next_cursor
            if cursor is None:
                break
        assert requests.operations == ["Query"] * -(-len(keys) // PAGE)
    assert keys == [nth_key(number) for number in reversed(range(0, WALKED, len(STATUSES)))]
