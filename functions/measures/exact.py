"""Sums that do not depend on order: each product is rounded once, and their sum is rounded once."""

from collections.abc import Iterable, Sequence
from math import fsum
from operator import mul

Vector = Sequence[float]

EXACT_MAX_ASSETS = 200
"""Up to this count, results are computed by exact sums without numpy. Only the count decides, so that the
same input always takes the same path and gives the same bits."""


def dot(left: Iterable[float], right: Iterable[float]) -> float:
    """Return `Σ left_i · right_i`, up to the end of the shorter one."""
    return fsum(map(mul, left, right))
