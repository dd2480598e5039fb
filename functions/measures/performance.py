"""Statistics of one series of realised one-period returns (T,), oldest first, as fractions."""

from collections.abc import Sequence
from math import fsum, inf, sqrt

PERIODS_PER_YEAR = 252
SHARPE_MIN_OBSERVATIONS = 20
# A deviation below this share of the largest return is rounding: the series is constant.
CONSTANT_MAX_RATIO = 1e-12


def mean(returns: Sequence[float]) -> float:
    """Return the arithmetic mean of T ≥ 1 returns."""
    return fsum(returns) / len(returns)


def standard_deviation(returns: Sequence[float]) -> float:
    """Return the sample standard deviation (ddof 1) of T ≥ 2 returns, per period."""
    centre = mean(returns)
    return sqrt(fsum((value - centre) ** 2 for value in returns) / (len(returns) - 1))


def is_constant(returns: Sequence[float], scale: float | None = None) -> bool:
    """Return whether T ≥ 2 returns vary by no more than rounding.

    Args:
        returns: (T,)
        scale: the largest amount added up in one of them; default: their own largest magnitude.
    """
    largest = max(map(abs, returns)) if scale is None else scale
    return standard_deviation(returns) <= CONSTANT_MAX_RATIO * largest


def sharpe(returns: Sequence[float], periods_per_year: float = PERIODS_PER_YEAR) -> float | None:
    """Return `mean / stdev · sqrt(periods per year)`; None below 20 observations and for a constant series.

    Args:
        returns: (T,)
        periods_per_year: 252 for trading days; 1 leaves the ratio per period.

    Source: Sharpe, The Sharpe Ratio, 1994.
    """
    if len(returns) < SHARPE_MIN_OBSERVATIONS or is_constant(returns):
        return None
    return mean(returns) / standard_deviation(returns) * sqrt(periods_per_year)


def max_drawdown(returns: Sequence[float]) -> float:
    """Return the greatest fall from a peak of the compounded curve, which starts at 1.0: a positive fraction.

    Raises:
        ValueError: a return is below −1, or the curve leaves the range of a float.
    """
    peak = value = 1.0
    worst = 0.0
    for each in returns:
        if each < -1:
            raise ValueError(f"a return of {each} is below -1")
        value *= 1 + each
        peak = max(peak, value)
        if peak == inf:
            raise ValueError("the curve exceeds the range of a 64-bit float")
        worst = max(worst, 1 - value / peak)
    return worst


def hit_ratio(returns: Sequence[float], noise: float = 0.0) -> float:
    """Return the share of T ≥ 1 returns above zero, or above the rounding error of their sums."""
    return sum(value > noise for value in returns) / len(returns)
