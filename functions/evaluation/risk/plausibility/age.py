"""Warnings about the age of the inputs at the snapshot's `as_of`.

Only ages that follow from the snapshot count, so that a report can be verified: the dates of the returns and
the covariance's own `estimated_at`, not the first use of the bytes.
"""

from collections.abc import Iterator

from functions.evaluation.risk.plausibility.facts import Facts, warning
from functions.evaluation.risk.plausibility.thresholds import (
    DAY_SECONDS,
    DAYS_PER_YEAR,
    RETURNS_MAX_AGE_PERIODS,
    RETURNS_MAX_AGE_SECONDS,
)
from risk_hub_contracts.reports.risk import InputKind, InputSufficiency, RiskReport
from risk_hub_contracts.reports.warning import RiskWarning

UNDATED_CAUSE = "the returns have no dates; send them as dates of the returns"
NO_ESTIMATE_CAUSE = "the covariance has no covariance_meta.estimated_at"
STALE_RETURNS_CAUSE = "the returns are not updated, or as_of is not the instant of this book"


def age_unknown(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a caution for returns without dates: nobody can tell whether they are years old."""
    given = _input(facts.report, "realized_returns")
    if given is not None and given.observations is not None and given.last_date is None:
        yield warning(
            "age_unknown", UNDATED_CAUSE, subject="realized_returns", observations=given.observations
        )


def returns_stale(
    facts: Facts, periods_per_year: float | None, max_age_seconds: float | None
) -> Iterator[RiskWarning]:
    """Yield a warning for dated returns that end too long before `as_of`.

    Args:
        facts: of the evaluation.
        periods_per_year: of the returns; None if unknown.
        max_age_seconds: the snapshot's own limit; None for the default of the frequency.
    """
    given = _input(facts.report, "realized_returns")
    if given is None or given.last_date is None or given.staleness_seconds is None:
        return
    allowed = default_max_age_seconds(periods_per_year) if max_age_seconds is None else max_age_seconds
    if given.staleness_seconds > allowed:
        yield warning(
            "inputs_stale",
            STALE_RETURNS_CAUSE,
            subject="realized_returns",
            meaningless=True,
            age_seconds=given.staleness_seconds,
            age_seconds_max=allowed,
            last_date=given.last_date,
        )


def covariance_age_unknown(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a caution for a covariance that does not say when it was estimated."""
    given = next((each for each in facts.report.inputs if each.kind == "covariance"), None)
    if given is not None and given.source != "absent":
        yield warning("covariance_age_unknown", NO_ESTIMATE_CAUSE, subject="covariance")


def default_max_age_seconds(periods_per_year: float | None) -> float:
    """Return ten days, or three periods if these are longer (21 days of weekly returns)."""
    if not periods_per_year:
        return RETURNS_MAX_AGE_SECONDS
    period_seconds = DAYS_PER_YEAR * DAY_SECONDS / periods_per_year
    return max(RETURNS_MAX_AGE_SECONDS, RETURNS_MAX_AGE_PERIODS * period_seconds)


def _input(report: RiskReport, kind: InputKind) -> InputSufficiency | None:
    if report.sufficiency is None:
        return None
    return next((each for each in report.sufficiency.inputs if each.kind == kind), None)
