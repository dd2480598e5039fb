"""Warnings about missing observations."""

from collections.abc import Iterator

from functions.evaluation.risk.plausibility.facts import RETURNS, Facts, warning
from functions.evaluation.risk.plausibility.thresholds import COMPLETE_SHARE_MIN, CORRELATION_CHANGE_MAX
from risk_hub_contracts.reports.missing import MissingObservations
from risk_hub_contracts.reports.warning import RiskWarning

FEW_CAUSE = (
    "one asset has a short history or another calendar; send its history, or risk.missing available_case"
)
REPAIRED_CAUSE = (
    "the assets have few periods in common; correlations of different periods contradict each other"
)


def few_complete_cases(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a caution if a quarter of the periods or more is left out because of gaps."""
    found = _gaps(facts)
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
    """Yield a caution if the correlations of available cases were changed noticeably to fit together."""
    found = _gaps(facts)
    if found is None or (found.correlation_max_change or 0.0) <= CORRELATION_CHANGE_MAX:
        return
    yield warning(
        "correlations_repaired",
        REPAIRED_CAUSE,
        subject=RETURNS,
        correlation_max_change=found.correlation_max_change or 0.0,
        correlation_change_max=CORRELATION_CHANGE_MAX,
    )


def _gaps(facts: Facts) -> MissingObservations | None:
    return None if facts.report.sufficiency is None else facts.report.sufficiency.missing
