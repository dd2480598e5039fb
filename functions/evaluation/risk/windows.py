"""Statistics of the book's realised returns over its last days."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import get_args

from functions.measures import performance
from functions.measures.frequency import DAYS_PER_YEAR
from functions.measures.historical import historical_es, historical_var
from functions.measures.returns import BookReturns
from risk_hub_contracts.base.confidence import WINDOW_MIN_OBSERVATIONS, required_observations
from risk_hub_contracts.reports.risk import RiskWindow, WindowStatistics

WINDOWS: tuple[RiskWindow, ...] = get_args(RiskWindow)
WINDOW_CONFIDENCE_BPS = 9500
TOO_FEW_OBSERVATIONS = "too_few_observations"
CONSTANT_SERIES = "constant_series"
DEVIATION_MIN_OBSERVATIONS = 2
WINDOW_LOOK_BACK_FACTOR = 2
"""Greatest calendar time of an extended window, in multiples of the time of 20 periods."""
PRO_FORMA = "pro_forma"
"""Basis of returns: today's weights on past returns."""
TRACK_RECORD = "track_record"
"""Basis of returns: the portfolio's own returns."""


def windows_of(
    book: BookReturns, periods_per_year: float | None, returns_basis: str
) -> list[WindowStatistics]:
    """Return the statistics of every window.

    Args:
        book: the series.
        periods_per_year: number of returns per year; None if unknown, and Sharpe ratios are then per period.
        returns_basis: `pro_forma` or `track_record`.
    """
    return [window_statistics(book, length, periods_per_year, returns_basis) for length in WINDOWS]


def window_statistics(
    book: BookReturns,
    length: RiskWindow,
    periods_per_year: float | None = None,
    returns_basis: str = PRO_FORMA,
) -> WindowStatistics:
    """Return the statistics over the last `length` calendar days; without dates, `length` observations.

    Calendar days with fewer than 20 observations are extended back to 20, within a bounded look-back.
    """
    within = book.last_days(length)
    last = within if book.dates is None else _extended(book, within, length, periods_per_year)
    found = {name: statistic(last) for name, statistic in STATISTICS.items()}
    found["sharpe"] = _sharpe(last, periods_per_year)
    return WindowStatistics(
        length=length,
        basis="observations" if book.dates is None else "calendar_days",
        observations=len(last.values),
        confidence_bps=WINDOW_CONFIDENCE_BPS,
        **{name: value for name, (value, _) in found.items()},
        reasons={name: reason for name, (_, reason) in found.items() if reason is not None},
        calendar_observations=None if book.dates is None else len(within.values),
        first_date=last.dates[0].isoformat() if last.dates else None,
        periods_per_year=periods_per_year,
        sharpe_annualised=periods_per_year is not None,
        returns_basis=returns_basis,
    )


def look_back_days(length: int, periods_per_year: float | None) -> int:
    """Return how many calendar days a window may reach back: its length, or the time of 40 periods if longer."""
    if periods_per_year is None:
        return WINDOW_LOOK_BACK_FACTOR * length
    needed = WINDOW_LOOK_BACK_FACTOR * WINDOW_MIN_OBSERVATIONS * DAYS_PER_YEAR / periods_per_year
    return max(length, ceil(needed))


def _extended(
    book: BookReturns, within: BookReturns, length: int, periods_per_year: float | None
) -> BookReturns:
    """Return the window, extended to 20 observations if the look-back has that many."""
    missing = WINDOW_MIN_OBSERVATIONS - len(within.values)
    if missing <= 0:
        return within
    reachable = book.last_days(look_back_days(length, periods_per_year))
    return book.last(min(WINDOW_MIN_OBSERVATIONS, len(reachable.values)))


def _sharpe(book: BookReturns, periods_per_year: float | None) -> tuple[float | None, str | None]:
    """Return the Sharpe ratio, annualised if the frequency of the returns is known, else per period."""
    if len(book.values) < performance.SHARPE_MIN_OBSERVATIONS:
        return None, TOO_FEW_OBSERVATIONS
    if book.is_constant:
        return None, CONSTANT_SERIES
    return performance.sharpe(book.values, periods_per_year or 1.0), None


def _volatility(book: BookReturns) -> tuple[float | None, str | None]:
    if len(book.values) < DEVIATION_MIN_OBSERVATIONS:
        return None, TOO_FEW_OBSERVATIONS
    return (
        (None, CONSTANT_SERIES) if book.is_constant else (performance.standard_deviation(book.values), None)
    )


def _drawdown(book: BookReturns) -> tuple[float | None, str | None]:
    try:
        return performance.max_drawdown(book.values), None
    except ValueError:
        return None, "returns_do_not_compound"


def _hit_ratio(book: BookReturns) -> tuple[float | None, str | None]:
    noise = performance.CONSTANT_MAX_RATIO * book.scale
    if noise and max(map(abs, book.values)) <= noise:
        return None, CONSTANT_SERIES
    return performance.hit_ratio(book.values, noise), None


def _tail_statistic(measure: Callable[[Sequence[float], int], float]) -> "Statistic":
    def found(book: BookReturns) -> tuple[float | None, str | None]:
        if len(book.values) < required_observations(WINDOW_CONFIDENCE_BPS):
            return None, TOO_FEW_OBSERVATIONS
        return (
            (None, CONSTANT_SERIES)
            if book.is_constant
            else (measure(book.values, WINDOW_CONFIDENCE_BPS), None)
        )

    return found


Statistic = Callable[[BookReturns], tuple[float | None, str | None]]
STATISTICS: dict[str, Statistic] = {
    "volatility": _volatility,
    "max_drawdown": _drawdown,
    "value_at_risk": _tail_statistic(historical_var),
    "expected_shortfall": _tail_statistic(historical_es),
    "hit_ratio": _hit_ratio,
}
