"""Warnings about the calendar of the returns: a frequency that their dates contradict, and gaps."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from functions.evaluation.risk.plausibility.facts import RETURNS, warning
from functions.evaluation.risk.plausibility.thresholds import (
    DATES_GAP_MAX_DAYS,
    DATES_GAP_MAX_PERIODS,
    PERIODS_RATIO_MAX,
)
from functions.measures.frequency import DAYS_PER_YEAR, PERIODS_BY_FREQUENCY, periods_per_year_of
from risk_hub_contracts.reports.warning import RiskWarning
from risk_hub_contracts.snapshot.facts import ReturnsMeta

FREQUENCY_CAUSE = "returns_meta states another frequency than the dates have, or than it states itself"
GAP_CAUSE = "a part of the history is left out; send its returns, or null where there are none"


def frequency_contradicted(meta: ReturnsMeta, dates: Sequence[date] | None) -> Iterator[RiskWarning]:
    """Yield a caution if the stated periods per year contradict the dates, or the stated frequency.

    Sharpe ratios are annualised as stated; the age of the returns is judged by their dates.
    """
    named = None if meta.frequency is None else PERIODS_BY_FREQUENCY[meta.frequency]
    stated = meta.periods_per_year or named
    known = (None if dates is None else periods_per_year_of(dates)) or named
    if stated is None or known is None or 1 / PERIODS_RATIO_MAX <= stated / known <= PERIODS_RATIO_MAX:
        return
    yield warning(
        "periods_differ",
        FREQUENCY_CAUSE,
        subject=RETURNS,
        stated_periods_per_year=stated,
        found_periods_per_year=known,
        ratio_max=PERIODS_RATIO_MAX,
    )


def gap_in_dates(dates: Sequence[date] | None) -> Iterator[RiskWarning]:
    """Yield a caution for the greatest gap between two dates if it is longer than any holiday."""
    per_year = None if dates is None else periods_per_year_of(dates)
    if dates is None or per_year is None:
        return
    gap, after = max(((second - first).days, first) for first, second in pairwise(dates))
    allowed = max(DATES_GAP_MAX_DAYS, DATES_GAP_MAX_PERIODS * DAYS_PER_YEAR / per_year)
    if gap > allowed:
        yield warning(
            "gap_in_dates",
            GAP_CAUSE,
            subject=RETURNS,
            gap_days=gap,
            gap_days_max=allowed,
            gap_begins=after.isoformat(),
        )
