"""The comparison of a number with its bounds that all rules share: exit limits and rules of evaluation policies."""

from math import inf
from typing import Literal

__all__ = ["Side", "broken_side"]

Side = Literal["below", "above"]


def broken_side(value: float, lowest: float = -inf, highest: float = inf) -> Side | None:
    """Return the bound that a number breaks, None within them. A number at a bound is within it; so is NaN."""
    if value < lowest:
        return "below"
    return "above" if value > highest else None
