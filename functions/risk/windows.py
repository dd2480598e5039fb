"""Statistics of the book's realised returns over its last days."""

from collections.abc import Callable, Sequence
from typing import get_args

from functions.risk import performance
from functions.risk.measures import historical_es, historical_var
from functions.risk.returns import BookReturns
from risk_hub_contracts.risk import RiskWindow, WindowStatistics

WINDOWS: tuple[RiskWindow, ...] = get_args(RiskWindow)
WINDOW_CONFIDENCE_BPS = 9500
TOO_FEW = "too_few_observations"
DEVIATION_MIN_OBSERVATIONS = 2


def window_statistics(book: BookReturns, length: RiskWindow) -> WindowStatistics:
    """Return the statistics over the last `length` calendar days, or observations where the series has no dates."""
    values = book.last_days(length)
    found = {name: statistic(values) for name, statistic in STATISTICS.items()}
    return WindowStatistics(
        length=length,
        basis="observations" if book.dates is None else "calendar_days",
        observations=len(values),
        confidence_bps=WINDOW_CONFIDENCE_BPS,
        **{name: value for name, (value, _) in found.items()},
        reasons={name: reason for name, (_, reason) in found.items() if reason is not None},
    )


def _sharpe(values: Sequence[float]) -> tuple[float | None, str | None]:
    if len(values) < performance.SHARPE_MIN_OBSERVATIONS:
        return None, TOO_FEW
    ratio = performance.sharpe(values)
    return ratio, "constant_series" if ratio is None else None


def _volatility(values: Sequence[float]) -> tuple[float | None, str | None]:
    if len(values) < DEVIATION_MIN_OBSERVATIONS:
        return None, TOO_FEW
    if performance.is_constant(values):
        return None, "constant_series"
    return performance.standard_deviation(values), None


def _drawdown(values: Sequence[float]) -> tuple[float | None, str | None]:
    if not values:
        return None, TOO_FEW
    try:
        return performance.max_drawdown(values), None
    except ValueError:
        return None, "returns_do_not_compound"


def _hits(values: Sequence[float]) -> tuple[float | None, str | None]:
    return (performance.hit_ratio(values), None) if values else (None, TOO_FEW)


def _tail(measure: Callable[[Sequence[float], int], float]) -> "Found":
    def found(values: Sequence[float]) -> tuple[float | None, str | None]:
        try:
            return measure(values, WINDOW_CONFIDENCE_BPS), None
        except ValueError:
            return None, TOO_FEW

    return found


Found = Callable[[Sequence[float]], tuple[float | None, str | None]]
STATISTICS: dict[str, Found] = {
    "sharpe": _sharpe,
    "volatility": _volatility,
    "max_drawdown": _drawdown,
    "value_at_risk": _tail(historical_var),
    "expected_shortfall": _tail(historical_es),
    "hit_ratio": _hits,
}
