"""Sums that do not depend on their order: products rounded once each, their sum rounded once."""

from collections.abc import Iterable, Sequence
from math import fsum
from operator import mul

Vector = Sequence[float]

EXACT_MAX_ASSETS = 200
"""Up to so many assets everything is computed by exact sums without numpy; the count alone decides, so that the same
input always takes the same path and gives the same bits."""


def dot(left: Iterable[float], right: Iterable[float]) -> float:
    """Return `Σ left_i · right_i`; the shorter one decides the length."""
    return fsum(map(mul, left, right))
