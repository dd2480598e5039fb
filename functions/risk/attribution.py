"""Which positions a parametric VaR comes from.

`w` (n,) weights, `Σw` (n,), `σ_p = sqrt(w'Σw)` above zero, `z_c` the normal quantile at a confidence in basis points.
Everything is a fraction of portfolio value over one period. Source: Jorion, Value at Risk, ch. 7.
"""

from collections.abc import Iterator
from math import fsum, sqrt

from functions.risk.exact import Vector, dot
from functions.risk.measures import normal_quantile

# Below this share of the book's net weight, what is left of it cannot be rescaled to a book.
REST_MIN_SHARE = 1e-9


def marginal_var(times: Vector, sigma: float, confidence_bps: int) -> list[float]:
    """Return `z_c (Σw)_i / σ_p` (n,): the change of VaR per unit of weight.

    Raises:
        ZeroDivisionError: the book has no variance; then no position has a part in it.
    """
    scale = normal_quantile(confidence_bps) / sigma
    return [scale * each for each in times]


def component_var(weights: Vector, marginal: Vector) -> list[float]:
    """Return `w_i` times marginal VaR (n,); the components add up to VaR."""
    return [weight * each for weight, each in zip(weights, marginal, strict=True)]


def incremental_var(
    weights: Vector, times: Vector, variances: Vector, confidence_bps: int
) -> list[float | None]:
    """Return, for each position, VaR less the VaR of the book without it, rescaled to the same net weight (n,).

    None where the rest of the book has no positive net weight, so that nothing can be rescaled.

    Args:
        weights: `w` (n,).
        times: `Σw` (n,).
        variances: `Σ_ii` (n,).
        confidence_bps: confidence in basis points.
    """
    return list(_incremental(weights, times, variances, normal_quantile(confidence_bps)))


def candidate_var(
    sigma: float, covariance: float, variance: float, share: float, confidence_bps: int
) -> float:
    """Return VaR with a candidate at weight `a` and the book scaled by `1 − a`, less the VaR of the book.

    Args:
        sigma: `σ_p` of the book.
        covariance: `(Σw)_c`, the candidate's covariance with the book.
        variance: `Σ_cc`, the candidate's own.
        share: `a`, 0 to 1.
        confidence_bps: confidence in basis points.

    Raises:
        ValueError: `a` is not between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a candidate's weight must be between 0 and 1, not {share}")
    rest = 1 - share
    mixed = fsum((rest * rest * sigma * sigma, 2 * share * rest * covariance, share * share * variance))
    return normal_quantile(confidence_bps) * (sqrt(max(mixed, 0.0)) - sigma)


def _incremental(
    weights: Vector, times: Vector, variances: Vector, quantile: float
) -> Iterator[float | None]:
    net, variance = fsum(weights), dot(weights, times)
    sigma = sqrt(max(variance, 0.0))
    for weight, each, own in zip(weights, times, variances, strict=True):
        rest = (net - weight) / net
        if rest < REST_MIN_SHARE:
            yield None
            continue
        without = fsum((variance, -2 * weight * each, weight * weight * own))
        yield quantile * (sigma - sqrt(max(without, 0.0)) / rest)
