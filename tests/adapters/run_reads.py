"""The reads of evaluation runs on the real adapter, and what each costs on a table with a number of runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import boto3
from moto import mock_aws

from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.read_runs import ReadRuns, RunFilter
from tests.adapters.conftest import create_table
from tests.adapters.counting import Requests
from tests.adapters.filled_runs import fill, nth_key
from tests.fakes.clock import START
from tests.fakes.samples import WORLD

FIRST = nth_key(0)
Read = Callable[[ReadRuns], int]
"""A read, which returns how many items or runs it found."""


class Cost(NamedTuple):
    """The requests of a read, the bytes of their answers, and the number of items or runs that it found."""

    operations: list[str]
    bytes: int
    found: int


def _listed(limit: int, wanted: RunFilter) -> Read:
    return lambda runs: len(runs.list(wanted, limit).heads)


READS: dict[str, Read] = {
    "latest run": _listed(1, RunFilter(WORLD)),
    "latest run of a strategy": _listed(1, RunFilter(WORLD, strategy_id=FIRST.strategy_id)),
    "list of runs": _listed(2, RunFilter(WORLD)),
    "list of the runs of a stage": _listed(2, RunFilter(WORLD, stage="paper")),
    "list of the runs with a status": _listed(2, RunFilter(WORLD, status="fail")),
    "list of the runs of a stage with a status": _listed(2, RunFilter(WORLD, stage="paper", status="fail")),
    "list of the runs since an instant": _listed(2, RunFilter(WORLD, since=START, newest_first=False)),
    "record of a run": lambda runs: runs.run(FIRST).sequence,
    "history of a run": lambda runs: len(runs.history(FIRST, 0, 5).items),
}


@contextmanager
def filled(count: int) -> Iterator[tuple[ReadRuns, Requests]]:
    """Give a table with a number of runs, and the counter of the requests to it."""
    with mock_aws():
        store = DynamoDBRuns(boto3.client("dynamodb"), create_table("evaluation_runs"))
        fill(store, count)
        requests = Requests()
        requests.watch(store.dynamodb)
        yield ReadRuns(store), requests


def costs(count: int) -> dict[str, Cost]:
    """Return the cost of each read of a table with a number of runs."""
    costs: dict[str, Cost] = {}
    with filled(count) as (runs, requests):
        for name, read in READS.items():
            requests.clear()
            found = read(runs)
            costs[name] = Cost(list(requests.operations), requests.response_bytes, found)
    return costs
