"""Shrinkage of sample correlations towards zero; variances keep their sample values.

`(1 − δ) S + δ diag(S)`: the Ledoit-Wolf estimate of the returns after each series is divided by its own
deviation, where the scaled identity is the identity. A scaled identity in the units of the returns would add
the variance of equities to that of bills. Sources: Ledoit, Wolf, A well-conditioned estimator for
large-dimensional covariance matrices, 2004; Schäfer, Strimmer, A shrinkage approach to large-scale covariance
matrix estimation, 2005, target D (variances unequal, correlations zero). δ equals `ledoit_wolf_shrinkage` of
scikit-learn on the standardised returns. It falls continuously with the number of observations.
"""

from collections.abc import Sequence
from math import fsum, sqrt

from functions.measures.covariance.form import (
    CovarianceForm,
    CovarianceProduct,
    Verdict,
    verdict_from_margin,
)
from functions.measures.exact import Vector, dot, integer_dot

# Standardised returns are below 1 in size and are rounded to 2^-31, so that sums of their products are exact.
UNIT_BITS = 31
UNIT = 2**UNIT_BITS


class ShrunkCorrelations:
    """A covariance whose correlations are multiplied by `1 − δ`; δ is a share, 0 to 1."""

    def __init__(self, sample: CovarianceForm, shrinkage: float) -> None:
        self._sample = sample
        self.shrinkage = shrinkage

    def product(self, weights: Vector) -> CovarianceProduct:
        """See CovarianceForm."""
        kept, shrinkage = 1 - self.shrinkage, self.shrinkage
        variances, sample = self.variances(), self._sample.product(weights)
        own = [variance * weight for variance, weight in zip(variances, weights, strict=True)]

        def matrix_product() -> list[float]:
            pairs = zip(sample.matrix_product(), own, strict=True)
            return [kept * each + shrinkage * alone for each, alone in pairs]

        return CovarianceProduct(kept * sample.variance + shrinkage * dot(weights, own), matrix_product)

    def variances(self) -> list[float]:
        """See CovarianceForm."""
        return self._sample.variances()

    def verdict(self) -> Verdict:
        """See CovarianceForm: positive semi-definite by construction; δ times the least variance bounds it."""
        variances = self.variances()
        trace = fsum(variances)
        return verdict_from_margin(self.shrinkage * min(variances) / trace if trace else 0.0)


def intensity(observations: int, correlation_squares: float, fourth_moment: float, count: int) -> float:
    """Return δ, 0 to 1: the estimation error of the correlations over their distance from zero.

    Args:
        observations: T.
        correlation_squares: `Σ r_ij²` over ordered pairs of different series, `‖R‖² − n`.
        fourth_moment: `Σ_t (Σ_i u_ti²)²`, with `u_i` the centred series i divided by its length.
        count: n, the series that vary.
    """
    error = fourth_moment - (correlation_squares + count) / observations
    if error <= 0 or correlation_squares <= 0:
        return 0.0
    return min(error, correlation_squares) / correlation_squares


def exact_intensity(centred: Sequence[Vector], squares: Vector) -> float:
    """Return δ of centred series (n, T) with sums of squares (n,), independent of the order of the series."""
    scales = [UNIT / sqrt(square) for square in squares if square > 0]
    varying = [values for values, square in zip(centred, squares, strict=True) if square > 0]
    units = [
        [round(value * scale) for value in values] for values, scale in zip(varying, scales, strict=True)
    ]
    if not units:
        return 0.0
    days, count = list(zip(*units, strict=True)), len(units)
    moment = fsum((integer_dot(day, day) / UNIT**2) ** 2 for day in days)
    pairs = 2 * fsum(_lower_squares(units if count <= len(days) else days))
    if count > len(days):
        pairs += moment - count
    return intensity(len(days), pairs, moment, count)


def _lower_squares(rows: Sequence[Sequence[int]]) -> list[float]:
    """Return the squares of the products of each row with the rows before it."""
    return [
        (integer_dot(row, other) / UNIT**2) ** 2 for index, row in enumerate(rows) for other in rows[:index]
    ]
