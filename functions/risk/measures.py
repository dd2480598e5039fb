"""Value at risk and expected shortfall of one book.

Losses are positive numbers, as fractions of portfolio value, for one period. Weights `w` have shape (n,), a covariance
`Σ` (n, n), returns (T, n) and portfolio returns (T,).
"""

from math import exp, pi, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BPS_PER_ONE = 10_000
STANDARD_NORMAL = NormalDist()


def normal_quantile(confidence_bps: int) -> float:
    """Return `z_c`, the standard normal quantile at a confidence in basis points (9900: 2.326348)."""
    return STANDARD_NORMAL.inv_cdf(confidence_bps / BPS_PER_ONE)


def volatility(weights: Array, covariance: Array) -> float:
    """Return `σ_p = sqrt(w'Σw)`, the portfolio's standard deviation over one period.

    Args:
        weights: (n,).
        covariance: (n, n), positive semi-definite; a variance below zero by rounding alone counts as zero.
    """
    return sqrt(max(float(weights @ covariance @ weights), 0.0))


def parametric_var(sigma: float, confidence_bps: int) -> float:
    """Return `z_c · σ_p`; the mean is not subtracted.

    Source: RiskMetrics, Technical Document, 1996; McNeil, Frey, Embrechts, Quantitative Risk Management, ch. 2.
    """
    return normal_quantile(confidence_bps) * sigma


def parametric_es(sigma: float, confidence_bps: int) -> float:
    """Return `σ_p · φ(z_c) / (1 − c)`. Source: as parametric_var."""
    density = exp(-(normal_quantile(confidence_bps) ** 2) / 2) / sqrt(2 * pi)
    return sigma * density * BPS_PER_ONE / (BPS_PER_ONE - confidence_bps)


def required_observations(confidence_bps: int) -> int:
    """Return the least number of observations, `1/(1−c)` rounded up, for which an empirical tail exists."""
    return -(-BPS_PER_ONE // (BPS_PER_ONE - confidence_bps))


def historical_var(returns: Array, confidence_bps: int) -> float:
    """Return the empirical quantile of portfolio returns at `1 − c` (linear interpolation), sign flipped.

    Args:
        returns: (T,) portfolio returns; T at least `required_observations`.
        confidence_bps: confidence in basis points.
    """
    return -_tail_quantile(returns, confidence_bps)


def historical_es(returns: Array, confidence_bps: int) -> float:
    """Return the mean of the portfolio returns at or below the quantile of historical_var, sign flipped."""
    return -float(np.mean(returns[returns <= _tail_quantile(returns, confidence_bps)]))


def _tail_quantile(returns: Array, confidence_bps: int) -> float:
    return float(np.quantile(returns, (BPS_PER_ONE - confidence_bps) / BPS_PER_ONE))


def psd_margin(covariance: Array) -> float:
    """Return the least eigenvalue relative to the trace; at or above −1e-10 the matrix counts as positive semi-definite."""
    trace = float(np.trace(covariance))
    least = float(np.linalg.eigvalsh(covariance)[0])
    return least / trace if trace > 0 else least
