"""Confidence as a whole number of basis points: 9900 is 99 %."""

from typing import Final

BPS_PER_ONE: Final = 10_000
DEFAULT_CONFIDENCES_BPS: Final = (9_500, 9_750, 9_900)
"""Confidences of VaR and ES that are computed unless a snapshot names others."""
TAIL_MIN_OBSERVATIONS: Final = 3
"""Least losses in the tail; with fewer, one loss decides the number, and its standard error is undefined."""
WINDOW_MIN_OBSERVATIONS: Final = 20
"""A shorter window is extended back to this number; a drawdown of fewer observations counts as missing."""


def required_observations(confidence_bps: int) -> int:
    """Return `1/(1−c)` rounded up: the sample size at which one observation is expected beyond the quantile.

    A smaller sample has no empirical tail: fewer than one loss beyond the quantile is expected.
    """
    return -(-BPS_PER_ONE // (BPS_PER_ONE - confidence_bps))


def interpolated_tail_observations(observations: int, confidence_bps: int) -> int:
    """Return `⌊p·(T − 1)⌋ + 1`, `p = 1 − c`: losses at or beyond the interpolated quantile (type 7), without ties."""
    return (observations - 1) * (BPS_PER_ONE - confidence_bps) // BPS_PER_ONE + 1
