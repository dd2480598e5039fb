"""Sums that do not depend on order: each product is rounded once, and their sum is rounded once."""

import math
from collections.abc import Callable, Iterable, Sequence
from math import fsum
from operator import mul

Vector = Sequence[float]

EXACT_MAX_ASSETS = 200
"""Up to this count, results are computed by exact sums without numpy. Only the count decides, so that the
same input always takes the same path and gives the same bits."""


def dot(left: Iterable[float], right: Iterable[float]) -> float:
    """Return `Σ left_i · right_i`, up to the end of the shorter one."""
    return fsum(map(mul, left, right))


fast_dot: Callable[[Sequence[float], Sequence[float]], float] = getattr(math, "sumprod", dot)
"""Return `Σ left_i · right_i` of two sequences of one length, several times as fast as `dot` from 3.12 on.

Its rounding may differ from that of `dot` in the last digit.
"""


def _sum_of_products(integers: Sequence[int], other_integers: Sequence[int]) -> int:
    return sum(map(mul, integers, other_integers))


integer_dot: Callable[[Sequence[int], Sequence[int]], int] = getattr(math, "sumprod", _sum_of_products)
"""Return `Σ left_i · right_i` of integers.

Exact in every Python version, and three times as fast as `dot` from 3.12 on.
"""
