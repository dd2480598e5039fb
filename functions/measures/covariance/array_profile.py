"""Profile of one of more than 200 series, on numpy."""

from collections.abc import Sequence

import numpy as np

from functions.measures.series_profile import SeriesProfile, resolved_deviation
from risk_hub_contracts.base.limits import RETURN_MAX_ABS


def array_profile(values: Sequence[float]) -> SeriesProfile | None:
    """Return the profile of a series, as `series_profile` does."""
    given = np.asarray(values, dtype=np.float64)
    known = given[abs(given) <= RETURN_MAX_ABS]
    count = len(known)
    if not count:
        return None
    ordered, sizes = np.sort(known), np.sort(abs(known))
    centred = known - known.mean()
    squares = float(np.einsum("t,t->", centred, centred))
    deviation = resolved_deviation(squares, count, float(sizes[-1]))
    moves = np.flatnonzero(known)
    largest = ordered[0] if -ordered[0] >= ordered[-1] else ordered[-1]
    place = int((known == largest).argmax())
    between = np.diff(moves, prepend=-1, append=count) - 1
    return SeriesProfile(
        observations=count,
        least=float(ordered[0]),
        median=float(ordered[count // 2]),
        median_size=float(sizes[count // 2]),
        deviation=deviation,
        zero_share=(count - len(moves)) / count,
        last_zeros=count - 1 - int(moves[-1]) if len(moves) else count,
        longest_zeros=int(between.max()),
        moving_size=float(sizes[(2 * count - len(moves)) // 2]) if len(moves) else 0.0,
        autocorrelation=float(np.einsum("t,t->", centred[1:], centred[:-1])) / squares if deviation else 0.0,
        largest=float(largest),
        before_largest=float(known[place - 1]) if place else 0.0,
        after_largest=float(known[place + 1]) if place + 1 < count else 0.0,
    )
