"""Repair of a covariance whose correlations are not positive semi-definite; the variances stay.

Correlations estimated pair by pair, or rounded to a few decimals, are often not those of any data. Two repairs:

- `nearest_correlation`: the correlation matrix with the least Frobenius distance, by alternating projections on
  the positive semi-definite matrices and on those with unit diagonal, with Dykstra's correction. Source: Higham,
  Computing the nearest correlation matrix, 2002.
- `clip`: negative eigenvalues become zero, and the diagonal is scaled to one again. Source: Rebonato, Jäckel, The
  most general methodology to create a valid correlation matrix, 1999.

Both need all eigenvectors: numpy is loaded for a repair even below 200 assets, where plain Python would take more
than a minute (ADR-0050). Up to 200 assets the bits are equal on every processor (`jacobi`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

import numpy as np

from functions.measures.covariance.arrays import Array, largest, to_floats
from functions.measures.covariance.jacobi import eigen, multiply
from functions.measures.exact import EXACT_MAX_ASSETS, dot
from risk_hub_contracts.blob.types import Covariance

Method = Literal["nearest_correlation", "clip"]

ITERATIONS_MAX = 60
# Largest change of one entry between the last two iterations of a repair that has converged.
CHANGE_CONVERGED = 1e-9


@dataclass(frozen=True, slots=True)
class Repair:
    """A repaired covariance, and the size of the repair.

    Attributes:
        covariance: the same ids and variances.
        frobenius_distance: root of the sum of all squared changes of correlations, over ordered pairs.
        largest_change: largest absolute change of one correlation.
        iterations: eigenvalue decompositions.
        converged: whether the last iteration changed no entry by more than 1e-9; if not, the correlations are
            valid, but not yet the nearest.
    """

    covariance: Covariance
    frobenius_distance: float
    largest_change: float
    iterations: int
    converged: bool


def repair_covariance(covariance: Covariance, method: Method) -> Repair | None:
    """Return the repaired covariance; None if a variance is negative, or zero next to covariances other than zero.

    Args:
        covariance: packed upper triangle, finite.
        method: the repair.
    """
    count = len(covariance.ids)
    rows, columns = np.triu_indices(count)
    matrix = np.zeros((count, count))
    matrix[rows, columns] = np.frombuffer(covariance.payload, dtype="<f8")
    matrix[columns, rows] = matrix[rows, columns]
    variances = np.diagonal(matrix).copy()
    varying = variances > 0
    if (variances < 0).any() or matrix[~varying].any():
        return None
    deviations = np.sqrt(variances[varying])
    scale = deviations[:, None] * deviations
    given = matrix[np.ix_(varying, varying)] / scale
    np.fill_diagonal(given, 1.0)
    found, iterations, converged = _METHODS[method](given)
    change = found - given
    changes = to_floats(change.ravel())
    matrix[np.ix_(varying, varying)] = found * scale
    np.fill_diagonal(matrix, variances)
    payload = memoryview(matrix[rows, columns].astype("<f8").tobytes())
    return Repair(
        replace(covariance, payload=payload),
        sqrt(dot(changes, changes)),
        largest(change),
        iterations,
        converged,
    )


def _nearest_correlation(given: Array) -> tuple[Array, int, bool]:
    """Return the nearest correlation matrix, the number of iterations, and whether they converged."""
    current, correction = given, np.zeros_like(given)
    project = _Projection()
    for iteration in range(1, ITERATIONS_MAX + 1):
        target = current - correction
        valid = project(target)
        correction = valid - target
        before, current = current, valid.copy()
        np.fill_diagonal(current, 1.0)
        if max(largest(current - before), largest(current - valid)) <= CHANGE_CONVERGED:
            return _with_unit_diagonal(valid), iteration, True
    return _with_unit_diagonal(valid), ITERATIONS_MAX, False


def _clip(given: Array) -> tuple[Array, int, bool]:
    return _with_unit_diagonal(_Projection()(given)), 1, True


class _Projection:
    """Projection on the positive semi-definite matrices; each starts from the eigenvectors of the last."""

    def __init__(self) -> None:
        self._vectors: Array | None = None

    def __call__(self, matrix: Array) -> Array:
        if len(matrix) > EXACT_MAX_ASSETS:
            values, columns = np.linalg.eigh(matrix)
            kept = columns[:, values > 0]
            return _symmetric((kept * values[values > 0]) @ kept.T)
        values, self._vectors = eigen(matrix, self._vectors)
        kept = self._vectors[values > 0]
        return _symmetric(multiply(kept.T * values[values > 0], kept))


def _symmetric(matrix: Array) -> Array:
    found: Array = (matrix + matrix.T) / 2
    return found


def _with_unit_diagonal(matrix: Array) -> Array:
    deviations = np.sqrt(np.diagonal(matrix))
    found: Array = np.clip(matrix / (deviations[:, None] * deviations), -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found


_METHODS: dict[Method, Callable[[Array], tuple[Array, int, bool]]] = {
    "nearest_correlation": _nearest_correlation,
    "clip": _clip,
}
