"""Covariances of more than 200 ids, on numpy.

A product that BLAS splits among threads may depend on their number, so products of that size do not use BLAS:
einsum's own loops and products of small blocks add in one fixed order. A matrix of up to 1,024 ids is
expanded, because that is faster; a larger one is expanded by blocks of rows.
"""

from collections.abc import Iterator
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from functions.measures.covariance.arrays import Array, to_floats
from functions.measures.covariance.exact_forms import factor_verdict
from functions.measures.covariance.form import (
    NOT_PSD,
    TRACE_MIN,
    CovarianceProduct,
    Verdict,
    pair_bounds,
    range_verdict,
    verdict_from_margin,
    verdict_on_zero_trace,
)
from functions.measures.covariance.tiled_cholesky import tiled_verdict
from functions.measures.exact import Vector
from risk_hub_contracts.blob.types import Covariance

EXPANDED_MAX_ASSETS = 1_024
BLOCK_ROWS = 256
# Below OpenBLAS's limit for several threads (2304 · 4 entries of a matrix times a vector).
ONE_THREAD_MAX_ENTRIES = 8_192


class ArrayPacked:
    """A packed upper triangle, row-major, read in place."""

    def __init__(self, covariance: Covariance) -> None:
        self._count = len(covariance.ids)
        self._upper = np.frombuffer(covariance.payload, dtype="<f8")

    def product(self, weights: Vector) -> CovarianceProduct:
        """See CovarianceForm: the matrix is symmetric, so each stored number is read once."""
        given = np.asarray(weights, dtype=np.float64)
        result = np.zeros(self._count)
        for start, block in self._blocks():
            end = start + len(block)
            result[start:end] += np.einsum("ij,j->i", block, given[start:])
            result[start:] += np.einsum("ij,i->j", block, given[start:end])
        result -= self._diagonal * given
        return CovarianceProduct(float((given * result).sum()), lambda: to_floats(result))

    def variances(self) -> list[float]:
        """See CovarianceForm."""
        return to_floats(self._diagonal)

    def verdict(self) -> Verdict:
        """See CovarianceForm. Up to 1,024 ids the margin is exact; above, inverse iteration estimates it."""
        least, greatest = float(self._upper.min()), float(self._upper.max())
        if wrong := range_verdict(least, greatest):
            return wrong
        trace = float(self._diagonal.sum())
        if trace <= TRACE_MIN:
            return verdict_on_zero_trace(max(-least, greatest))
        found = self._eigenvalue_verdict(trace)
        return NOT_PSD if found.reason is None and self._has_correlation_above_one() else found

    def _eigenvalue_verdict(self, trace: float) -> Verdict:
        if self._count > EXPANDED_MAX_ASSETS:
            return tiled_verdict(self._upper, self._count, trace)
        [(_, upper)] = self._blocks()
        return verdict_from_margin(float(np.linalg.eigvalsh(upper, UPLO="U")[0]) / trace)

    def _has_correlation_above_one(self) -> bool:
        """Return whether any correlation exceeds 1; one row at a time, to save memory."""
        found, slack = pair_bounds(self.variances())
        bounds, end = np.array(found), 0
        for row in range(self._count):
            start, end = end + 1, end + self._count - row
            if (abs(self._upper[start:end]) > bounds[row] * bounds[row + 1 :] + slack).any():
                return True
        return False

    @cached_property
    def _diagonal(self) -> Array:
        lengths = np.arange(self._count, 1, -1)
        return self._upper[np.concatenate(([0], np.cumsum(lengths)))]

    def _blocks(self) -> Iterator[tuple[int, Array]]:
        """Yield rows of the upper triangle in blocks from the diagonal on, zero left of the diagonal."""
        if self._count <= EXPANDED_MAX_ASSETS:
            full = np.zeros((self._count, self._count))
            full[_upper_mask(self._count)] = self._upper
            yield 0, full
            return
        position = 0
        for start in range(0, self._count, BLOCK_ROWS):
            block = np.zeros((min(BLOCK_ROWS, self._count - start), self._count - start))
            for row, target in enumerate(block):
                length = self._count - start - row
                target[row:] = self._upper[position : position + length]
                position += length
            yield start, block


class ArrayFactor:
    """`FF' + diag(d)`: k factors and specific variances, multiplied without expanding the matrix."""

    def __init__(self, covariance: Covariance) -> None:
        count, width = len(covariance.ids), covariance.factor_count
        values = np.frombuffer(covariance.payload, dtype="<f8")
        self._values = values
        self._loadings = values[: count * width].reshape(count, width)
        self._specific = values[count * width :]

    def product(self, weights: Vector) -> CovarianceProduct:
        """See CovarianceForm: with `e = F'w`, the variance is `e'e + Σ d_i w_i²` and `Σw` is `Fe + d·w`."""
        given = np.asarray(weights, dtype=np.float64)
        factors = _factors(self._loadings, given)
        own = self._specific * given

        def matrix_product() -> list[float]:
            return to_floats(np.einsum("ik,k->i", self._loadings, factors) + own)

        return CovarianceProduct(float((factors * factors).sum() + (own * given).sum()), matrix_product)

    def variances(self) -> list[float]:
        """See CovarianceForm."""
        return to_floats(self._diagonal)

    def verdict(self) -> Verdict:
        """See CovarianceForm."""
        wrong = range_verdict(float(self._values.min()), float(self._values.max()))
        return wrong or factor_verdict(to_floats(self._specific), self.variances())

    @property
    def _diagonal(self) -> Array:
        diagonal: Array = np.einsum("ik,ik->i", self._loadings, self._loadings) + self._specific
        return diagonal


def _factors(loadings: Array, weights: Array) -> Array:
    """Return `F'w` (k,), one block of rows at a time."""
    count, width = loadings.shape
    rows = max(1, min(count, ONE_THREAD_MAX_ENTRIES // width))
    whole = count // rows * rows
    blocks = np.matmul(weights[:whole].reshape(-1, 1, rows), loadings[:whole].reshape(-1, rows, width))
    rest: Array = np.einsum("ik,i->k", loadings[whole:], weights[whole:])
    rest += blocks.sum(axis=0)[0]
    return rest


@lru_cache(maxsize=4)
def _upper_mask(count: int) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = np.triu(np.ones((count, count), dtype=np.bool_))
    mask.setflags(write=False)
    return mask
