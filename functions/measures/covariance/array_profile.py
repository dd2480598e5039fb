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
    moves = np.flatnonzero(known)
    return SeriesProfile(
        observations=count,
        least=float(ordered[0]),
        median=float(ordered[count // 2]),
        median_size=float(sizes[count // 2]),
        deviation=resolved_deviation(float(np.einsum("t,t->", centred, centred)), count, float(sizes[-1])),
        zero_share=(count - len(moves)) / count,
        last_zeros=count - 1 - int(moves[-1]) if len(moves) else count,
    )
