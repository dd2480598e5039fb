"""Warnings about the computed losses: beyond everything that the book holds, or negative."""

from collections.abc import Iterator
from math import fsum

from functions.evaluation.risk.plausibility.facts import Facts, warning
from functions.measures.measures import normal_quantile
from risk_hub_contracts.reports.risk import RiskMeasure
from risk_hub_contracts.reports.warning import RiskWarning

EXCEEDS_CAUSE = (
    "the covariance or the returns are in percent, annualised or prices; "
    "list positions whose loss can exceed their value in portfolio.unlimited_loss"
)
NEGATIVE_CAUSE = "every return in the tail is a gain: a money-market book, or prices instead of returns"
EMPIRICAL_METHOD = "historical"


def value_at_risk_exceeds_exposure(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning if a value at risk is more than the gross exposure.

    It is a caution if the assets whose loss can exceed their value can explain it.
    """
    worst = max(_values_at_risk(facts), key=lambda each: each.value or 0.0, default=None)
    if worst is None or worst.value is None or worst.value <= facts.gross:
        return
    yield warning(
        "loss_exceeds_exposure",
        EXCEEDS_CAUSE,
        meaningless=not all(_is_explained(facts, each) for each in _values_at_risk(facts)),
        value_at_risk=worst.value,
        gross_exposure=facts.gross,
        method=worst.method,
        confidence_bps=worst.confidence_bps or 0,
    )


def _is_explained(facts: Facts, row: RiskMeasure) -> bool:
    """Return whether the rest of the book cannot have lost more than its value.

    The deviation of the book is at most the deviation of the rest plus the deviations of the assets of unlimited
    loss. So a parametric value at risk, less the values at risk of these assets, is a lower bound for the rest. An
    empirical value at risk has no such bound.
    """
    value, limited = row.value or 0.0, facts.weights.keys() - facts.unlimited_loss
    if value <= facts.gross or not limited:
        return True
    if not facts.unlimited_loss or row.method == EMPIRICAL_METHOD:
        return bool(facts.unlimited_loss)
    held = fsum(abs(facts.weights[asset]) for asset in limited)
    return value - _reach(facts, row.confidence_bps or 0) <= held


def _reach(facts: Facts, confidence_bps: int) -> float:
    """Return the sum of the parametric values at risk of the assets whose loss can exceed their value."""
    realized = {asset: each.deviation for asset, each in facts.profiles.items()}
    deviations = facts.given or realized
    quantile = normal_quantile(confidence_bps)
    return quantile * fsum(
        abs(facts.weights[each]) * deviations.get(each, 0.0) for each in facts.unlimited_loss
    )


def value_at_risk_is_negative(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a caution if an empirical value at risk is a gain."""
    rows = [each for each in _values_at_risk(facts) if each.method == EMPIRICAL_METHOD]
    least = min(rows, key=lambda each: each.value or 0.0, default=None)
    if least is None or least.value is None or least.value >= 0:
        return
    yield warning(
        "var_negative",
        NEGATIVE_CAUSE,
        value_at_risk=least.value,
        value_at_risk_min=0.0,
        method=least.method,
        confidence_bps=least.confidence_bps or 0,
    )


def _values_at_risk(facts: Facts) -> list[RiskMeasure]:
    return [
        each for each in facts.report.measures if each.measure == "value_at_risk" and each.value is not None
    ]
