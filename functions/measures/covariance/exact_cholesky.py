"""Test of a small matrix for positive semi-definiteness, with its margin, by exact sums.

Uses Cholesky factorisation and inverse iteration.
"""

from collections.abc import Sequence
from math import fsum, sqrt

from functions.measures.covariance.form import PSD_TOLERANCE
from functions.measures.exact import dot

Rows = Sequence[Sequence[float]]

ITERATIONS_MAX = 12
CONVERGED_RATIO = 1e-6
GOLDEN = 0.6180339887498949


def least_margin(matrix: Rows) -> float:
    """Return an upper estimate of the least eigenvalue over the trace.

    If `Σ + 1e-10·trace·I` has a Cholesky factor, inverse iteration with it gives the estimate, which is at
    least −1e-10. Otherwise the direction in which the factorisation failed gives an estimate below −1e-10.

    Args:
        matrix: (n, n) symmetric, finite, its trace above zero.
    """
    trace = fsum(row[index] for index, row in enumerate(matrix))
    shift = PSD_TOLERANCE * trace
    factor: list[list[float]] = []
    for index, row in enumerate(matrix):
        left = _forward(factor, row[:index])
        pivot = row[index] + shift - dot(left, left)
        if pivot <= 0:
            return _rayleigh_bound(factor, left, pivot, shift) / trace
        factor.append([*left, sqrt(pivot)])
    return max(_least_eigenvalue(factor) - shift, -shift) / trace


def start_vector(count: int) -> list[float]:
    """Return a vector (n,) that is not orthogonal to any eigenvector of a matrix in practice."""
    return [index * GOLDEN % 1 - 0.5 for index in range(1, count + 1)]


def _forward(factor: Rows, right: Sequence[float]) -> list[float]:
    """Solve `Lx = b` for the leading rows of L."""
    found: list[float] = []
    for row, value in zip(factor, right, strict=True):
        found.append((value - dot(found, row)) / row[len(found)])
    return found


def _backward(factor: Rows, right: Sequence[float]) -> list[float]:
    """Solve `L'x = b`."""
    rest = list(right)
    for index in range(len(rest) - 1, -1, -1):
        row = factor[index]
        rest[index] /= row[index]
        value = rest[index]
        rest[:index] = [each - entry * value for each, entry in zip(rest[:index], row[:index], strict=True)]
    return rest


def _rayleigh_bound(factor: Rows, left: Sequence[float], pivot: float, shift: float) -> float:
    """Return `v'Σv / v'v` for the direction v in which a pivot was not positive: an upper bound."""
    direction = [-value for value in _backward(factor, left)] + [1.0]
    return pivot / dot(direction, direction) - shift


def _least_eigenvalue(factor: Rows) -> float:
    vector, estimate = start_vector(len(factor)), 0.0
    for _ in range(ITERATIONS_MAX):
        solved = _backward(factor, _forward(factor, vector))
        before, estimate = estimate, dot(vector, vector) / dot(vector, solved)
        if abs(estimate - before) <= CONVERGED_RATIO * estimate:
            break
        length = sqrt(dot(solved, solved))
        vector = [value / length for value in solved]
    return estimate
