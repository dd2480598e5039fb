"""Value at risk and expected shortfall of one book.

Losses are positive numbers, as fractions of portfolio value, for one period. Weights `w` and `Σw` have shape
(n,), portfolio returns (T,). Confidence is a whole number of basis points, so that order statistics are found
by integer arithmetic: `ceil((1 - 0.95) * T)` is off by one at T = 100.
"""

from collections.abc import Sequence
from math import exp, fsum, pi, sqrt
from statistics import NormalDist

from risk_hub_contracts.base.confidence import BPS_PER_ONE, required_observations

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


def historical_var(returns: Sequence[float], confidence_bps: int) -> float:
    """Return the empirical quantile of portfolio returns at `1 − c` (linear interpolation), sign flipped.

    Args:
        returns: (T,) portfolio returns; T at least `required_observations`.
        confidence_bps: confidence in basis points.

    Raises:
        ValueError: too few observations.
    """
    return -_tail_quantile(_sorted_sample(returns, confidence_bps), confidence_bps) + 0.0


def historical_es(returns: Sequence[float], confidence_bps: int) -> float:
    """Return the mean of the portfolio returns at or below the quantile of historical_var, sign flipped.

    Raises:
        ValueError: too few observations.
    """
    ordered = _sorted_sample(returns, confidence_bps)
    quantile = _tail_quantile(ordered, confidence_bps)
    tail = [value for value in ordered if value <= quantile]
    return -fsum(tail) / len(tail) + 0.0


def _sorted_sample(returns: Sequence[float], confidence_bps: int) -> list[float]:
    required = required_observations(confidence_bps)
    if len(returns) < required:
        raise ValueError(
            f"{len(returns)} observations have no tail at {confidence_bps} bps; {required} are needed"
        )
    return sorted(returns)


def _tail_quantile(ordered: Sequence[float], confidence_bps: int) -> float:
    """Return the quantile `1 − c`: the order statistics around `(T − 1)(1 − c)`, found without rounding."""
    below, rest = divmod((len(ordered) - 1) * (BPS_PER_ONE - confidence_bps), BPS_PER_ONE)
    if not rest:
        return ordered[below]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * (rest / BPS_PER_ONE)
