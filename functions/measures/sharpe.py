"""Reliability of a Sharpe ratio: its decay out of sample, and the probability that it is due to chance.

Ratios are annualised by sqrt(252) where stated, else per period. Returns (T,), at least 20, not constant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import e, fsum, sqrt

from functions.measures.measures import STANDARD_NORMAL
from functions.measures.performance import (
    PERIODS_PER_YEAR,
    SHARPE_MIN_OBSERVATIONS,
    is_constant,
    mean,
    sharpe,
    standard_deviation,
)

EULER_MASCHERONI = 0.5772156649015329
ONE_SIDED_BPS_95_QUANTILE = STANDARD_NORMAL.inv_cdf(0.95)


@dataclass(frozen=True, slots=True)
class Decay:
    """Change of the annualised Sharpe ratio from back-test to live.

    Attributes:
        difference: live less back-test.
        ratio: live over back-test; None if the back-test's is not positive, because the ratio has no meaning
            then.
        standard_error: standard error of the difference.
        significant: whether the drop is significant at 95 %, one-sided.
    """

    difference: float
    ratio: float | None
    standard_error: float
    significant: bool


def sharpe_standard_error(ratio: float, observations: int) -> float:
    """Return the standard error of an annualised Sharpe ratio for independent returns.

    `sqrt((1 + SR²/2) / T)` per period, annualised. Source: Lo, The Statistics of Sharpe Ratios, 2002, eq. 9.

    Args:
        ratio: annualised Sharpe ratio.
        observations: T.
    """
    per_period = ratio / sqrt(PERIODS_PER_YEAR)
    return sqrt((1 + per_period * per_period / 2) / observations * PERIODS_PER_YEAR)


def decay(live: Sequence[float], backtest: Sequence[float]) -> Decay | None:
    """Return the fall of the Sharpe ratio from back-test to live; None if either series has no ratio."""
    now, then = sharpe(live), sharpe(backtest)
    if now is None or then is None:
        return None
    error = sqrt(sharpe_standard_error(now, len(live)) ** 2 + sharpe_standard_error(then, len(backtest)) ** 2)
    difference = now - then
    significant = difference < -ONE_SIDED_BPS_95_QUANTILE * error
    return Decay(difference, now / then if then > 0 else None, error, significant)


def probabilistic_sharpe(returns: Sequence[float], benchmark: float = 0.0) -> float | None:
    """Return the probability that the true Sharpe ratio exceeds a benchmark; None where the series has none.

    `Φ((SR − SR*) sqrt(T − 1) / sqrt(1 − γ₃ SR + (γ₄ − 1) SR²/4))`, SR per period, γ₃ skewness, γ₄ kurtosis (3
    for the normal), both as population moments. Source: Bailey, López de Prado, The Sharpe Ratio Efficient
    Frontier, 2012.

    Args:
        returns: (T,).
        benchmark: SR* per period, not annualised.
    """
    if len(returns) < SHARPE_MIN_OBSERVATIONS or is_constant(returns):
        return None
    ratio = mean(returns) / standard_deviation(returns)
    skewness, kurtosis = _standard_moment(returns, 3), _standard_moment(returns, 4)
    spread = 1 - skewness * ratio + (kurtosis - 1) / 4 * ratio * ratio
    if spread <= 0:
        return None
    return STANDARD_NORMAL.cdf((ratio - benchmark) * sqrt(len(returns) - 1) / sqrt(spread))


def deflated_sharpe(returns: Sequence[float], trials: int, variance_of_trials: float) -> float | None:
    """Return the probabilistic Sharpe ratio against the best of many trials without skill.

    Args:
        returns: (T,) of the chosen strategy.
        trials: N, the number of independent strategies tried, at least 2.
        variance_of_trials: variance of their Sharpe ratios, per period.

    Raises:
        ValueError: fewer than two trials, or a negative variance.

    Source: Bailey, López de Prado, The Deflated Sharpe Ratio, 2014.
    """
    return probabilistic_sharpe(returns, expected_best_sharpe(trials, variance_of_trials))


def expected_best_sharpe(trials: int, variance_of_trials: float) -> float:
    """Return the expected Sharpe ratio (per period) of the best of N trials without skill.

    Raises:
        ValueError: fewer than two trials, or a negative variance.
    """
    least_trials = 2
    if trials < least_trials or variance_of_trials < 0:
        raise ValueError("the expected maximum needs at least two trials and a variance that is not negative")
    first = STANDARD_NORMAL.inv_cdf(1 - 1 / trials)
    second = STANDARD_NORMAL.inv_cdf(1 - 1 / (trials * e))
    return sqrt(variance_of_trials) * ((1 - EULER_MASCHERONI) * first + EULER_MASCHERONI * second)


def _standard_moment(returns: Sequence[float], order: int) -> float:
    centre = mean(returns)
    variance = fsum((value - centre) ** 2 for value in returns) / len(returns)
    moment = fsum((value - centre) ** order for value in returns) / len(returns)
    return moment / sqrt(variance) ** order
