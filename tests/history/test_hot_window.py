"""The window of a world: the days of its stage, or less if its own rate would fill its share of the table."""

from datetime import timedelta

import pytest

from functions.history.hot_window import WINDOW_MAX_BYTES, WINDOW_MIN, hot_window
from functions.history.ports import HOT_SAMPLE_COUNT, HotLoad
from tests.fakes.clock import START

DAYS_35 = timedelta(days=35)


def load(a_second: float, size_bytes: int = 2_000) -> HotLoad:
    """Return the load of a world with so many snapshots a second, each of one size with its index entries."""
    since = START - timedelta(seconds=HOT_SAMPLE_COUNT / a_second)
    return HotLoad(HOT_SAMPLE_COUNT, HOT_SAMPLE_COUNT * size_bytes, since)


@pytest.mark.parametrize(
    ("a_second", "days"), [(1 / 60, 35), (0.4, 35), (1, 14.468), (10, 1.4468), (100, 0.14468)]
)
def test_a_window_is_the_days_of_the_stage_or_what_fills_a_quarter_of_the_table(
    a_second: float, days: float
) -> None:
    window = hot_window(DAYS_35, load(a_second), START)
    assert window / timedelta(days=1) == pytest.approx(days, rel=1e-3)
    assert window.total_seconds() * a_second * 2_000 <= WINDOW_MAX_BYTES


def test_no_window_is_shorter_than_what_readers_take_for_granted() -> None:
    assert hot_window(DAYS_35, load(1_000, size_bytes=300_000), START) == WINDOW_MIN
    assert hot_window(timedelta(seconds=5), load(1), START) == WINDOW_MIN


@pytest.mark.parametrize("few", [HotLoad(0, 0, None), HotLoad(HOT_SAMPLE_COUNT - 1, 10**9, START)])
def test_a_world_with_few_snapshots_has_the_longest_window(few: HotLoad) -> None:
    assert hot_window(DAYS_35, few, START) == DAYS_35


def test_a_world_that_was_busy_once_and_is_silent_now_has_the_longest_window() -> None:
    burst = HotLoad(HOT_SAMPLE_COUNT, HOT_SAMPLE_COUNT * 2_000, START - timedelta(days=9))
    assert hot_window(DAYS_35, burst, START) == DAYS_35


def test_arrivals_at_one_instant_count_as_those_of_one_second() -> None:
    at_once = HotLoad(HOT_SAMPLE_COUNT, HOT_SAMPLE_COUNT * 2_000, START)
    assert hot_window(DAYS_35, at_once, START) == hot_window(DAYS_35, load(100), START)
