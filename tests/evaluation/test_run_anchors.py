"""Anchoring: one linked anchor for each hour, also after crashes and concurrent runs."""

from datetime import timedelta
from typing import Any

import pytest

from functions.evaluation.runs.anchor_runs import (
    ANCHOR_SETTLE,
    HOURS_MAX_COUNT,
    AnchorConflictError,
    AnchoredHour,
    AnchorRuns,
)
from functions.hub.ports import Dependency, DependencyUnavailableError
from risk_hub_contracts.base.canonical import sha256_hex
from risk_hub_contracts.runs.anchor import (
    Anchor,
    decode_leaves,
    following_hour,
    hour_of,
    hour_start,
    read_anchor,
)
from tests.fakes.anchored_runs import AnchoredRuns, anchored_sample
from tests.fakes.clock import START
from tests.fakes.runs import MemoryAnchors, draft, run_key

HOUR = hour_of(START)


def leaves(world: AnchoredRuns, hour: str) -> dict[str, int]:
    """Return the anchored sequence of each strategy in an hour."""
    (stored,) = [each for each in world.anchors.anchors() if each.hour == hour]
    data = world.anchors.leaves(read_anchor(stored.data).root)
    assert data is not None
    return {leaf.key.rpartition("/")[2]: leaf.sequence for leaf in decode_leaves(data)}


def test_an_hour_is_anchored_once_it_has_ended_and_its_items_are_visible() -> None:
    world = AnchoredRuns()
    world.create(draft())
    world.clock.now = hour_start(following_hour(HOUR)) + ANCHOR_SETTLE - timedelta(microseconds=1)
    world.anchor()
    assert HOUR not in world.anchors.hours
    world.clock.advance(microseconds=1)
    assert world.anchor() == [AnchoredHour(HOUR, 1)]
    assert world.anchor() == []


def test_an_anchor_has_the_last_item_of_each_run_that_moved_in_its_hour_or_the_one_before() -> None:
    world = anchored_sample()
    assert leaves(world, HOUR) == {"a": 1, "b": 1}
    assert leaves(world, following_hour(HOUR, 1)) == {"a": 3, "b": 1, "c": 1}
    assert leaves(world, following_hour(HOUR, 2)) == {"a": 4, "b": 2, "c": 1}
    assert leaves(world, following_hour(HOUR, 3)) == {"a": 4, "b": 2}


def test_each_anchor_states_the_digest_of_the_one_before() -> None:
    stored = list(anchored_sample().anchors.anchors())
    anchors = [read_anchor(each.data) for each in stored]
    assert [anchor.hour for anchor in anchors] == [following_hour(HOUR, count) for count in range(4)]
    assert [anchor.previous_sha256 for anchor in anchors] == [
        None,
        *(sha256_hex(each.data) for each in stored[:-1]),
    ]
    assert [each.data for each in stored] == [anchor.data() for anchor in anchors]


def test_an_hour_without_items_is_anchored_too() -> None:
    world = AnchoredRuns()
    assert [world.next_hour() for _ in range(2)] == [
        [AnchoredHour(HOUR, 0)],
        [AnchoredHour(following_hour(HOUR), 0)],
    ]
    assert world.verify().broken == ()


def test_after_an_outage_each_missed_hour_has_its_anchor() -> None:
    world = AnchoredRuns()
    world.next_hour()
    world.create(draft())
    world.clock.advance(hours=7)
    assert [each.count for each in world.anchor()] == [1, 1, 0, 0, 0, 0, 0]
    assert world.verify().broken == ()


def test_a_long_outage_is_caught_up_over_several_runs() -> None:
    world = AnchoredRuns()
    world.next_hour()
    world.clock.advance(hours=HOURS_MAX_COUNT + 3)
    assert [len(world.anchor()) for _ in range(3)] == [HOURS_MAX_COUNT, 3, 0]
    assert world.verify().broken == ()


def test_the_first_anchor_covers_every_earlier_item() -> None:
    world = AnchoredRuns()
    world.create(draft(run_key("a")))
    world.clock.advance(hours=50)
    world.create(draft(run_key("b")))
    assert [each.count for each in world.next_hour()] == [2]
    world.next_hour()
    assert world.verify().broken == ()


@pytest.mark.parametrize("clock_error", [timedelta(hours=-1), timedelta(hours=1)])
def test_first_runs_at_the_same_time_with_different_clocks_begin_one_chain(clock_error: timedelta) -> None:
    world = AnchoredRuns()
    world.create(draft())
    world.next_hour()
    first, other = AnchoredRuns(), MemoryAnchors()
    first.runs, first.clock.now = world.runs, world.clock.now + clock_error
    # The second run read that there was no anchor before the first run stored its own.
    other.first, other.hours, other.trees = world.anchors.first, world.anchors.hours, world.anchors.trees
    other.newest = lambda: None  # type: ignore[method-assign]
    first.anchors = other
    first.anchor()
    world.clock.advance(hours=3)
    world.anchor()
    assert world.verify().broken == ()


