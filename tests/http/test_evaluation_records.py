"""INV-19: no verdict is answered without its record, whichever step of an evaluation fails."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from functions.evaluation.evaluations import judge
from functions.evaluation.runs.evaluation_marker import EvaluationMarker
from functions.evaluation.runs.ports import ChainWrite, RefusedAppend
from functions.hub.ports import Dependency, DependencyUnavailableError
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.clock import START
from tests.fakes.evaluating import SHARPE, Evaluating, evaluation, policy, strategy
from tests.fakes.hub import Hub
from tests.fakes.runs import MemoryRuns
from tests.fakes.samples import WORLD

STRATEGIES = 60
"""Strategies of a request that is stored in three batches."""
REQUEST = evaluation(*(strategy(f"s{place:02}", 0.8) for place in range(STRATEGIES)))
STRICTER = policy("2", sharpe={**SHARPE, "fail": {"min": 5.0}, "warn": None})


class FailingRuns(MemoryRuns):
    """A store whose appends fail from a number on, before or after they were stored.

    Attributes:
        works: number of appends that succeed; None: all.
        stores: whether the failing append is stored before its answer is lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self.works: int | None = None
        self.stores = False

    def append(self, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        if self.works is None:
            return super().append(writes)
        self.works -= 1
        if self.works >= 0:
            return super().append(writes)
        if self.stores:
            super().append(writes)
        raise DependencyUnavailableError(Dependency.RUN_STORE, "timed out")

    def begin(self, marker: EvaluationMarker, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        try:
            return super().begin(marker, writes)
        except DependencyUnavailableError:
            if self.stores:
                self.markers.setdefault((marker.world_id, marker.evaluation_id), marker)
            raise


@pytest.fixture
def world() -> Evaluating:
    found = Evaluating(Hub(runs=FailingRuns()))
    found.activate()
    found.publish()
    return found


def runs_of(world: Evaluating) -> FailingRuns:
    runs = world.hub.runs
    assert isinstance(runs, FailingRuns)
    return runs


@contextmanager
def failing(world: Evaluating, after: int, *, stores: bool = False) -> Iterator[None]:
    runs = runs_of(world)
    runs.works, runs.stores = after, stores
    yield
    runs.works = None


def answered_runs(answer: dict[str, Any]) -> dict[RunKey, str]:
    return {
        RunKey(WORLD, each["strategy_id"], each["run_id"]): each["status"] for each in answer["strategies"]
    }


@pytest.mark.parametrize("stores", [False, True])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_inv_19_evaluation_whose_runs_were_not_all_stored_is_503_without_a_verdict(
    world: Evaluating, after: int, *, stores: bool
) -> None:
    with failing(world, after, stores=stores):
        refused = world.evaluate(REQUEST)
    assert (refused.status, refused.slug) == (503, "unavailable")
    assert "strategies" not in refused.json
    assert len(world.hub.runs.rows) == 25 * after + (min(25, STRATEGIES - 25 * after) if stores else 0)


@pytest.mark.parametrize("stores", [False, True])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_inv_19_repeated_request_stores_the_missing_runs_and_answers_every_one(
    world: Evaluating, after: int, *, stores: bool
) -> None:
    with failing(world, after, stores=stores):
        world.evaluate(REQUEST)
    answer = world.evaluate(REQUEST)
    complete = stores and after == 2
    assert answer.status == (200 if complete else 201)
    found = answered_runs(answer.json)
    assert found.keys() == world.hub.runs.rows.keys()
    assert found == {key: head.status for key, head in world.hub.runs.heads.items()}
    assert world.evaluate(REQUEST).json == answer.json


@pytest.mark.parametrize("after", [1, 2])
def test_inv_19_interrupted_evaluation_is_completed_with_the_policy_and_snapshot_that_it_began_with(
    world: Evaluating, after: int
) -> None:
    with failing(world, after):
        world.evaluate(REQUEST)
    world.activate(STRICTER)
    world.publish("v2")
    world.hub.clock.now = START + timedelta(days=1)
    answer = world.evaluate(REQUEST).json
    assert (answer["policy"]["version"], answer["snapshot"]["version"]) == ("1", "v1")
    assert {each["status"] for each in answer["strategies"]} == {"warn"}
    runs = [world.run(each["strategy_id"]) for each in answer["strategies"]]
    assert {run["policy_version"] for run in runs} == {"1"}
    assert {run["snapshot"]["version"] for run in runs} == {"v1"}


def test_interrupted_evaluation_whose_policy_vanished_is_409_and_stores_nothing(world: Evaluating) -> None:
    with failing(world, 1):
        world.evaluate(REQUEST)
    world.hub.policies.rows.clear()
    world.api = world.hub.gateway()  # a new process has no parsed policy
    before = dict(world.hub.runs.rows)
    refused = world.evaluate(REQUEST)
    assert (refused.status, refused.slug) == (409, "evaluation-conflict")
    assert "cannot be completed" in refused.json["detail"]
    assert world.hub.runs.rows == before


def test_interrupted_evaluation_is_not_completed_by_another_version_of_the_engine(
    world: Evaluating, monkeypatch: pytest.MonkeyPatch
) -> None:
    with failing(world, 1):
        world.evaluate(REQUEST)
    with monkeypatch.context() as patch:
        patch.setattr("risk_hub_contracts.rule_engine.evaluate.ENGINE_VERSION", "rules_v2")
        refused = world.evaluate(REQUEST)
    assert (refused.status, refused.slug) == (409, "evaluation-conflict")
    assert "another version of the engine" in refused.json["detail"]


def test_complete_evaluation_is_answered_as_stored_by_another_version_of_the_engine(
    world: Evaluating, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.evaluate(REQUEST)
    monkeypatch.setattr("risk_hub_contracts.rule_engine.evaluate.ENGINE_VERSION", "rules_v2")
    again = world.evaluate(REQUEST)
    assert (again.status, again.json) == (200, first.json)


def test_two_requests_at_once_store_one_evaluation(
    world: Evaluating, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second request judges before the first one has stored its runs, and with another policy."""
    original = judge.judge
    answers: list[Any] = []

    def interrupted(*arguments: Any) -> Any:
        drafts = original(*arguments)
        if not answers:
            answers.append(None)
            world.activate(STRICTER)
            answers[0] = world.evaluate(REQUEST)
        return drafts

    monkeypatch.setattr("functions.evaluation.evaluations.evaluate_strategies.judge", interrupted)
    outer = world.evaluate(REQUEST)
    assert (answers[0].status, outer.status) == (201, 200)
    assert outer.json == answers[0].json
    assert outer.json["policy"]["version"] == "2"


def test_damaged_run_of_a_repeated_request_is_424_and_no_verdict(world: Evaluating) -> None:
    world.evaluate(REQUEST)
    key = RunKey(WORLD, "s07", "nightly-1")
    item = world.hub.runs.rows[key][1]
    object.__setattr__(item, "data", item.data.replace(b'"warn"', b'"pass"'))
    refused = world.evaluate(REQUEST)
    assert (refused.status, refused.slug) == (424, "document-unavailable")
    assert "strategies" not in refused.json
