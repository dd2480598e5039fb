"""Covariance of series with missing observations, from the periods that each pair has in common.

Deviations are those of each series' own observations, correlations those of the common periods of a pair. Such a
matrix need not be positive semi-definite; `repair` clips its correlations. Loads numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from functions.measures.covariance.arrays import Array, to_floats
from functions.measures.exact import Vector
from functions.measures.performance import CONSTANT_MAX_RATIO


@dataclass(frozen=True, slots=True)
class PairwiseCovariance:
    """An estimate over n series.

    Attributes:
        upper: packed upper triangle, row by row.
        pair_observations_min: the least number of periods that two series have in common.
    """

    upper: list[float]
    pair_observations_min: int


def pair_observations_min(series: Sequence[Vector]) -> int:
    """Return the least number of periods that two of n series of T values share; NaN is a missing value."""
    known = np.isfinite(np.array([np.asarray(row, dtype=np.float64) for row in series])).astype(np.float64)
    return int(np.einsum("it,jt->ij", known, known).min())


def pairwise_covariance(series: Sequence[Vector]) -> PairwiseCovariance:
    """Return the estimate; each pair has at least two periods in common.

    Args:
        series: n series of T returns each, NaN where one is missing.
    """
    rows = np.array([np.asarray(row, dtype=np.float64) for row in series])
    known = np.isfinite(rows)
    moves = _centred(rows, known)
    count = np.einsum("it,jt->ij", known.astype(np.float64), known.astype(np.float64))
    correlations = _correlations(moves, known.astype(np.float64), count)
    own = np.diag(count)
    deviations = np.sqrt(np.einsum("it,it->i", moves, moves) / (own - 1))
    matrix = correlations * np.outer(deviations, deviations)
    upper = matrix[np.triu_indices(len(rows))]
    return PairwiseCovariance(to_floats(upper), int(count.min()))


def _centred(rows: Array, known: Any) -> Array:  # noqa: ANN401 - a boolean array
    """Return the observations less their series' mean, zero where missing; zeros for a constant series."""
    filled = np.where(known, rows, 0.0)
    centred: Array = np.where(known, rows - (filled.sum(axis=1) / known.sum(axis=1))[:, None], 0.0)
    centred[abs(centred).max(axis=1) <= CONSTANT_MAX_RATIO * abs(filled).max(axis=1)] = 0.0
    return centred


def _correlations(moves: Array, known: Array, count: Array) -> Array:
    """Return the correlation of each pair over its common periods, 0 where one of them does not vary."""
    sums, squares = np.einsum("it,jt->ij", moves, known), np.einsum("it,jt->ij", moves * moves, known)
    products = np.einsum("it,jt->ij", moves, moves) - sums * sums.T / count
    own = np.maximum(squares - sums * sums / count, 0.0)
    scale = np.sqrt(own * own.T)
    found = np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)
    symmetric: Array = np.clip((found + found.T) / 2, -1.0, 1.0)
    np.fill_diagonal(symmetric, 1.0)
    return symmetric