def test_a_stored_first_hour_that_is_not_an_hour_is_a_conflict() -> None:
    world = AnchoredRuns()
    world.anchors.first = "2026-01-05T25"
    with pytest.raises(AnchorConflictError, match="'2026-01-05T25', which is not an hour"):
        world.next_hour()


def test_an_item_that_becomes_visible_late_is_in_the_next_anchor() -> None:
    world = AnchoredRuns()
    world.create(draft(run_key("a")))
    recorded = world.runs.recorded
    world.runs.recorded = lambda: iter(())  # type: ignore[method-assign]
    world.next_hour()
    world.runs.recorded = recorded  # type: ignore[method-assign]
    world.next_hour()
    assert leaves(world, HOUR) == {}
    assert leaves(world, following_hour(HOUR)) == {"a": 1}
    assert world.verify().broken == ()


class CrashError(Exception):
    """The process ended."""


class Crashing:
    """A port whose n-th call, over all ports, ends the process before or after its effect."""

    def __init__(self, port: Any, calls: list[str], stop_at: int, *, after: bool) -> None:
        self.port, self.calls, self.stop_at, self.after = port, calls, stop_at, after

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            if len(self.calls) == self.stop_at and not self.after:
                raise CrashError
            answer = getattr(self.port, name)(*arguments)
            if len(self.calls) == self.stop_at:
                raise CrashError
            return answer

        return call


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_call_leaves_anchors_that_the_next_run_completes(*, after: bool) -> None:
    for stop_at in range(1, 1_000):
        world = AnchoredRuns()
        world.create(draft(run_key("a")), draft(run_key("b")))
        world.next_hour()
        world.append(run_key("a"), "e1")
        world.clock.advance(hours=2)
        calls: list[str] = []
        runs, anchors = (Crashing(p, calls, stop_at, after=after) for p in (world.runs, world.anchors))
        try:
            AnchorRuns(runs, anchors, world.clock)()
        except CrashError:
            assert world.verify().broken == ()
            world.anchor()
        assert world.verify().broken == ()
        assert len(list(world.anchors.anchors())) == 3
        if len(calls) < stop_at:
            assert stop_at > 8
            return


def test_a_run_that_meets_the_anchor_of_another_run_continues_from_it() -> None:
    """The other run saw fewer items."""
    world = AnchoredRuns()
    world.create(draft(run_key("a")))
    other = AnchoredRuns()
    other.anchors = world.anchors
    other.next_hour()
    world.clock.now = other.clock.now
    late = AnchorRuns(world.runs, NoNewest(world.anchors), world.clock)()
    assert late == [AnchoredHour(HOUR, 0)]
    world.next_hour()
    assert world.verify().broken == ()


class NoNewest(MemoryAnchors):
    """Show no anchor to the first read, as to a run that began before another one stored its anchor."""

    def __init__(self, anchors: MemoryAnchors) -> None:
        super().__init__()
        self.hours, self.trees = anchors.hours, anchors.trees

    def newest(self) -> None:
        return None


@pytest.mark.parametrize(
    "forged",
    [
        b"not an anchor",
        Anchor(hour=HOUR, previous_sha256="0" * 64, root="0" * 64, count=0).data(),
        Anchor(hour=following_hour(HOUR), previous_sha256=None, root="0" * 64, count=0).data(),
        Anchor(hour=HOUR, previous_sha256=None, root="0" * 64, count=0).data() + b" ",
    ],
)
def test_a_forged_anchor_in_the_place_of_the_next_one_stops_anchoring(forged: bytes) -> None:
    world = AnchoredRuns()
    world.create(draft())
    world.anchors.hours[HOUR] = [forged]
    world.clock.now = hour_start(following_hour(HOUR)) + ANCHOR_SETTLE
    with pytest.raises(AnchorConflictError, match=f"the stored anchor of {HOUR} does not continue"):
        AnchorRuns(world.runs, NoNewest(world.anchors), world.clock)()


def test_an_anchor_of_a_future_hour_stops_anchoring_with_an_error() -> None:
    world = AnchoredRuns()
    world.anchors.hours["2099-01-01T00"] = [
        Anchor(hour="2099-01-01T00", previous_sha256=None, root="0" * 64, count=0).data()
    ]
    with pytest.raises(AnchorConflictError, match="its hour is in the future"):
        world.next_hour()


def test_a_failing_store_leaves_the_earlier_hours_anchored() -> None:
    world = AnchoredRuns()
    world.next_hour()
    world.clock.advance(hours=3)
    recorded = world.runs.recorded_in
    failing = following_hour(HOUR, 2)

    def fails(hour: str) -> Any:
        if hour == failing:
            raise DependencyUnavailableError(Dependency.RUN_STORE, "throttled")
        return recorded(hour)

    world.runs.recorded_in = fails  # type: ignore[method-assign]
    with pytest.raises(DependencyUnavailableError):
        world.anchor()
    world.runs.recorded_in = recorded  # type: ignore[method-assign]
    assert [each.hour for each in world.anchor()] == [failing, following_hour(failing)]
    assert world.verify().broken == ()
