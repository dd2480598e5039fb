"""Exit limits and rules of evaluation policies compare a number with its limit in the same way."""

from math import nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.exits.readings import Evaluation
from functions.evaluation.exits.rules import Book, judge
from risk_hub_contracts.base.bounds import broken_side
from risk_hub_contracts.policies.exit_policy import ExitPolicy, GrossLimit, MeasureLimit
from risk_hub_contracts.policies.rules import Bounds
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.rule_engine.compare import compare
from tests.evaluation.test_policy_limit_inputs import risk

positive = st.integers(1, 24).map(lambda number: number / 8)


def broken_exit_limits(report: RiskReport, weights: dict[str, float], **limits: Any) -> list[str]:
    policy = ExitPolicy(version="p1", cool_down_seconds=60, **limits)
    evaluation = Evaluation(report, report.model_dump(mode="json"))
    return [breach.rule for breach in judge(policy, evaluation, Book("s1", weights)).breaches]


@given(positive, positive)
def test_exit_limit_fires_exactly_if_a_rule_with_the_same_maximum_fails(value: float, limit: float) -> None:
    fails = compare(value, Bounds(max=limit), None).status == "fail"
    measure = MeasureLimit(
        measure="value_at_risk",
        method="historical",
        confidence_bps=9_900,
        max_loss=limit,
        on_missing="ignore",
    )
    losses = broken_exit_limits(risk(value_at_risk=value), {"A": 1.0}, measures=(measure,))
    exposure = broken_exit_limits(risk(), {"A": value}, gross=(GrossLimit(max_gross=limit),))
    assert (bool(losses), bool(exposure)) == (fails, fails)


@pytest.mark.parametrize(
    ("value", "side"), [(0.9, "below"), (1.0, None), (1.5, None), (2.0, None), (2.1, "above"), (nan, None)]
)
def test_number_at_a_bound_is_within_it(value: float, side: str | None) -> None:
    assert broken_side(value, 1.0, 2.0) == side
