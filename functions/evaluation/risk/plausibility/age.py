"""Warnings about the age of the inputs at the snapshot's `as_of`.

Only ages that follow from the snapshot count, so that a report can be verified: the dates of the returns and
the covariance's own `estimated_at`, not the first use of the bytes.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from functions.evaluation.risk.plausibility.facts import COVARIANCE, RETURNS, TRACK_RECORD, Facts, warning
from functions.evaluation.risk.plausibility.thresholds import (
    COVARIANCE_MAX_AGE_SECONDS,
    DAY_SECONDS,
    RETURNS_MAX_AGE_PERIODS,
    RETURNS_MAX_AGE_SECONDS,
)
from functions.measures.frequency import DAYS_PER_YEAR
from functions.measures.returns_table import DATE_REASONS
from risk_hub_contracts.base.confidence import WINDOW_MIN_OBSERVATIONS
from risk_hub_contracts.reports.risk import InputKind, InputSufficiency, RiskReport
from risk_hub_contracts.reports.warning import RiskWarning
from risk_hub_contracts.snapshot.facts import CovarianceMeta

UNDATED_CAUSE = "the returns have no dates; send them in returns_meta.dates or in the blob"
UNDATED_RECORD_CAUSE = "the track record has no dates; send portfolio_returns.dates"
SHORT_RECORD_CAUSE = "the track record has just begun; until then the assets' own past shows more drawdowns"
NO_ESTIMATE_CAUSE = "the covariance has no covariance_meta.estimated_at"
STALE_COVARIANCE_CAUSE = "the covariance is not estimated again, or covariance_meta.estimated_at is wrong"
STALE_RETURNS_CAUSE = "the returns are not updated, or as_of is not the instant of this book"


def age_unknown(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a caution for returns without dates: their age is unknown."""
    given = _input(facts.report, "realized_returns")
    if given is None or given.observations is None or given.reason in DATE_REASONS:
        return
    if given.last_date is None:
        yield warning("age_unknown", UNDATED_CAUSE, subject=RETURNS, observations=given.observations)


def returns_stale(
    facts: Facts, periods_per_year: float | None, max_age_seconds: float | None
) -> Iterator[RiskWarning]:
    """Yield a warning for dated returns that end too long before `as_of`.

    Args:
        facts: the facts about the evaluation.
        periods_per_year: periods per year of the returns; None if unknown.
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
            subject=RETURNS,
            meaningless=True,
            age_seconds=given.staleness_seconds,
            age_seconds_max=allowed,
            last_date=given.last_date,
        )


def track_record_unknown(facts: Facts) -> Iterator[RiskWarning]:
    """Yield cautions for a track record of unknown age, and for one too short for the drawdown of a window."""
    record = facts.report.track_record
    if record is None:
        return
    if record.last_date is None:
        yield warning(
            "age_unknown", UNDATED_RECORD_CAUSE, subject=TRACK_RECORD, observations=record.observations
        )
    if record.observations < WINDOW_MIN_OBSERVATIONS:
        yield warning(
            "few_observations",
            SHORT_RECORD_CAUSE,
            subject=TRACK_RECORD,
            observations=record.observations,
            observations_min=WINDOW_MIN_OBSERVATIONS,
        )


def track_record_stale(facts: Facts, as_of: datetime) -> Iterator[RiskWarning]:
    """Yield a caution for a track record that ends too long before `as_of`: drawdowns are judged on it."""
    record = facts.report.track_record
    if record is None or record.last_date is None:
        return
    last_day = datetime.combine(date.fromisoformat(record.last_date), time(), UTC)
    # The day after 9999-12-31 cannot be formed: subtract the length of the last day instead.
    age_seconds = (as_of - last_day).total_seconds() - DAY_SECONDS
    allowed = default_max_age_seconds(record.periods_per_year)
    if age_seconds > allowed:
        yield warning(
            "inputs_stale",
            STALE_RETURNS_CAUSE,
            subject=TRACK_RECORD,
            age_seconds=age_seconds,
            age_seconds_max=allowed,
            last_date=record.last_date,
        )


def covariance_age(facts: Facts, as_of: datetime, meta: CovarianceMeta) -> Iterator[RiskWarning]:
    """Yield a caution for a covariance of unknown age, and a warning for one estimated too long ago.

    Args:
        facts: the facts about the evaluation.
        as_of: the snapshot's instant.
        meta: what the snapshot says about its covariance.
    """
    given = next((each for each in facts.report.inputs if each.kind == "covariance"), None)
    if given is None or given.source == "absent":
        return
    if meta.estimated_at is None:
        yield warning("covariance_age_unknown", NO_ESTIMATE_CAUSE, subject=COVARIANCE)
        return
    age_seconds = (as_of - meta.estimated_at).total_seconds()
    allowed = COVARIANCE_MAX_AGE_SECONDS if meta.max_input_age_seconds is None else meta.max_input_age_seconds
    if age_seconds > allowed:
        yield warning(
            "inputs_stale",
            STALE_COVARIANCE_CAUSE,
            subject=COVARIANCE,
            meaningless=True,
            age_seconds=age_seconds,
            age_seconds_max=float(allowed),
        )


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
