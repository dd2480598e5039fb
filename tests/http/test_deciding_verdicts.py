"""INV-20: both verdicts are in the run, and the flag in force when the evaluation began says which one decided."""

import json
from typing import Any

import pytest

from functions.evaluation.policies.policy_records import Author
from functions.evaluation.rollout.change_rollout import ChangeRollout
from risk_hub_client import precheck
from risk_hub_contracts.policies.evaluation_policy import Stage
from risk_hub_contracts.policies.rollout import RolloutRequest
from risk_hub_contracts.runs.decision import Decider
from tests.fakes.evaluating import SHARPE, Evaluating, evaluation, policy, ready, strategy
from tests.fakes.hub import Hub
from tests.fakes.samples import WORLD
from tests.http.test_evaluation_records import REQUEST, FailingRuns, failing, runs_of

METRICS = ("risk_hub_verdicts_compared_total", "risk_hub_verdict_disagreements_total")
GOOD, BAD = {"status": "pass", "selected": True}, {"status": "fail", "selected": False}


def set_flag(world: Evaluating, stage: Stage, decider: Decider) -> int:
    change = ChangeRollout(world.hub.rollout, world.hub.clock)
    request = RolloutRequest(stage=stage, decider=decider, reason="test")
    sequence: int = change.set(WORLD, request, Author("lee", "r1")).answer["sequence"]
    return sequence


def hub_decides(world: Evaluating) -> int:
    """Let the hub decide in paper and return the sequence of the change."""
    set_flag(world, "backtest", "hub")
    return set_flag(world, "paper", "hub")


def decisions(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["strategy_id"]: each["decision"] for each in answer["strategies"]}


def counts(captured: pytest.CaptureFixture[str]) -> list[tuple[int, int]]:
    """Return the counts of compared and of differing verdicts, one pair for each line of metrics."""
    lines = [json.loads(line) for line in captured.readouterr().out.splitlines()]
    found = [line for line in lines if METRICS[0] in line]
    assert all(line["stage"] == "paper" for line in found)
    return [(line[METRICS[0]][0], line[METRICS[1]][0]) for line in found]


BODY = evaluation(
    strategy("agreed", 1.25, caller_precheck=GOOD),
    strategy("stricter", 0.1, caller_precheck=GOOD),
    strategy("unchecked", 0.1),
)


def test_verdict_of_the_caller_decides_in_a_stage_that_was_never_set_and_both_are_recorded() -> None:
    world = ready()
    answer = world.evaluate(BODY).json
    found = decisions(answer)
    assert found["stricter"] == {
        "decided_by": "caller_precheck",
        "rollout_sequence": 0,
        "status": "pass",
        "selected": True,
        "agrees": False,
    }
    assert (found["agreed"]["decided_by"], found["agreed"]["agrees"]) == ("caller_precheck", True)
    assert found["unchecked"] == {"decided_by": "hub", "status": "fail", "selected": False}
    run = world.run("stricter")
    assert (run["status"], run["selected"]) == ("fail", False)
    assert {name: run["caller_precheck"][name] for name in GOOD} == GOOD
    assert run["decision"] == found["stricter"]


def test_verdict_of_the_hub_decides_after_the_flag_was_set() -> None:
    world = ready()
    sequence = hub_decides(world)
    found = decisions(world.evaluate(BODY).json)["stricter"]
    assert (found["decided_by"], found["rollout_sequence"]) == ("hub", sequence)
    assert (found["status"], found["selected"], found["agrees"]) == ("fail", False, False)


def test_change_of_the_flag_applies_from_the_next_evaluation_on_and_changes_no_stored_decision() -> None:
    world = ready()
    before = world.evaluate(BODY)
    hub_decides(world)
    again = world.evaluate(BODY)
    assert (again.status, again.json) == (200, before.json)
    later = world.evaluate({**BODY, "evaluation_id": "nightly-2"})
    assert {each["decided_by"] for each in decisions(later.json).values()} == {"hub"}


@pytest.mark.parametrize("after", [1, 2])
def test_interrupted_evaluation_is_completed_with_the_flag_that_it_began_with(after: int) -> None:
    world = Evaluating(Hub(runs=FailingRuns()))
    world.activate()
    world.publish()
    body = {**REQUEST, "strategies": [{**each, "caller_precheck": BAD} for each in REQUEST["strategies"]]}
    with failing(world, after):
        assert world.evaluate(body).status == 503
    hub_decides(world)
    answer = world.evaluate(body)
    assert answer.status == 201
    assert {each["decided_by"] for each in decisions(answer.json).values()} == {"caller_precheck"}
    assert {each["rollout_sequence"] for each in decisions(answer.json).values()} == {0}
    assert len(runs_of(world).rows) == len(REQUEST["strategies"])


def test_disagreements_are_counted_once_for_each_stored_run(capsys: pytest.CaptureFixture[str]) -> None:
    world = ready()
    capsys.readouterr()
    world.evaluate(BODY)
    assert counts(capsys) == [(2, 1)]
    world.evaluate(BODY)
    assert counts(capsys) == []
    world.evaluate(evaluation(strategy("unchecked"), evaluation_id="nightly-3"))
    assert counts(capsys) == []


def test_hub_and_client_give_identical_results_for_the_same_inputs() -> None:
    rules: dict[str, Any] = {
        "sharpe": SHARPE,
        "drawdown": {
            "kind": "performance",
            "measure": "max_drawdown",
            "fail": {"max": 0.2},
            "on_missing": "warn",
        },
        "median": {"kind": "cohort_median", "metric": "returns.sharpe", "fail": {"min": 0.9}},
        "best": {"kind": "top_k", "metric": "returns.sharpe", "k": 2},
    }
    strategies = [strategy(f"s{place}", place / 4) for place in range(6)]
    world = ready(rules=rules)
    answer = world.evaluate(evaluation(*strategies)).json
    found = precheck(policy(**rules), strategies, "paper")
    assert found["needs_hub"] == {}
    runs = {each["strategy_id"]: world.run(each["strategy_id"]) for each in found["strategies"]}
    for each in found["strategies"]:
        run = runs[each["strategy_id"]]
        assert (each["status"], each["selected"]) == (run["status"], run["selected"])
        shown = [
            {name: value for name, value in result.items() if value is not None} for result in run["results"]
        ]
        assert each["results"] == shown
    assert (found["policy_hash"], found["engine_version"]) == (
        answer["policy"]["policy_hash"],
        answer["engine_version"],
    )


def test_decisions_of_prechecks_of_the_client_agree_with_the_hub() -> None:
    strategies = [strategy(f"s{place}", place / 4) for place in range(6)]
    world = ready()
    checked = {each["strategy_id"]: each for each in precheck(policy(), strategies, "paper")["strategies"]}
    sent = [
        {
            **each,
            "caller_precheck": {name: checked[each["strategy_id"]][name] for name in ("status", "selected")},
        }
        for each in strategies
    ]
    answer = world.evaluate(evaluation(*sent)).json
    assert {each["agrees"] for each in decisions(answer).values()} == {True}
