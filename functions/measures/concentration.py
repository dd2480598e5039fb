"""Concentration of a book. Weights `w` (n,) are shares of portfolio value, not all zero."""

from math import fsum

from functions.measures.exact import Vector, dot


def gross_exposure(weights: Vector) -> float:
    """Return `Σ|w_i|`."""
    return fsum(map(abs, weights))


def net_exposure(weights: Vector) -> float:
    """Return `Σ w_i`."""
    return fsum(weights)


def herfindahl(weights: Vector) -> float:
    """Return `Σ (|w_i| / Σ|w|)²`, from 1/n (equal positions) to 1 (a single one).

    Raises:
        ZeroDivisionError: every weight is zero.
    """
    gross = gross_exposure(weights)
    return fsum((weight / gross) ** 2 for weight in weights)


def effective_number(weights: Vector) -> float:
    """Return the inverse of the Herfindahl index: the number of equal positions that have the same index."""
    return 1 / herfindahl(weights)


def undiversified(weights: Vector, deviations: Vector) -> float:
    """Return `Σ|w_i| σ_i`, an upper bound of `σ_p`; `σ_i` (n,) are deviations over one period."""
    return dot(map(abs, weights), deviations)


def diversification_ratio(undiversified: float, sigma: float) -> float:
    """Return `Σ|w_i| σ_i / σ_p`, at least 1.

    Args:
        undiversified: `Σ|w_i| σ_i`.
        sigma: `σ_p` above zero.

    Source: Choueifaty, Coignard, Toward Maximum Diversification, 2008.
    """
    return undiversified / sigma
