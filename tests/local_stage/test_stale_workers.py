"""A worker started with a function's configuration before an update leaves the pool; this needs no stage."""

from types import SimpleNamespace
from typing import Any

import pytest
from ministack.core import lambda_runtime

from infra.local import draining

KEY = "000000000000:us-east-1:updated:$LATEST"
OTHERS = ("000000000000:us-east-1:updated:3", "000000000000:us-east-1:another:$LATEST")


def worker(revision: str, *, in_use: bool = False) -> Any:
    return SimpleNamespace(config={"RevisionId": revision}, in_use=in_use)


@pytest.fixture
def pools() -> dict[str, list[Any]]:
    return {}


@pytest.fixture
def retired(monkeypatch: pytest.MonkeyPatch, pools: dict[str, list[Any]]) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(draining, "retire", found.extend)
    monkeypatch.setattr(lambda_runtime, "_workers", pools)
    return found


def test_workers_of_an_older_revision_are_retired_and_others_kept(
    retired: list[Any], pools: dict[str, list[Any]]
) -> None:
    old, present, elsewhere = worker("1"), worker("2"), worker("1")
    pools.update({KEY: [old, present], OTHERS[0]: [elsewhere], OTHERS[1]: [elsewhere]})
    draining.retire_stale("updated", {"config": {"RevisionId": "2"}})
    assert retired == [old]
    assert pools == {KEY: [present], OTHERS[0]: [elsewhere], OTHERS[1]: [elsewhere]}


def test_deleted_function_retires_no_workers(retired: list[Any]) -> None:
    draining.retire_stale("updated", None)
    assert retired == []


def test_busy_worker_stops_after_its_request_and_an_idle_one_immediately(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy, idle = worker("1", in_use=True), worker("1")
    ended: list[list[Any]] = []

    def kill(workers: list[Any]) -> None:
        ended.append(list(workers))
        busy.in_use = len(ended) < 2

    monkeypatch.setattr(lambda_runtime, "kill_workers", kill)
    monkeypatch.setattr(draining, "POLL_SECONDS", 0.0)
    draining.end_when_idle([busy, idle])
    assert [each for each in ended if each] == [[idle], [busy]]
