"""Packed upper triangles: row-major, n(n+1)/2 numbers for n ids."""

from collections.abc import Sequence


def triangle_size(count: int) -> int:
    """Return how many numbers the triangle of `count` ids has."""
    return count * (count + 1) // 2


def triangle_index(count: int, row: int, column: int) -> int:
    """Return the position of the entry (row, column), given in either order."""
    low, high = (row, column) if row <= column else (column, row)
    return low * count - low * (low + 1) // 2 + high


def reorder_triangle(upper: Sequence[float], order: Sequence[int]) -> Sequence[float]:
    """Return the triangle for the ids in another order (`order`: positions in the current one)."""
    count = len(order)
    if list(order) == list(range(count)):
        return upper
    return [
        upper[triangle_index(count, first, second)]
        for position, first in enumerate(order)
        for second in order[position:]
    ]
