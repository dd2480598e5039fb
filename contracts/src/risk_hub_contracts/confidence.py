"""Confidence as a whole number of basis points: 9900 is 99 %."""

from typing import Final

BPS_PER_ONE: Final = 10_000


def required_observations(confidence_bps: int) -> int:
    """Return `1/(1−c)` rounded up: from so many observations on, one is expected beyond the quantile.

    With fewer there is no empirical tail, and a right model is expected to fail less than once.
    """
    return -(-BPS_PER_ONE // (BPS_PER_ONE - confidence_bps))
