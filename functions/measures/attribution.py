"""Attribution of a parametric VaR to positions.

`w` (n,) weights, `Σw` (n,), `σ_p = sqrt(w'Σw)` above zero, `z_c` the normal quantile at a confidence in basis
points. Everything is a fraction of portfolio value over one period. Source: Jorion, Value at Risk, ch. 7.
"""

from collections.abc import Iterator
from itertools import repeat
from math import fsum, sqrt
from sys import float_info

from functions.measures.exact import Vector, dot
from functions.measures.measures import normal_quantile

# Largest rounding error of a reported difference, as a share of the difference.
RELATIVE_ERROR_MAX = 1e-6
# Alternative limit for an incremental VaR: the largest rounding error as a share of VaR.
SHARE_OF_VAR_MIN = 1e-12


def marginal_var(matrix_product: Vector, sigma: float, confidence_bps: int) -> list[float]:
    """Return `z_c (Σw)_i / σ_p` (n,): the change of VaR per unit of weight.

    Raises:
        ZeroDivisionError: the book has no variance, so no position contributes to it.
    """
    scale = normal_quantile(confidence_bps) / sigma
    return [scale * each for each in matrix_product]


def component_var(weights: Vector, marginal: Vector) -> list[float]:
    """Return `w_i` times marginal VaR (n,); the components add up to VaR."""
    return [weight * each for weight, each in zip(weights, marginal, strict=True)]


def incremental_var(
    weights: Vector, matrix_product: Vector, variances: Vector, confidence_bps: int
) -> list[float | None]:
    """Return VaR less the VaR of the book with a position sold for cash, `z (σ(w) − σ(w − w_i e_i))` (n,).

    The other weights stay as they are, so the number is meaningful for short positions and for books of any net
    weight. None if the difference is only rounding error. Source: Jorion, Value at Risk, ch. 7 (before-and-after
    VaR of a trade).

    Args:
        weights: `w` (n,).
        matrix_product: `Σw` (n,).
        variances: `Σ_ii` (n,).
        confidence_bps: confidence in basis points.
    """
    return list(_to_cash(weights, matrix_product, variances, normal_quantile(confidence_bps)))


def incremental_var_rescaled(
    weights: Vector, matrix_product: Vector, variances: Vector, confidence_bps: int
) -> list[float | None]:
    """Return VaR less the VaR of the book without a position, rescaled to the same net weight (n,).

    A position that leaves little net weight makes the factor, and so the number, arbitrarily large. None if the
    rest of the book has no net weight of the same sign to rescale, or if the remaining variance or the difference
    is only rounding error.

    Args:
        weights: `w` (n,).
        matrix_product: `Σw` (n,).
        variances: `Σ_ii` (n,).
        confidence_bps: confidence in basis points.
    """
    return list(_rescaled(weights, matrix_product, variances, normal_quantile(confidence_bps)))


def _to_cash(
    weights: Vector, matrix_product: Vector, variances: Vector, quantile: float
) -> Iterator[float | None]:
    """Yield `z (σ − s)`, computed as `z (σ² − s²) / (σ + s)` to keep digits at small weights.

    `s` is the deviation of the rest, and `σ² − s²` is `2 w_i (Σw)_i − w_i² Σ_ii`.
    """
    variance = dot(weights, matrix_product)
    sigma = sqrt(max(variance, 0.0))
    deviations = [sqrt(max(each, 0.0)) for each in variances]
    reach = dot(map(abs, weights), deviations)
    for weight, each, own, deviation in zip(weights, matrix_product, variances, deviations, strict=True):
        alone = abs(weight) * deviation
        both, single = 2 * weight * each, weight * weight * own
        rest = sqrt(max(fsum((variance, -both, single)), 0.0))
        found = quantile * fsum((both, -single)) / (sigma + rest)
        # The rounding error of s², and that of s: large only where the rest is nearly without variance.
        noise = float_info.epsilon * (reach + alone) ** 2
        of_rest = min(noise / rest, sqrt(noise)) if rest else sqrt(noise)
        of_difference = float_info.epsilon * alone * (2 * reach + alone)
        error = (quantile * of_difference + abs(found) * of_rest) / (sigma + rest)
        resolved = max(RELATIVE_ERROR_MAX * abs(found), SHARE_OF_VAR_MIN * quantile * sigma)
        yield found if error <= resolved else None


def _rescaled(
    weights: Vector, matrix_product: Vector, variances: Vector, quantile: float
) -> Iterator[float | None]:
    """Yield `z (σ − s)`, computed as `z (σ² − s²) / (σ + s)` to keep digits at small weights.

    `s` is the deviation of the rest.

    With `u` the position's share of the net weight, `σ² − s²` is
    `(2w(t − σ²/net) − w²(own − σ²/net²)) / (1 − u)²`.
    """
    net, variance = fsum(weights), dot(weights, matrix_product)
    if net == 0:  # positions that cancel out have no share of the net weight
        yield from repeat(None, len(weights))
        return
    sigma = sqrt(max(variance, 0.0))
    deviations = [sqrt(max(each, 0.0)) for each in variances]
    reach = dot(map(abs, weights), deviations)
    for weight, each, own, deviation in zip(weights, matrix_product, variances, deviations, strict=True):
        rest, alone, share = (net - weight) / net, abs(weight) * deviation, abs(weight / net) * reach
        without = fsum((variance, -2 * weight * each, weight * weight * own))
        if rest <= 0 or not without * RELATIVE_ERROR_MAX > float_info.epsilon * (reach + alone) ** 2:
            yield None
            continue
        parts = (2 * weight * each, -2 * weight / net * variance, -weight * weight * own)
        difference = fsum((*parts, (weight / net) ** 2 * variance))
        noise = float_info.epsilon * (2 * (alone + share) * reach + alone * alone + share * share)
        scale = quantile / (rest * rest * (sigma + sqrt(without) / rest))
        found = scale * difference
        resolved = max(RELATIVE_ERROR_MAX * abs(found), SHARE_OF_VAR_MIN * quantile * sigma)
        yield found if scale * noise <= resolved else None
