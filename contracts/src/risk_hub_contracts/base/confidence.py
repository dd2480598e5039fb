"""Confidence as a whole number of basis points: 9900 is 99 %."""

from typing import Final

BPS_PER_ONE: Final = 10_000
DEFAULT_CONFIDENCES_BPS: Final = (9_500, 9_750, 9_900)
"""Confidences of VaR and ES that are computed unless a snapshot names others."""


def required_observations(confidence_bps: int) -> int:
    """Return `1/(1−c)` rounded up: the sample size at which one observation is expected beyond the quantile.

    A smaller sample has no empirical tail, and a correct model is expected to fail less than once.
    """
    return -(-BPS_PER_ONE // (BPS_PER_ONE - confidence_bps))
