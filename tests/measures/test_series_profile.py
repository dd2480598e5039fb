"""Profiles of return series, and the frequency of dated series."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.measures.covariance.array_profile import array_profile
from functions.measures.frequency import periods_per_year_of
from functions.measures.series_profile import SeriesProfile, series_profile

CENTRED = np.array([0.02, -0.01, 0.03, 0, 0]) - 0.008
VALUES = st.lists(
    st.one_of(st.just(0.0), st.floats(-2, 2, allow_subnormal=False), st.just(nan)), min_size=1, max_size=30
)


def fields(profile: SeriesProfile | None) -> list[float]:
    assert profile is not None
    return [getattr(profile, name) for name in SeriesProfile.__slots__]


@given(VALUES)
def test_exact_and_array_profiles_agree(values: list[float]) -> None:
    exact, array = series_profile(values), array_profile(values)
    if exact is None:
        assert array is None
    else:
        assert fields(array) == pytest.approx(fields(exact), rel=1e-6, abs=1e-7)


@given(VALUES, st.sampled_from([0.25, 4.0, 1024.0]))
def test_profile_scales_with_the_returns(values: list[float], factor: float) -> None:
    one, scaled = series_profile(values), series_profile([factor * value for value in values])
    if one is not None and scaled is not None:
        assert scaled.least == factor * one.least
        assert scaled.median_size == factor * one.median_size
        assert (scaled.zero_share, scaled.last_zeros) == (one.zero_share, one.last_zeros)


def test_profile_of_known_values() -> None:
    found = series_profile([0.02, -0.01, nan, 0.03, 0.0, 0.0])
    assert fields(found) == [
        5,
        -0.01,
        0.0,
        0.01,
        pytest.approx(np.std([0.02, -0.01, 0.03, 0, 0], ddof=1)),
        0.4,
        2,
        2,
        0.02,
        pytest.approx(np.dot(CENTRED[1:], CENTRED[:-1]) / np.dot(CENTRED, CENTRED)),
        0.03,
        -0.01,
        0.0,
    ]
    assert series_profile([nan, 1e300]) is None


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        ([1], 365.0),
        ([1, 1, 1, 1, 3], 252.0),
        ([7], 52.0),
        ([30, 31], 12.0),
        ([91], 4.0),
        ([14], 26.0),
        ([365], None),
    ],
)
def test_frequency_follows_from_the_median_gap(days: list[int], wanted: float | None) -> None:
    dates = [date(2025, 1, 6)]
    for number in range(60):
        dates.append(dates[-1] + timedelta(days=days[number % len(days)]))
    assert periods_per_year_of(dates) == wanted
    assert periods_per_year_of(dates[:4]) is None


@pytest.mark.parametrize(
    ("weekdays", "wanted"),
    [((0, 1, 2, 3, 4), 252.0), ((6, 0, 1, 2, 3), 252.0), (range(7), 365.0)],
    ids=["Monday to Friday", "Sunday to Thursday", "every day"],
)
def test_only_series_with_both_days_of_the_weekend_count_calendar_days(
    weekdays: Sequence[int], wanted: float
) -> None:
    """Sunday to Thursday is a week in Riyadh, and the UTC dates of midnights in Seoul."""
    days = [date(2025, 1, 6) + timedelta(days=count) for count in range(200)]
    assert periods_per_year_of([day for day in days if day.weekday() in weekdays]) == wanted
