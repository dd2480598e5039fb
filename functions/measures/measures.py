"""Parametric value at risk and expected shortfall of one book; the historical ones are in `historical`.

Losses are positive numbers, as fractions of portfolio value, for one period. Weights `w` and `Σw` have shape
(n,). Confidence is a whole number of basis points.
"""

from math import exp, pi, sqrt
from statistics import NormalDist

from risk_hub_contracts.base.confidence import BPS_PER_ONE

STANDARD_NORMAL = NormalDist()
LEGACY_VAR_SIGMAS = 2.33
LEGACY_ES_PER_VAR = 1.2


def normal_quantile(confidence_bps: int) -> float:
    """Return `z_c`, the standard normal quantile at a confidence in basis points (9900: 2.326348)."""
    return STANDARD_NORMAL.inv_cdf(confidence_bps / BPS_PER_ONE)


def volatility(variance: float) -> float:
    """Return `σ_p = sqrt(w'Σw)`, the portfolio's standard deviation over one period.

    Args:
        variance: `w'Σw`, Σ positive semi-definite; a variance below zero by rounding alone counts as zero.
    """
    return sqrt(max(variance, 0.0))


def parametric_var(sigma: float, confidence_bps: int) -> float:
    """Return `z_c · σ_p`; the mean is not subtracted.

    Source: RiskMetrics, Technical Document, 1996; McNeil, Frey, Embrechts, Quantitative Risk Management,
    ch. 2.
    """
    return normal_quantile(confidence_bps) * sigma


def parametric_es(sigma: float, confidence_bps: int) -> float:
    """Return `σ_p · φ(z_c) / (1 − c)`. Source: as parametric_var."""
    density = exp(-(normal_quantile(confidence_bps) ** 2) / 2) / sqrt(2 * pi)
    return sigma * density * BPS_PER_ONE / (BPS_PER_ONE - confidence_bps)


def legacy_var(sigma: float) -> float:
    """Return `2.33 · σ_p`: the 99 % VaR of the gateway that this hub replaces, for comparison only."""
    return LEGACY_VAR_SIGMAS * sigma


def legacy_es(sigma: float) -> float:
    """Return `1.2 · VaR`: the same gateway's 99 % expected shortfall."""
    return LEGACY_ES_PER_VAR * legacy_var(sigma)
