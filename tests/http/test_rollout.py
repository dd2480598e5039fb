"""The rollout over HTTP: flags by stage, their order, rollbacks and their history."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from functions.evaluation.policies.policy_records import Author
from functions.evaluation.rollout.change_rollout import APPEND_MAX_ATTEMPTS
from functions.evaluation.rollout.rollout_records import RolloutChange, RolloutFlag
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.base.tokens import Scope
from tests.fakes.clock import START
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.hub import Hub

ROLLOUT = "/risk-hub/worlds/w1/rollout"
NEVER = {"decider": "caller_precheck", "sequence": 0, "changed_at": None, "changed_by": None}


class Desk:
    """One person who calls the hub with a token that names them."""

    def __init__(self, hub: Hub, api: Gateway, subject: str) -> None:
        token = hub.tokens.issue(["governance:approve", "evaluations:read"], subject=subject)
        self.api, self.headers = api, {"Authorization": f"Bearer {token}"}

    def set(self, stage: str = "backtest", decider: str = "hub", **members: Any) -> Answer:
        body = {"stage": stage, "decider": decider, "reason": "both verdicts agree", **members}
        return self.api("PUT", ROLLOUT, body, headers=self.headers)

    def roll_back(self, stage: str = "backtest", reason: str = "the verdicts differ") -> Answer:
        body = {"stage": stage, "reason": reason}
        return self.api("POST", f"{ROLLOUT}/rollback", body, headers=self.headers)

    def get(self, url: str, status: int = 200) -> Mapping[str, Any]:
        answer = self.api("GET", url, headers=self.headers)
        assert answer.status == status, answer
        found: Mapping[str, Any] = answer.json
        return found

    def deciders(self) -> dict[str, str]:
        return {stage: flag["decider"] for stage, flag in self.get(ROLLOUT)["stages"].items()}


@pytest.fixture
def kim(hub: Hub, api: Gateway) -> Desk:
    return Desk(hub, api, "kim")


@pytest.fixture
def lee(hub: Hub, api: Gateway) -> Desk:
    return Desk(hub, api, "lee")


def test_precheck_of_the_caller_decides_in_every_stage_that_was_never_set(kim: Desk) -> None:
    assert kim.get(ROLLOUT) == {
        "world_id": "w1",
        "stages": dict.fromkeys(("backtest", "paper", "live"), NEVER),
    }


def test_set_records_the_stage_its_flag_and_who_changed_it_when_and_why(kim: Desk, lee: Desk) -> None:
    done = kim.set()
    assert done.status == 201
    request_id = done.json["request_id"]
    assert request_id
    assert done.json == {
        "world_id": "w1",
        "sequence": 1,
        "stage": "backtest",
        "change": "set",
        "decider": "hub",
        "previous": "caller_precheck",
        "reason": "both verdicts agree",
        "changed_at": format_instant(START),
        "changed_by": "kim",
        "request_id": request_id,
    }
    flag = {"decider": "hub", "sequence": 1, "changed_at": format_instant(START), "changed_by": "kim"}
    assert lee.get(ROLLOUT)["stages"] == {"backtest": flag, "paper": NEVER, "live": NEVER}
    assert lee.get(f"{ROLLOUT}/history") == {"changes": [done.json], "next_cursor": None}


def test_set_of_the_flag_in_force_is_a_replay_that_answers_the_change_that_set_it(
    hub: Hub, kim: Desk, lee: Desk
) -> None:
    first = kim.set()
    kim.set("paper")
    hub.clock.now = START + timedelta(hours=1)
    again = lee.set(reason="once more")
    assert (again.status, again.headers["idempotency-replayed"]) == (200, "true")
    assert again.json == first.json
    assert len(hub.rollout.rows) == 2


def test_default_can_be_set_explicitly(kim: Desk) -> None:
    assert kim.set(decider="caller_precheck").status == 201
    assert kim.get(ROLLOUT)["stages"]["backtest"]["sequence"] == 1


@pytest.mark.parametrize(("stage", "earlier"), [("paper", "backtest"), ("live", "paper")])
def test_hub_decides_in_a_stage_only_while_it_decides_in_the_earlier_one(
    hub: Hub, kim: Desk, stage: str, earlier: str
) -> None:
    refused = kim.set(stage)
    assert (refused.status, refused.slug) == (409, "rollout-out-of-order")
    assert f"set {earlier!r} to 'hub' first" in refused.json["detail"]
    assert not hub.rollout.rows


def test_hub_decides_stage_by_stage_and_each_stage_keeps_its_flag(kim: Desk) -> None:
    assert [kim.set(stage).status for stage in ("backtest", "paper", "live")] == [201, 201, 201]
    assert kim.deciders() == {"backtest": "hub", "paper": "hub", "live": "hub"}
    sequences = [flag["sequence"] for flag in kim.get(ROLLOUT)["stages"].values()]
    assert sequences == [1, 2, 3]


def test_rollback_appends_the_previous_flag_of_its_stage_only(kim: Desk, lee: Desk) -> None:
    for stage in ("backtest", "paper", "live"):
        kim.set(stage)
    done = lee.roll_back("live", "12 strategies differ")
    assert done.status == 201
    assert (done.json["change"], done.json["sequence"]) == ("rollback", 4)
    assert (done.json["previous"], done.json["decider"]) == ("hub", "caller_precheck")
    assert (done.json["changed_by"], done.json["reason"]) == ("lee", "12 strategies differ")
    assert kim.deciders() == {"backtest": "hub", "paper": "hub", "live": "caller_precheck"}


def test_rollback_of_an_earlier_stage_is_never_refused_by_a_later_one(kim: Desk) -> None:
    for stage in ("backtest", "paper", "live"):
        kim.set(stage)
    assert kim.roll_back("backtest").status == 201
    assert kim.deciders() == {"backtest": "caller_precheck", "paper": "hub", "live": "hub"}


def test_repeated_rollback_is_a_replay_and_never_restores_what_was_rolled_back(hub: Hub, kim: Desk) -> None:
    kim.set()
    first = kim.roll_back()
    again = kim.roll_back()
    assert (again.status, again.headers["idempotency-replayed"]) == (200, "true")
    assert again.json == first.json
    assert kim.deciders()["backtest"] == "caller_precheck"
    assert len(hub.rollout.rows) == 2


def test_rollback_of_a_return_to_the_caller_respects_the_order_of_the_stages(kim: Desk) -> None:
    kim.set("backtest")
    kim.set("paper")
    kim.set("paper", "caller_precheck")
    kim.set("backtest", "caller_precheck")
    refused = kim.roll_back("paper")
    assert (refused.status, refused.slug) == (409, "rollout-out-of-order")
    assert kim.roll_back("backtest").json["decider"] == "hub"
    assert kim.roll_back("paper").json["decider"] == "hub"


def test_rollback_of_a_stage_that_was_never_set_is_refused(hub: Hub, kim: Desk) -> None:
    kim.set("backtest")
    refused = kim.roll_back("paper")
    assert (refused.status, refused.slug) == (409, "nothing-to-roll-back")
    assert len(hub.rollout.rows) == 1


def test_concurrent_change_is_appended_after_the_one_that_came_first(hub: Hub, kim: Desk) -> None:
    kim.set("backtest")
    hub.rollout.competing = [other_change(2, "backtest")]
    done = kim.set("paper")
    assert (done.status, done.json["sequence"]) == (201, 3)
    sequences = {stage: flag["sequence"] for stage, flag in kim.get(ROLLOUT)["stages"].items()}
    assert sequences == {"backtest": 2, "paper": 3, "live": 0}


def test_change_is_judged_again_after_a_concurrent_one(hub: Hub, kim: Desk) -> None:
    kim.set("backtest")
    hub.rollout.competing = [other_change(2, "backtest", "caller_precheck")]
    refused = kim.set("paper")
    assert (refused.status, refused.slug) == (409, "rollout-out-of-order")


def test_change_that_others_overtake_each_time_is_503_and_changes_nothing(hub: Hub, kim: Desk) -> None:
    numbers = range(1, APPEND_MAX_ATTEMPTS + 1)
    hub.rollout.competing = [other_change(number, "backtest", "caller_precheck") for number in numbers]
    assert kim.set("backtest").status == 503
    assert {change.changed_by.subject for change in hub.rollout.rows.values()} == {"mia"}
    assert len(hub.rollout.rows) == APPEND_MAX_ATTEMPTS


def test_history_is_paged_newest_first_and_refuses_a_cursor_of_another_world(kim: Desk) -> None:
    for number in range(5):
        kim.set(decider="hub" if number % 2 == 0 else "caller_precheck")
    first = kim.get(f"{ROLLOUT}/history?limit=2")
    assert [each["sequence"] for each in first["changes"]] == [5, 4]
    rest = kim.get(f"{ROLLOUT}/history?limit=3&cursor={first['next_cursor']}")
    assert [each["sequence"] for each in rest["changes"]] == [3, 2, 1]
    assert rest["next_cursor"] is None
    assert kim.get(f"/risk-hub/worlds/w2/rollout/history?cursor={first['next_cursor']}", 400)


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"stage": "shadow"}, "/stage"),
        ({"stage": "LIVE"}, "/stage"),
        ({"decider": "both"}, "/decider"),
        ({"reason": ""}, "/reason"),
        ({"reason": " \u200b"}, "/reason"),
        ({"reason": "two\nlines"}, "/reason"),
        ({"reason": "x" * 1_001}, "/reason"),
        ({"changed_by": "lee"}, "/changed_by"),
        ({"sequence": 9}, "/sequence"),
    ],
)
def test_set_names_each_violation_and_changes_nothing(
    hub: Hub, kim: Desk, members: dict[str, Any], pointer: str
) -> None:
    refused = kim.set(**members)
    assert (refused.status, refused.slug) == (422, "registration-invalid")
    assert pointer in refused.pointers
    assert not hub.rollout.rows


@pytest.mark.parametrize("scopes", [["policies:write", "evaluations:read"], ["worlds:write"]])
def test_change_and_rollback_need_the_scope_governance_approve(
    hub: Hub, api: Gateway, scopes: Sequence[Scope]
) -> None:
    headers = {"Authorization": f"Bearer {hub.tokens.issue(scopes, subject='mia')}"}
    body = {"stage": "backtest", "decider": "hub", "reason": "x"}
    for method, path in (("PUT", ROLLOUT), ("POST", f"{ROLLOUT}/rollback")):
        refused = api(method, path, body, headers=headers)
        assert (refused.status, refused.slug) == (403, "forbidden-scope")
    assert not hub.rollout.rows


def other_change(sequence: int, stage: Any, decider: Any = "hub") -> RolloutChange:
    """Return a change of another process."""
    at = format_instant(START)
    flag = RolloutFlag(decider, sequence, "caller_precheck", "set", at, "mia")
    return RolloutChange(
        world_id="w1",
        sequence=sequence,
        stage=stage,
        change="set",
        decider=decider,
        previous="caller_precheck",
        reason="first",
        changed_at=START,
        changed_by=Author("mia", f"other-{sequence}"),
        flags={stage: flag},
    )
