"""The verdict that decides: the flag, the caller's verdict, and their agreement."""

import itertools
import json
from dataclasses import dataclass

import pytest

from functions.evaluation.rollout.decide import decide
from functions.evaluation.rollout.rollout_records import NEVER_SET, RolloutFlag
from functions.evaluation.rollout.verdict_metrics import write_verdicts
from risk_hub_contracts.runs.decision import Decision
from risk_hub_contracts.runs.payloads import RunCreated
from risk_hub_contracts.runs.rule_result import WORST_LAST, RuleStatus

HUB = RolloutFlag("hub", 7, "caller_precheck", "set", "2026-01-05T00:00:00.000000Z", "lee")
CALLER = RolloutFlag("caller_precheck", 8, "hub", "rollback", "2026-01-06T00:00:00.000000Z", "lee")


@dataclass(frozen=True)
class Hub:
    status: RuleStatus
    selected: bool


@dataclass(frozen=True)
class Caller:
    status: RuleStatus
    selected: bool | None = None


VERDICTS = [
    (Hub(status, selected), Caller(stated, chosen))
    for status, stated in itertools.product(WORST_LAST, WORST_LAST)
    for selected, chosen in itertools.product((True, False), (True, False, None))
]


@pytest.mark.parametrize(("verdict", "precheck"), VERDICTS)
def test_verdict_of_the_hub_decides_under_the_flag_hub(verdict: Hub, precheck: Caller) -> None:
    decision = decide(HUB, verdict, precheck)
    assert (decision.decided_by, decision.rollout_sequence) == ("hub", 7)
    assert (decision.status, decision.selected) == (verdict.status, verdict.selected)


@pytest.mark.parametrize("flag", [CALLER, NEVER_SET])
@pytest.mark.parametrize(("verdict", "precheck"), VERDICTS)
def test_verdict_of_the_caller_decides_under_the_flag_caller_precheck(
    flag: RolloutFlag, verdict: Hub, precheck: Caller
) -> None:
    decision = decide(flag, verdict, precheck)
    assert (decision.decided_by, decision.rollout_sequence) == ("caller_precheck", flag.sequence)
    assert decision.status == precheck.status
    assert decision.selected == (
        precheck.status != "fail" if precheck.selected is None else precheck.selected
    )


@pytest.mark.parametrize("flag", [HUB, CALLER, NEVER_SET])
def test_verdict_of_the_hub_decides_and_nothing_is_compared_without_a_verdict_of_the_caller(
    flag: RolloutFlag,
) -> None:
    decision = decide(flag, Hub("warn", selected=True), None)
    assert decision == Decision(
        decided_by="hub", rollout_sequence=None, status="warn", selected=True, agrees=None
    )


@pytest.mark.parametrize("flag", [HUB, CALLER])
@pytest.mark.parametrize(
    ("verdict", "precheck", "agrees"),
    [
        (Hub("pass", selected=True), Caller("warn"), True),
        (Hub("warn", selected=True), Caller("pass", selected=True), True),
        (Hub("fail", selected=False), Caller("fail"), True),
        (Hub("fail", selected=False), Caller("warn"), False),
        (Hub("pass", selected=True), Caller("fail"), False),
        (Hub("pass", selected=False), Caller("pass", selected=True), False),
        (Hub("pass", selected=True), Caller("pass", selected=False), False),
    ],
)
def test_verdicts_disagree_if_only_one_fails_or_only_one_selects(
    flag: RolloutFlag, verdict: Hub, precheck: Caller, *, agrees: bool
) -> None:
    assert decide(flag, verdict, precheck).agrees is agrees


def decision(*, agrees: bool | None) -> Decision:
    return Decision(decided_by="hub", rollout_sequence=1, status="pass", selected=True, agrees=agrees)


def test_metrics_count_compared_verdicts_and_disagreements_by_stage(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub/test")
    write_verdicts("paper", [decision(agrees=agrees) for agrees in (True, False, None, False)])
    line = json.loads(capsys.readouterr().out)
    assert line["risk_hub_verdicts_compared_total"] == [3]
    assert line["risk_hub_verdict_disagreements_total"] == [2]
    assert line["stage"] == "paper"


def test_metrics_are_not_written_without_a_verdict_of_a_caller(capsys: pytest.CaptureFixture[str]) -> None:
    write_verdicts("paper", [decision(agrees=None)])
    assert not capsys.readouterr().out


def test_creation_of_a_run_records_the_decision_and_reads_one_without_it() -> None:
    members = {
        "stage": "paper",
        "risk_tier": "low",
        "status": "pass",
        "engine_version": "rules_v1",
        "policy_id": "core",
        "policy_version": "1",
        "policy_hash": f"sha256:{'a' * 64}",
    }
    without = RunCreated.model_validate(members)
    assert "decision" not in without.document()
    created = without.model_copy(update={"decision": decision(agrees=False)})
    assert RunCreated.model_validate(created.document()).decision == decision(agrees=False)
