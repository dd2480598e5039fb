"""Reading runs: the record, the history page by page, lists with a cursor."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.evaluation.runs.append_item import AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns
from functions.evaluation.runs.read_chain import BrokenChainError, RunNotFoundError
from functions.evaluation.runs.read_runs import ReadRuns, RunFilter
from risk_hub_contracts.base.problems import ProblemError
from tests.fakes.clock import START, FrozenClock
from tests.fakes.runs import MemoryRuns, changed_item, draft, run_key, validation
from tests.fakes.samples import WORLD

KEY = run_key()


@pytest.fixture
def store() -> MemoryRuns:
    """Return seven runs of two strategies, the first with three items."""
    store = MemoryRuns()
    for number in range(7):
        clock = FrozenClock(START + timedelta(minutes=number // 2))
        key = run_key("momentum" if number % 2 == 0 else "carry", f"r{number}")
        CreateRuns(store, clock)([draft(key, stage="live" if number > 3 else "paper")])
    for entry_id in ("e1", "e2"):
        AppendItem(store, FrozenClock())(
            ItemDraft(run_key("momentum", "r0"), entry_id, "worker", validation())
        )
    return store


def pages(store: MemoryRuns, wanted: RunFilter, limit: int) -> list[list[str]]:
    """Return the run ids of each page."""
    found, cursor = [], None
    while True:
        page = ReadRuns(store).list(wanted, limit, cursor)
        found.append([head.key.run_id for head in page.heads])
        cursor = page.next_cursor
        if cursor is None:
            return found


@settings(max_examples=60)
@given(
    limit=st.integers(1, 9),
    strategy=st.sampled_from([None, "momentum", "carry", "unknown"]),
    stage=st.sampled_from([None, "paper", "live"]),
    status=st.sampled_from([None, "pass", "fail"]),
    since=st.sampled_from([None, START, START + timedelta(minutes=2), START + timedelta(minutes=9)]),
    newest_first=st.booleans(),
)
def test_the_pages_of_a_list_hold_each_matching_run_once_in_order(limit: int, **members: Any) -> None:
    members["strategy_id"] = members.pop("strategy")
    store = _filled()
    wanted = RunFilter(WORLD, **members)
    found = [run_id for page in pages(store, wanted, limit) for run_id in page]
    expected = [
        head
        for head in store.heads.values()
        if members["strategy_id"] in {None, head.key.strategy_id}
        and members["stage"] in {None, head.stage}
        and members["status"] in {None, head.status}
        and (members["since"] is None or head.created_at >= members["since"].isoformat()[:19])
    ]
    order = sorted(expected, key=lambda head: head.order, reverse=members["newest_first"])
    assert found == [head.key.run_id for head in order]


def _filled() -> MemoryRuns:
    store = MemoryRuns()
    for number in range(7):
        clock = FrozenClock(START + timedelta(minutes=number // 2))
        key = run_key("momentum" if number % 2 == 0 else "carry", f"r{number}")
        status = "fail" if number in {1, 4} else "pass"
        CreateRuns(store, clock)([draft(key, stage="live" if number > 3 else "paper", status=status)])
    return store


def test_a_cursor_stays_valid_when_listed_runs_get_further_items(store: MemoryRuns) -> None:
    reads, wanted = ReadRuns(store), RunFilter(WORLD)
    before = pages(store, wanted, 2)
    first = reads.list(wanted, 2)
    for run_id in ("r6", "r2"):
        AppendItem(store, FrozenClock(START + timedelta(days=1)))(
            ItemDraft(run_key("momentum", run_id), "later", "worker", validation("cohort", "fail"))
        )
    second = reads.list(wanted, 2, first.next_cursor)
    assert [[head.key.run_id for head in page.heads] for page in (first, second)] == before[:2]


@pytest.mark.parametrize(
    "other",
    [
        RunFilter("other"),
        RunFilter(WORLD, strategy_id="momentum"),
        RunFilter(WORLD, stage="paper"),
        RunFilter(WORLD, status="pass"),
        RunFilter(WORLD, since=START),
        RunFilter(WORLD, newest_first=False),
    ],
)
def test_a_cursor_of_another_list_is_refused(store: MemoryRuns, other: RunFilter) -> None:
    cursor = ReadRuns(store).list(RunFilter(WORLD), 2).next_cursor
    assert cursor is not None
    with pytest.raises(ProblemError, match="the cursor was not issued for this query"):
        ReadRuns(store).list(other, 2, cursor)
    with pytest.raises(ProblemError):
        ReadRuns(store).list(RunFilter(WORLD), 2, cursor[:-2])


def test_history_pages_hold_each_item_once_and_end(store: MemoryRuns) -> None:
    reads, key = ReadRuns(store), run_key("momentum", "r0")
    first = reads.history(key, 0, 2)
    assert [item.sequence for item in first.items] == [1, 2]
    assert first.next_after == 2
    last = reads.history(key, 2, 2)
    assert ([item.sequence for item in last.items], last.next_after) == ([3], None)
    assert reads.history(key, 0, 3).next_after is None


def test_the_record_is_folded_from_the_verified_chain(store: MemoryRuns) -> None:
    key = run_key("momentum", "r0")
    run = ReadRuns(store).run(key)
    assert (run.sequence, run.sha256) == (3, store.rows[key][3].sha256)
    store.rows[key][2] = changed_item(store.rows[key][2], subject="forger")
    with pytest.raises(BrokenChainError, match="item 3: link_broken"):
        ReadRuns(store).run(key)


def test_an_unknown_run_has_no_record_and_no_history(store: MemoryRuns) -> None:
    with pytest.raises(RunNotFoundError, match="run 'w1/r1/unknown' does not exist"):
        ReadRuns(store).run(run_key("unknown"))
    assert ReadRuns(store).history(run_key("unknown"), 0, 5).items == []


def test_a_chain_that_does_not_begin_with_a_creation_has_no_record(store: MemoryRuns) -> None:
    key = run_key("momentum", "r2")
    store.rows[key][1] = changed_item(store.rows[key][1], kind="of_a_later_release")
    with pytest.raises(BrokenChainError, match="item 1: item_unreadable"):
        ReadRuns(store).run(key)
