"""Freshness status of a world: late, stale and missing are distinct, and quiet hours suppress only alarms."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.hub.domain.freshness import (
    NewestSnapshot,
    StageTally,
    WorldRow,
    freshness_status,
    tally,
    worst,
)
from risk_hub_contracts.worlds.expectation import Expectation
from tests.fakes.clock import START

STAGES = frozenset({"paper", "live"})
# START is noon.
NOON = [{"from": "11:00", "to": "13:00"}]


def row(world_id: str = "w1", *, lag: float | None = 0, stage: str = "paper", **wanted: Any) -> WorldRow:
    """Return a world expected since one day ago; its newest snapshot is `lag` seconds old (None: no
    snapshot).
    """
    expectation = Expectation.model_validate({"owner": "desk-a", **wanted})
    head = None if lag is None else newest(START - timedelta(seconds=lag))
    return WorldRow(world_id, stage, head, expectation, START - timedelta(days=1))


def newest(as_of: datetime) -> NewestSnapshot:
    return NewestSnapshot("v1", as_of, as_of, as_of + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("lag", "state"),
    [(0, "fresh"), (600, "fresh"), (600.001, "late"), (1_800, "late"), (1_800.001, "stale"), (1e9, "stale")],
)
def test_world_is_late_or_stale_only_past_its_limit(lag: float, state: str) -> None:
    assert freshness_status(row(lag=lag), START).state == state


def test_expired_snapshot_can_still_be_fresh() -> None:
    """INV-07 restricts reads; freshness depends on when the producer last published."""
    seen = row(lag=30)
    assert seen.head is not None
    assert seen.head.expires_at < START
    assert freshness_status(seen, START).state == "fresh"


def test_f25_world_without_any_snapshot_is_missing_and_not_stale() -> None:
    seen = freshness_status(row(lag=None), START)
    assert (seen.state, seen.lag_seconds) == ("missing", None)


def test_registered_world_is_awaited_for_its_warning_time_then_missing() -> None:
    registered = WorldRow("w1", "paper", None, Expectation(owner="a", warn_seconds=60), START)
    assert freshness_status(registered, START + timedelta(seconds=60)).state == "awaited"
    assert freshness_status(registered, START + timedelta(seconds=60.001)).state == "missing"


def test_disabled_and_unregistered_worlds_are_not_awaited() -> None:
    assert freshness_status(row(lag=None, enabled=False), START).state == "disabled"
    assert freshness_status(WorldRow("w1", "paper", newest(START)), START).state == "unexpected"


def test_snapshot_with_a_future_as_of_has_zero_lag() -> None:
    assert freshness_status(row(lag=-250), START).lag_seconds == 0


def counted(*rows: WorldRow, at: datetime = START) -> StageTally:
    return tally([freshness_status(each, at) for each in rows], STAGES)["paper"]


def test_f23_worlds_are_counted_by_status_for_every_stage() -> None:
    rows = [
        row("fresh"),
        row("late", lag=700),
        row("stale", lag=2_000),
        row("missing", lag=None),
        row("off", enabled=False, lag=9_999),
        WorldRow("unasked", "paper", newest(START)),
        row("elsewhere", stage="made-up", lag=9_999),
    ]
    counts = tally([freshness_status(each, START) for each in rows], STAGES)
    assert counts["paper"] == StageTally(
        expected=4, unexpected=1, missing=1, late=2, stale=1, long_missing=1, worst_lag_seconds=2_000
    )
    assert counts["live"] == StageTally()
    assert counts.keys() == STAGES


def test_quiet_hours_suppress_only_the_alarm_counts() -> None:
    quiet = counted(row(lag=2_000, quiet_hours_utc=NOON))
    assert (quiet.late, quiet.stale, quiet.quiet) == (0, 0, 1)
    assert (quiet.worst_lag_seconds, quiet.expected) == (2_000, 1)
    assert freshness_status(row(lag=2_000, quiet_hours_utc=NOON), START).state == "stale"
    late = counted(row(lag=700, quiet_hours_utc=NOON))
    assert (late.late, late.quiet) == (0, 1)
    loud = counted(row(lag=2_000 - 3_600, quiet_hours_utc=NOON), at=START + timedelta(hours=1))
    assert (loud.stale, loud.quiet) == (1, 0)


def test_missing_world_is_not_counted_for_alarms_in_quiet_hours() -> None:
    absent = row(lag=None, quiet_hours_utc=NOON)
    assert freshness_status(absent, START).state == "missing"
    quiet, loud = counted(absent), counted(absent, at=START + timedelta(hours=1))
    assert (quiet.missing, quiet.quiet, quiet.expected) == (0, 1, 1)
    assert (loud.missing, loud.quiet, loud.expected) == (1, 0, 1)


def spread(*rows: WorldRow, at: datetime = START) -> int:
    return counted(*rows, at=at).spread


def test_newly_stale_world_next_to_a_stale_one_counts_as_spread_for_five_minutes() -> None:
    """An alarm on the number of silent worlds would fire for the first one but not for the second."""
    old, new, well = row("old", lag=9_000), row("new", lag=1_801), row("well")
    assert [spread(old, well), spread(new, well), spread(old, new, well)] == [0, 0, 1]
    assert spread(old, new, at=START + timedelta(seconds=299)) == 1
    assert spread(old, new, at=START + timedelta(seconds=300)) == 0


def test_worlds_that_become_stale_together_do_not_count_as_spread() -> None:
    assert spread(row("a", lag=1_801), row("b", lag=1_900), row("c", lag=2_099)) == 0


def test_missing_and_stale_worlds_are_counted_separately_for_spread() -> None:
    missing = row("never", lag=None)
    assert spread(missing, row("new", lag=1_801)) == 0
    registered = START - timedelta(seconds=601)
    too = WorldRow("too", "paper", None, Expectation(owner="a"), registered)
    assert spread(missing, too) == 1


def test_stale_world_counts_as_spread_when_its_quiet_hours_end() -> None:
    one_o_clock = START + timedelta(hours=1)
    silent = row("quiet", lag=9_000, quiet_hours_utc=NOON)
    assert spread(row("old", lag=9_000), silent) == 0
    assert spread(row("old", lag=9_000), silent, at=one_o_clock) == 1
    assert spread(row("old", lag=9_000), silent, at=one_o_clock + timedelta(minutes=5)) == 0


def test_world_with_a_backfilled_old_snapshot_does_not_count_as_spread() -> None:
    """Before a backfill into an empty world, the world counts as silent."""
    assert spread(row("old", lag=9_000), row("backfilled", lag=8_000)) == 0


@pytest.mark.parametrize(
    ("hours", "at", "quiet"),
    [
        ({"from": "22:00", "to": "00:00"}, "23:59:59.999999", True),
        ({"from": "22:00", "to": "00:00"}, "00:00:00", False),
        ({"from": "00:00", "to": "06:00"}, "00:00:00", True),
        ({"from": "00:00", "to": "06:00"}, "23:59:59.999999", False),
        ({"from": "23:30", "to": "00:30"}, "00:29:59.999999", True),
        ({"from": "23:30", "to": "00:30"}, "00:30:00", False),
        ({"from": "23:30", "to": "00:30"}, "23:29:59.999999", False),
    ],
)
def test_quiet_hours_include_start_and_exclude_end_around_midnight(
    hours: dict[str, str], at: str, *, quiet: bool
) -> None:
    instant = datetime.fromisoformat(f"2026-03-29T{at}+00:00")
    assert freshness_status(row(lag=9_999, quiet_hours_utc=[hours]), instant).quiet == quiet


def test_worst_worlds_are_missing_ones_then_those_furthest_past_their_limit() -> None:
    rows = [
        row("slow", lag=4_001, warn_seconds=4_000, critical_seconds=8_000),
        row("fast", lag=100, warn_seconds=10, critical_seconds=20),
        row("never", lag=None),
        row("off", lag=9_999, enabled=False),
        row("made-up", lag=9_999, stage="made-up"),
    ]
    found = worst([freshness_status(each, START) for each in rows], STAGES, 3)
    assert [each.row.world_id for each in found] == ["never", "fast", "slow"]


@given(st.permutations(range(6)), st.integers(0, 500))
def test_f30_worlds_with_metrics_stay_the_same_while_all_are_fresh(lags: list[int], later: int) -> None:
    """A metric is billed by the hour: 50 different worlds each minute would cost as much as all worlds."""
    rows = [row(f"w{number}", lag=lag * 10) for number, lag in enumerate(lags)]
    found = worst(
        [freshness_status(each, START + timedelta(seconds=later)) for each in reversed(rows)], STAGES, 3
    )
    assert [each.row.world_id for each in found] == ["w0", "w1", "w2"]


@given(st.lists(st.one_of(st.none(), st.integers(0, 5_000)), max_size=40))
def test_every_expected_world_is_counted_once(lags: Sequence[int | None]) -> None:
    counts = counted(*(row(f"w{number}", lag=lag) for number, lag in enumerate(lags)))
    came = [lag for lag in lags if lag is not None]
    assert counts.expected == len(lags)
    assert counts.missing == len(lags) - len(came)
    assert counts.late == sum(lag > 600 for lag in came)
    assert counts.stale == sum(lag > 1_800 for lag in came)
    assert counts.worst_lag_seconds == max(came, default=None)


def test_quiet_hours_are_in_utc() -> None:
    assert NOON[0]["from"] < START.astimezone(UTC).strftime("%H:%M") < NOON[0]["to"]
