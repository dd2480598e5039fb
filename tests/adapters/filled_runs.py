"""A table with many runs, put directly into moto's store: through its API, 100,000 would take minutes."""

import base64
from datetime import timedelta
from typing import Any, Final

from moto.dynamodb.models import dynamodb_backends

from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.adapters.run_rows import head_row, item_row
from functions.evaluation.runs.create_runs import CreateRuns
from functions.evaluation.runs.run_head import RunHead
from functions.hub.adapters.aws import Item
from risk_hub_contracts.runs.fold import fold
from risk_hub_contracts.runs.run_item import unseal
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.clock import START, FrozenClock
from tests.fakes.runs import MemoryRuns, draft, run_key

ACCOUNT: Final = "123456789012"
STRATEGIES: Final = 2
STATUSES: Final = ("pass", "fail")


def nth_key(number: int) -> RunKey:
    """Return the key of a run: each strategy has the same number of runs."""
    return run_key(f"s{number // STRATEGIES % STRATEGIES}", f"r{number:06}")


def fill(store: DynamoDBRuns, count: int) -> None:
    """Give the world its runs, one each second, of equal size, in two statuses and one stage."""
    region = store.dynamodb.meta.region_name
    table = dynamodb_backends[ACCOUNT][region].get_table(store.table)
    for number in range(count):
        memory, clock = MemoryRuns(), FrozenClock(START + timedelta(seconds=number))
        key = nth_key(number)
        CreateRuns(memory, clock)([draft(key, status=STATUSES[number % len(STATUSES)])])
        sealed = unseal(memory.rows[key][1].data)
        for row in (item_row(sealed), head_row(RunHead.of(fold([sealed])))):
            table.put_item(_encoded(row))


def _encoded(row: Item) -> dict[str, Any]:
    """Return a row as it is in a request: binary values in base64."""
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in row.items()
    }
