"""Eigenvalues of a symmetric matrix by parallel Jacobi rotations, with equal bits on every processor.

Each operation acts on single elements (product, sum, quotient, root), which IEEE 754 rounds in one way only.
LAPACK is faster, but the last bits of its sums depend on the processor family and on the number of threads.
Source: Golub, Van Loan, Matrix Computations, ch. 8.5 (cyclic Jacobi, round-robin order).
"""

import numpy as np
from numpy.typing import NDArray

from functions.measures.covariance.arrays import Array, largest

Indices = NDArray[np.intp]

SWEEPS_MAX = 30
# Off-diagonal entries below this share of the largest diagonal entry are rounding.
CONVERGED_RATIO = 1e-15
# Smaller entries, of a matrix of the size of correlations, are not rotated: their quotients could overflow.
NEGLIGIBLE = 1e-30


def eigen(matrix: Array, start: Array | None = None) -> tuple[Array, Array]:
    """Return the eigenvalues (n,), unsorted, and the eigenvectors as rows (n, n).

    Args:
        matrix: (n, n) symmetric.
        start: eigenvectors of a similar matrix, as rows: fewer sweeps are then needed.
    """
    count = len(matrix)
    vectors = np.eye(count) if start is None else start.copy()
    work = matrix.copy() if start is None else multiply(multiply(start, matrix), start.T)
    rounds = _rounds(count)
    for _ in range(SWEEPS_MAX):
        diagonal = np.diagonal(work)
        off = largest(work - np.diag(diagonal))
        if off <= CONVERGED_RATIO * largest(diagonal):
            break
        for first, second in rounds:
            _rotate(work, vectors, first, second)
    return np.diagonal(work).copy(), vectors


def multiply(left: Array, right: Array) -> Array:
    """Return the product of two matrices, adding in the order of the columns of the left one."""
    total = np.zeros((len(left), right.shape[1]))
    for index in range(left.shape[1]):
        total += left[:, index, None] * right[index]
    return total


def _rounds(count: int) -> list[tuple[Indices, Indices]]:
    """Return rounds of disjoint pairs that together contain every pair once."""
    seats = list(range(count + count % 2))
    found = []
    for _ in range(len(seats) - 1):
        half = len(seats) // 2
        pairs = [
            (a, b) for a, b in zip(seats[:half], seats[: half - 1 : -1], strict=True) if max(a, b) < count
        ]
        found.append((np.array([min(pair) for pair in pairs]), np.array([max(pair) for pair in pairs])))
        seats = [seats[0], seats[-1], *seats[1:-1]]
    return found


def _rotate(work: Array, vectors: Array, first: Indices, second: Indices) -> None:
    """Set the entries of disjoint pairs to zero by one rotation each."""
    mixed = work[first, second]
    turning = abs(mixed) > NEGLIGIBLE
    half = work[second, second] - work[first, first]
    ratio = np.divide(half, 2 * mixed, out=np.zeros_like(half), where=turning)
    tangent = np.where(ratio < 0, -1.0, 1.0) / (abs(ratio) + np.sqrt(ratio * ratio + 1))
    tangent = np.where(turning, tangent, 0.0)
    cosine = 1 / np.sqrt(tangent * tangent + 1)
    sine = tangent * cosine
    for array in (work, vectors):
        _combine(array, first, second, cosine[:, None], sine[:, None])
    _combine(work.T, first, second, cosine[:, None], sine[:, None])


def _combine(rows: Array, first: Indices, second: Indices, cosine: Array, sine: Array) -> None:
    left, right = rows[first], rows[second]
    rows[first], rows[second] = cosine * left - sine * right, sine * left + cosine * right
