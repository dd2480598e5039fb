"""Warnings about missing observations."""

from collections.abc import Iterator
from math import fsum, isnan

from functions.evaluation.risk.inputs import ReturnsInput
from functions.evaluation.risk.plausibility.facts import COVARIANCE, RETURNS, Facts, warning
from functions.evaluation.risk.plausibility.thresholds import (
    COMPLETE_SHARE_MIN,
    CORRELATION_CHANGE_MAX,
    LEFT_OUT_LOSSES_MIN,
    LEFT_OUT_LOSSES_MIN_SHARE,
)
from functions.evaluation.risk.windows import WINDOW_CONFIDENCE_BPS
from risk_hub_contracts.reports.missing import MissingObservations
from risk_hub_contracts.reports.risk import RiskMeasure
from risk_hub_contracts.reports.warning import RiskWarning

FEW_CAUSE = (
    "one asset has a short history or another calendar; send its history, or risk.missing available_case"
)
LEFT_OUT_CAUSE = "an asset has no return on the days of the largest losses; send its returns of these days"
GIVEN_REPAIRED_CAUSE = (
    "the covariance is far from one of any data: pairs of other periods, or entries of other assets"
)
REPAIRED_CAUSE = (
    "the assets have few periods in common; correlations of different periods contradict each other"
)


def few_complete_cases(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a caution if a quarter of the periods or more is left out because of gaps."""
    found = _missing_observations(facts)
    if found is None or found.complete_periods >= COMPLETE_SHARE_MIN * found.periods:
        return
    worst = found.assets[0]
    yield warning(
        "few_complete_cases",
        FEW_CAUSE,
        subject=worst.id,
        periods=found.periods,
        complete_periods=found.complete_periods,
        complete_share_min=COMPLETE_SHARE_MIN,
        missing=worst.missing,
        assets_incomplete=found.assets_incomplete,
    )


def correlations_repaired(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a caution if a repair changed a correlation, given or from available cases, by more than 0.1."""
    given = facts.report.repair
    if given is not None and given.applied and (given.largest_change or 0.0) > CORRELATION_CHANGE_MAX:
        yield warning(
            "correlations_repaired",
            GIVEN_REPAIRED_CAUSE,
            subject=COVARIANCE,
            correlation_max_change=given.largest_change or 0.0,
            correlation_change_max=CORRELATION_CHANGE_MAX,
        )
    found = _missing_observations(facts)
    if found is None or (found.correlation_max_change or 0.0) <= CORRELATION_CHANGE_MAX:
        return
    yield warning(
        "correlations_repaired",
        REPAIRED_CAUSE,
        subject=RETURNS,
        correlation_max_change=found.correlation_max_change or 0.0,
        correlation_change_max=CORRELATION_CHANGE_MAX,
    )


def losses_left_out(facts: Facts, returns: ReturnsInput) -> Iterator[RiskWarning]:
    """Yield a caution if the periods left out for a gap are those in which the other assets lost most.

    A share that is not traded in a crash takes the crash out of the history of the whole book.
    """
    limit = next((each.value for each in facts.report.measures if _is_tail(each)), None)
    table = returns.given
    if _missing_observations(facts) is None or limit is None or table is None or not table.ids:
        return
    rows = dict(zip(table.ids, table.rows, strict=True))
    used = [(facts.weights[asset], rows[asset]) for asset in facts.weights if asset in rows]
    periods = zip(*(row for _, row in used), strict=True)
    left_out = [period for period in periods if any(map(isnan, period))]
    losses = [
        -fsum(weight * value for (weight, _), value in zip(used, period, strict=True) if not isnan(value))
        for period in left_out
    ]
    large = [loss for loss in losses if loss > limit]
    if len(large) >= max(LEFT_OUT_LOSSES_MIN, LEFT_OUT_LOSSES_MIN_SHARE * len(losses)):
        yield warning(
            "losses_left_out",
            LEFT_OUT_CAUSE,
            subject=RETURNS,
            dropped_periods=len(losses),
            large_losses=len(large),
            large_losses_max_share=LEFT_OUT_LOSSES_MIN_SHARE,
            largest_loss=max(large),
            value_at_risk=limit,
        )


def _is_tail(measure: RiskMeasure) -> bool:
    wanted = ("value_at_risk", "historical", WINDOW_CONFIDENCE_BPS)
    return (measure.measure, measure.method, measure.confidence_bps) == wanted


def _missing_observations(facts: Facts) -> MissingObservations | None:
    return None if facts.report.sufficiency is None else facts.report.sufficiency.missing
