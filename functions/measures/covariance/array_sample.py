"""Deviations of more than 200 series, on numpy, with einsum's own loops as in `array_forms`."""

from collections.abc import Sequence

import numpy as np

from functions.measures.covariance.arrays import Array, to_floats
from functions.measures.covariance.correlation_shrinkage import intensity
from functions.measures.exact import Vector
from functions.measures.performance import CONSTANT_MAX_RATIO

BLOCK = 64


def weighted_sums(series: Sequence[Vector], weights: Vector) -> tuple[list[float], list[float]]:
    """Return `Σ w_i r_i,t` and `Σ|w_i r_i,t|` (T,) of n series of T values each."""
    rows = np.array([np.asarray(values, dtype=np.float64) for values in series])
    given = np.asarray(weights, dtype=np.float64)
    return to_floats(np.einsum("it,i->t", rows, given)), to_floats(
        np.einsum("it,i->t", abs(rows), abs(given))
    )


class ArrayDeviations:
    """Returns less their means, one row per series; zeros for a constant series, as in ExactDeviations."""

    def __init__(self, series: Sequence[Vector]) -> None:
        rows = np.array([np.asarray(values, dtype=np.float64) for values in series])
        self.observations = rows.shape[1]
        self._rows = rows - rows.mean(axis=1, keepdims=True)
        self._rows[abs(self._rows).max(axis=1) <= CONSTANT_MAX_RATIO * abs(rows).max(axis=1)] = 0.0

    def book(self, weights: Vector) -> list[float]:
        """See Deviations."""
        return to_floats(np.einsum("it,i->t", self._rows, np.asarray(weights, dtype=np.float64)))

    def matrix_product(self, book: list[float]) -> list[float]:
        """See Deviations."""
        return to_floats(np.einsum("it,t->i", self._rows, np.asarray(book)))

    def squares(self) -> list[float]:
        """See Deviations."""
        return to_floats(np.einsum("it,it->i", self._rows, self._rows))

    def shrinkage(self) -> float:
        """See Deviations."""
        squares = np.einsum("it,it->i", self._rows, self._rows)
        units = self._rows[squares > 0]
        if not len(units):
            return 0.0
        units /= np.sqrt(squares[squares > 0])[:, None]
        days = np.einsum("it,it->t", units, units)
        pairs = _gram_square(units) - len(units)
        return intensity(self.observations, pairs, float(np.einsum("t,t->", days, days)), len(units))


def _gram_square(rows: Array) -> float:
    """Return the sum of the squared entries of `XX'`, which are those of `X'X`, one block at a time."""
    short = rows if len(rows) <= rows.shape[1] else np.ascontiguousarray(rows.T)
    total = 0.0
    for start in range(0, len(short), BLOCK):
        products = np.einsum("it,jt->ij", short[start : start + BLOCK], short)
        total += float(np.einsum("ij,ij->", products, products))
    return total
