"""Profile of one series of one-period returns: the statistics that plausibility checks use."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import fsum, sqrt
from operator import mul

from risk_hub_contracts.base.limits import RETURN_MAX_ABS

# A deviation below this share of the largest return is not distinguished from rounding.
DEVIATION_MIN_RATIO = 1e-6


@dataclass(frozen=True, slots=True)
class SeriesProfile:
    """Statistics of one series, oldest first, without values beyond the contract's range.

    Attributes:
        observations: number of values, at least 1.
        least: the smallest value.
        median: the middle value, the upper one of two.
        median_size: the middle absolute value.
        deviation: sample standard deviation, 0 if it is within rounding or there is one value.
        zero_share: share of values that are exactly zero.
        last_zeros: number of zeros at the end.
        longest_zeros: number of zeros in the longest run of them.
        moving_size: the middle absolute value of those that are not zero; 0 if all are.
        autocorrelation: correlation of neighbouring values, -1 to 1; 0 if the deviation is 0.
        largest: the value of the greatest size, with its sign.
        before_largest: the value before it; 0 if it is the first.
        after_largest: the value after it; 0 if it is the last.
    """

    observations: int
    least: float
    median: float
    median_size: float
    deviation: float
    zero_share: float
    last_zeros: int
    longest_zeros: int
    moving_size: float
    autocorrelation: float
    largest: float
    before_largest: float
    after_largest: float


def series_profile(values: Sequence[float]) -> SeriesProfile | None:
    """Return the profile of a series; None if it has no value within the contract's range."""
    known = [value for value in values if abs(value) <= RETURN_MAX_ABS]
    count = len(known)
    if not count:
        return None
    ordered, sizes = sorted(known), sorted(map(abs, known))
    squares = fsum(map(mul, known, known)) - fsum(known) ** 2 / count
    deviation = resolved_deviation(squares, count, sizes[-1])
    zeros = bisect_right(sizes, 0.0)
    largest = ordered[0] if -ordered[0] >= ordered[-1] else ordered[-1]
    place = known.index(largest)
    return SeriesProfile(
        observations=count,
        least=ordered[0],
        median=ordered[count // 2],
        median_size=sizes[count // 2],
        deviation=deviation,
        zero_share=zeros / count,
        last_zeros=_last_zeros(known),
        longest_zeros=_longest_zeros(known) if zeros else 0,
        moving_size=sizes[(zeros + count) // 2] if zeros < count else 0.0,
        autocorrelation=_autocorrelation(known) if deviation else 0.0,
        largest=largest,
        before_largest=known[place - 1] if place else 0.0,
        after_largest=known[place + 1] if place + 1 < count else 0.0,
    )


def resolved_deviation(squares: float, count: int, largest: float) -> float:
    """Return the deviation from a sum of squares about the mean; 0 if it is within rounding of `largest`."""
    deviation = sqrt(max(squares, 0.0) / (count - 1)) if count > 1 else 0.0
    return deviation if deviation > DEVIATION_MIN_RATIO * largest else 0.0


def _autocorrelation(values: Sequence[float]) -> float:
    """Return the first sample autocorrelation; 0 if the squares of the deviations are below the range of a float."""
    mean = fsum(values) / len(values)
    centred = [value - mean for value in values]
    squares = fsum(map(mul, centred, centred))
    return fsum(map(mul, centred[1:], centred)) / squares if squares else 0.0


def _longest_zeros(values: Sequence[float]) -> int:
    return max(sum(1 for _ in run) for is_zero, run in groupby(values, (0.0).__eq__) if is_zero)


def _last_zeros(values: Sequence[float]) -> int:
    count = 0
    while count < len(values) and values[-1 - count] == 0:
        count += 1
    return count
