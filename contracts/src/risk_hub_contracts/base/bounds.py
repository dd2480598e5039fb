"""Compare a number with its bounds; shared by exit limits and the rules of evaluation policies."""

from math import inf
from typing import Literal

__all__ = ["Side", "broken_side"]

Side = Literal["below", "above"]


def broken_side(value: float, lowest: float = -inf, highest: float = inf) -> Side | None:
    """Return the bound that a number breaks; None if it breaks none.

    A number equal to a bound breaks none; neither does NaN.
    """
    if value < lowest:
        return "below"
    return "above" if value > highest else None
