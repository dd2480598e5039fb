"""Test of a large packed matrix for positive semi-definiteness, by tiled Cholesky factorisation.

The tiles of one triangle take as much memory as the packed triangle, so the peak stays near twice the blob.
"""

from collections.abc import Iterator
from math import sqrt

import numpy as np

from functions.measures.covariance.arrays import Array
from functions.measures.covariance.exact_cholesky import start_vector
from functions.measures.covariance.form import NOT_PSD, PSD_TOLERANCE, Verdict, verdict_from_margin

Tiles = dict[tuple[int, int], Array]

TILE = 256
ITERATIONS = 12


def tiled_verdict(upper: Array, count: int, trace: float) -> Verdict:
    """Return the verdict on a packed upper triangle; its margin is an upper estimate.

    `Σ + 1e-10·trace·I` is positive definite if and only if it has a Cholesky factor; a few rounds of inverse
    iteration with that factor then estimate the least eigenvalue. Without a factor the margin is None.

    Args:
        upper: (n(n+1)/2,) row-major, finite.
        count: n.
        trace: trace of the matrix, above zero.
    """
    shift = PSD_TOLERANCE * trace
    tiles = _lower_tiles(upper, count, shift)
    try:
        _factorise(tiles, -(-count // TILE))
    except np.linalg.LinAlgError:
        return NOT_PSD
    least = _least_eigenvalue(tiles, count)
    return verdict_from_margin(max(least - shift, -shift) / trace)


def _lower_tiles(upper: Array, count: int, shift: float) -> Tiles:
    """Return the lower triangle in tiles `(row, column)`, with the shift added to its diagonal."""
    tiles: Tiles = {}
    position = 0
    for start in range(0, count, TILE):
        strip = np.zeros((min(TILE, count - start), count - start))
        for row, target in enumerate(strip):
            length = count - start - row
            target[row:] = upper[position : position + length]
            target[row] += shift
            position += length
        for column in range(start, count, TILE):
            part = strip[:, column - start : column - start + TILE]
            tiles[column // TILE, start // TILE] = np.ascontiguousarray(part.T)
    return tiles


def _factorise(tiles: Tiles, tile_count: int) -> None:
    """Replace the tiles of a symmetric matrix by those of its Cholesky factor L, column by column."""
    for column in range(tile_count):
        pivot = np.linalg.cholesky(tiles[column, column])
        tiles[column, column] = pivot
        inverse = np.linalg.inv(pivot).T
        for row in range(column + 1, tile_count):
            tiles[row, column] = tiles[row, column] @ inverse
        for row in range(column + 1, tile_count):
            for other in range(column + 1, row + 1):
                tiles[row, other] -= tiles[row, column] @ tiles[other, column].T


def _least_eigenvalue(tiles: Tiles, count: int) -> float:
    vector, estimate = np.array(start_vector(count)), 0.0
    for _ in range(ITERATIONS):
        solved = _solve(tiles, vector)
        estimate = float(vector @ vector) / float(vector @ solved)
        vector = solved / sqrt(float(solved @ solved))
    return estimate


def _solve(tiles: Tiles, right: Array) -> Array:
    """Solve `LL'x = b`."""
    found = right.copy()
    slices = list(_slices(len(right)))
    for column, own in enumerate(slices):
        found[own] = np.linalg.solve(tiles[column, column], found[own])
        for row in range(column + 1, len(slices)):
            found[slices[row]] -= tiles[row, column] @ found[own]
    for column in range(len(slices) - 1, -1, -1):
        own = slices[column]
        for row in range(column + 1, len(slices)):
            found[own] -= tiles[row, column].T @ found[slices[row]]
        found[own] = np.linalg.solve(tiles[column, column].T, found[own])
    return found


def _slices(count: int) -> Iterator[slice]:
    for start in range(0, count, TILE):
        yield slice(start, min(start + TILE, count))
