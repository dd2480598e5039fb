"""Covariances of up to 200 ids, by exact sums and without numpy."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import fsum, isnan

from functions.measures.covariance.exact_cholesky import least_margin
from functions.measures.covariance.form import (
    NOT_FINITE,
    NOT_PSD,
    OUT_OF_RANGE,
    PSD_TOLERANCE,
    SPECIFIC_NEGATIVE,
    TRACE_MIN,
    CovarianceProduct,
    Verdict,
    pair_bounds,
    range_verdict,
    verdict_from_margin,
    verdict_on_zero_trace,
)
from functions.measures.exact import Vector, dot
from risk_hub_contracts.base.limits import NUMBER_MAX_ABS
from risk_hub_contracts.blob.triangle import triangle_index
from risk_hub_contracts.blob.types import Covariance


class ExactPacked:
    """A packed upper triangle, row-major."""

    def __init__(self, covariance: Covariance) -> None:
        count, upper = len(covariance.ids), covariance.values
        self._upper = upper
        starts = [triangle_index(count, row, row) for row in range(count)] + [len(upper)]
        right = [list(upper[start:end]) for start, end in pairwise(starts)]
        self._rows = [
            [right[column][row - column] for column in range(row)] + right[row] for row in range(count)
        ]

    def product(self, weights: Vector) -> CovarianceProduct:
        """See CovarianceForm."""
        matrix_product = [dot(row, weights) for row in self._rows]
        return CovarianceProduct(dot(weights, matrix_product), lambda: matrix_product)

    def variances(self) -> list[float]:
        """See CovarianceForm."""
        return [row[index] for index, row in enumerate(self._rows)]

    def verdict(self) -> Verdict:
        """See CovarianceForm."""
        if wrong := _range_verdict(self._upper):
            return wrong
        if fsum(self.variances()) <= TRACE_MIN:
            return verdict_on_zero_trace(max(map(abs, self._upper)))
        found = verdict_from_margin(least_margin(self._rows))
        return NOT_PSD if found.reason is None and self._has_correlation_above_one() else found

    def _has_correlation_above_one(self) -> bool:
        """Return whether any correlation exceeds 1."""
        bounds, slack = pair_bounds(self.variances())
        return any(
            abs(entry) > bound * bounds[row] + slack
            for row, entries in enumerate(self._rows)
            for entry, bound in zip(entries[row + 1 :], bounds[row + 1 :], strict=True)
        )


class ExactFactor:
    """`FF' + diag(d)`: k factors and specific variances, multiplied without expanding the matrix."""

    def __init__(self, covariance: Covariance) -> None:
        count, width, values = len(covariance.ids), covariance.factor_count, covariance.values
        self._values = values
        self._loadings = [list(values[row * width : (row + 1) * width]) for row in range(count)]
        self._specific = list(values[count * width :])

    def product(self, weights: Vector) -> CovarianceProduct:
        """See CovarianceForm: with `e = F'w`, the variance is `e'e + Σ d_i w_i²` and `Σw` is `Fe + d·w`."""
        factors = [dot(column, weights) for column in zip(*self._loadings, strict=True)]
        own = [specific * weight for specific, weight in zip(self._specific, weights, strict=True)]

        def matrix_product() -> list[float]:
            pairs = zip(self._loadings, own, strict=True)
            return [dot([*row, each], [*factors, 1.0]) for row, each in pairs]

        return CovarianceProduct(dot([*factors, *own], [*factors, *weights]), matrix_product)

    def variances(self) -> list[float]:
        """See CovarianceForm."""
        return [
            dot([*row, specific], [*row, 1.0])
            for row, specific in zip(self._loadings, self._specific, strict=True)
        ]

    def verdict(self) -> Verdict:
        """See CovarianceForm."""
        return _range_verdict(self._values) or factor_verdict(self._specific, self.variances())


def factor_verdict(specific: Sequence[float], variances: Sequence[float]) -> Verdict:
    """Return the verdict on a factor form: it is a covariance if no specific variance is below zero.

    Their least value bounds the margin from below. A specific variance below zero by up to 1e-10 of its
    asset's variance counts as rounding. One further below is refused, although the factors may still make the
    whole matrix positive semi-definite.

    Args:
        specific: (n,) finite.
        variances: (n,) the diagonal of the whole matrix.
    """
    if max(variances) > NUMBER_MAX_ABS:
        return OUT_OF_RANGE
    if any(own < -PSD_TOLERANCE * whole for own, whole in zip(specific, variances, strict=True)):
        return SPECIFIC_NEGATIVE
    trace = fsum(variances)
    return verdict_from_margin(0.0 if trace <= TRACE_MIN else min(specific) / trace)


def _range_verdict(values: Iterable[float]) -> Verdict | None:
    sizes = list(map(abs, values))
    return NOT_FINITE if any(map(isnan, sizes)) else range_verdict(0.0, max(sizes))
