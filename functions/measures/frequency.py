"""Number of periods per year of a dated series, from the spacing of its dates."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from risk_hub_contracts.snapshot.facts import ReturnsMeta

FREQUENCY_MIN_DATES = 5
"""Fewer dates show no frequency."""
WEEKEND_DAY_MIN_SHARE = 0.07
"""From this share of Saturdays, and of Sundays, a daily series counts every calendar day (1/7 is the full share).

Markets that open from Sunday to Thursday have Sundays only, as have UTC dates of midnights east of Greenwich.
"""
WEEKEND = (5, 6)
DAYS_PER_YEAR = 365.25
TRADING_DAYS_PER_YEAR = 252.0
CALENDAR_DAYS_PER_YEAR = 365.0
PERIODS_BY_GAP_DAYS = (
    (1, 3, TRADING_DAYS_PER_YEAR),
    (5, 9, 52.0),
    (13, 17, 26.0),
    (26, 35, 12.0),
    (84, 98, 4.0),
)
"""Least and greatest median gap between two dates in days, and the periods per year that it means."""
PERIODS_BY_FREQUENCY = {"daily": TRADING_DAYS_PER_YEAR, "weekly": 52.0, "monthly": 12.0}


def stated_periods_per_year(meta: ReturnsMeta, dates: Sequence[date] | None) -> float | None:
    """Return the periods per year of realised returns: as stated, or from their dates; None if unknown."""
    if meta.periods_per_year is not None:
        return meta.periods_per_year
    if meta.frequency is not None:
        return PERIODS_BY_FREQUENCY[meta.frequency]
    return None if dates is None else periods_per_year_of(dates)


def periods_per_year_of(dates: Sequence[date]) -> float | None:
    """Return the periods per year of rising dates; None if their spacing is of no known frequency."""
    if len(dates) < FREQUENCY_MIN_DATES:
        return None
    gaps = sorted((second - first).days for first, second in pairwise(dates))
    gap = gaps[len(gaps) // 2]
    weekdays = Counter(day.weekday() for day in dates)
    if gap == 1 and min(weekdays[day] for day in WEEKEND) >= WEEKEND_DAY_MIN_SHARE * len(dates):
        return CALENDAR_DAYS_PER_YEAR
    return next((count for least, greatest, count in PERIODS_BY_GAP_DAYS if least <= gap <= greatest), None)
