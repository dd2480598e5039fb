"""Profiles of many series: up to 200 without numpy, more with it."""

from collections.abc import Sequence

from functions.measures.exact import EXACT_MAX_ASSETS, Vector
from functions.measures.series_profile import SeriesProfile, series_profile


def series_profiles(series: Sequence[Vector]) -> list[SeriesProfile | None]:
    """Return the profile of each series; their number decides whether numpy is used."""
    if len(series) <= EXACT_MAX_ASSETS:
        return [series_profile(values) for values in series]
    from functions.measures.covariance.array_profile import array_profile  # noqa: PLC0415 - numpy, above the exact path

    return [array_profile(values) for values in series]
