"""Statistics of the book's realised returns over its last days."""

from collections.abc import Callable, Sequence
from typing import get_args

from functions.measures import performance
from functions.measures.historical import historical_es, historical_var
from functions.measures.returns import BookReturns
from risk_hub_contracts.base.confidence import required_observations
from risk_hub_contracts.reports.risk import RiskWindow, WindowStatistics

WINDOWS: tuple[RiskWindow, ...] = get_args(RiskWindow)
WINDOW_CONFIDENCE_BPS = 9500
TOO_FEW_OBSERVATIONS = "too_few_observations"
CONSTANT_SERIES = "constant_series"
DEVIATION_MIN_OBSERVATIONS = 2


def window_statistics(book: BookReturns, length: RiskWindow) -> WindowStatistics:
    """Return the statistics over the last `length` calendar days; without dates, `length` observations."""
    last = book.last_days(length)
    found = {name: statistic(last) for name, statistic in STATISTICS.items()}
    return WindowStatistics(
        length=length,
        basis="observations" if book.dates is None else "calendar_days",
        observations=len(last.values),
        confidence_bps=WINDOW_CONFIDENCE_BPS,
        **{name: value for name, (value, _) in found.items()},
        reasons={name: reason for name, (_, reason) in found.items() if reason is not None},
    )


def _sharpe(book: BookReturns) -> tuple[float | None, str | None]:
    if len(book.values) < performance.SHARPE_MIN_OBSERVATIONS:
        return None, TOO_FEW_OBSERVATIONS
    return (None, CONSTANT_SERIES) if book.is_constant else (performance.sharpe(book.values), None)


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
    "sharpe": _sharpe,
    "volatility": _volatility,
    "max_drawdown": _drawdown,
    "value_at_risk": _tail_statistic(historical_var),
    "expected_shortfall": _tail_statistic(historical_es),
    "hit_ratio": _hit_ratio,
}
