"""Availability of numbers to compare with a policy's limits."""

from typing import Any

import pytest

from functions.evaluation.exits import limit_coverage as coverage
from functions.evaluation.exits.readings import AnyReport, Evaluation
from risk_hub_contracts.policies.exit_policy import (
    DEFAULT_POLICY,
    DrawdownLimit,
    ExitPolicy,
    MeasureLimit,
    StressLimit,
)
from risk_hub_contracts.reports.risk import RiskReport, RiskStatus
from risk_hub_contracts.reports.stress import StressReport

FACTS: dict[str, Any] = {
    "world_id": "w1",
    "version": "v1",
    "content_hash": "sha256:" + "0" * 64,
    "as_of": "2026-01-05T12:00:00Z",
    "stage": "live",
    "actor": "gateway",
    "engine_version": "1.0.0",
    "evaluated_at": "2026-01-05T12:00:01Z",
    "status": "partial",
}
VAR = MeasureLimit(measure="value_at_risk", method="historical", confidence_bps=9_900, max_loss=0.1)
ES = MeasureLimit(measure="expected_shortfall", method="historical", confidence_bps=9_900, max_loss=0.1)


def limit_coverage(policy: ExitPolicy, report: AnyReport) -> RiskStatus:
    return coverage.limit_coverage(policy, Evaluation(report, report.model_dump(mode="json")))


def policy(**limits: Any) -> ExitPolicy:
    return ExitPolicy(version="p1", cool_down_seconds=60, **limits)


def risk(**values: float | None) -> RiskReport:
    measures = [
        {
            "measure": name,
            "method": "historical",
            "confidence_bps": 9_900,
            "horizon_periods": 1,
            "value": value,
            "observations": None,
            "coverage": None,
            "reason": None if value is not None else "too_few_observations",
        }
        for name, value in values.items()
    ]
    return RiskReport.model_validate({**FACTS, "inputs": [], "measures": measures})


def stress(reason: str | None = None, **losses: float | None) -> StressReport:
    rows = [
        {
            "scenario": name,
            "value": value,
            "covered_value": value,
            "coverage": 1.0,
            "uncovered_count": 0,
            "reason": None if value is not None else "shocks_absent",
        }
        for name, value in losses.items()
    ]
    declared = {
        "kind": "stress", "source": "inline", "sha256": None, "coverage": None, "observations": None
    }  # fmt: skip
    document = {**FACTS, "reason": reason, "input": declared, "losses": rows, "metrics": []}
    return StressReport.model_validate({**document, "scenarios_omitted": 0, "metrics_omitted": 0})


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"value_at_risk": 0.02, "expected_shortfall": 0.03}, "complete"),
        ({"value_at_risk": 0.02, "expected_shortfall": None}, "partial"),
        ({"value_at_risk": None, "expected_shortfall": None}, "insufficient"),
        ({}, "insufficient"),
    ],
)
def test_measure_limits_need_a_value_of_their_measure(values: dict[str, float | None], status: str) -> None:
    assert limit_coverage(policy(measures=(VAR, ES)), risk(**values)) == status


def test_drawdown_limit_without_its_window_makes_the_status_partial() -> None:
    limits = policy(measures=(VAR,), drawdown=(DrawdownLimit(window=60, max_loss=0.2),))
    assert limit_coverage(limits, risk(value_at_risk=0.02)) == "partial"


@pytest.mark.parametrize(
    ("losses", "status"),
    [({"crash": 0.1}, "complete"), ({"crash": None}, "insufficient"), ({}, "insufficient")],
)
def test_scenario_limit_needs_a_loss_of_its_scenario(losses: dict[str, float | None], status: str) -> None:
    limits = policy(stress=(StressLimit(scenario="crash", max_loss=0.2),))
    assert limit_coverage(limits, stress(None, **losses)) == status


def test_worst_scenario_limit_needs_at_least_one_loss() -> None:
    assert limit_coverage(DEFAULT_POLICY, stress(crash=None, rates=0.1)) == "complete"
    assert limit_coverage(DEFAULT_POLICY, stress(crash=None)) == "insufficient"


def test_worst_scenario_limit_is_complete_without_scenarios() -> None:
    assert limit_coverage(DEFAULT_POLICY, stress("stress_absent")) == "complete"


def test_limits_for_the_other_report_kind_are_ignored() -> None:
    assert limit_coverage(policy(measures=(VAR,)), stress(crash=None)) == "complete"
    assert limit_coverage(policy(stress=(StressLimit(max_loss=0.2),)), risk()) == "complete"
