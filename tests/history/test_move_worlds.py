"""A run of the mover over all worlds: in rounds, within its time, and past a world that fails."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.history import move_snapshots, plan_segment
from functions.history.move_snapshots import MoveSnapshots
from functions.history.move_worlds import MoveWorlds
from functions.hub.ports import Dependency, DependencyUnavailableError
from tests.fakes.clock import FrozenClock
from tests.fakes.history import FAR_FUTURE, MemoryHotTable, MemorySegments
from tests.fakes.samples import stored
from tests.history.moving import NOW, SETTLE, WINDOW, day

COUNT = 6


class Fleet:
    """Some worlds with six old snapshots each, in segments of two; each call of the move takes ten seconds."""

    def __init__(self, *worlds: str) -> None:
        self.clock, self.hot, self.segments = FrozenClock(NOW), MemoryHotTable(), MemorySegments()
        self.visited: list[str] = []
        self.worlds = worlds
        for world_id in worlds:
            for number in range(COUNT):
                as_of = day(0, minutes=number)
                snapshot = stored(f"v{number}", world_id=world_id, as_of=as_of, created_at=as_of)
                self.hot.put_once(snapshot, FAR_FUTURE)
        self.move = MoveSnapshots(self.hot, self.segments, self.segments, self.clock, WINDOW, SETTLE)

    def run(self, seconds: float = 3_600) -> Any:
        move_one = self.move

        class Slow:
            lag = staticmethod(move_one.lag)

            def __call__(slow, world_id: str) -> Any:  # noqa: N805 - `self` is the fleet
                self.visited.append(world_id)
                self.clock.advance(seconds=10)
                return move_one(world_id)

        mover: Any = Slow()
        return MoveWorlds(lambda: self.worlds, mover, self.clock)(self.clock() + timedelta(seconds=seconds))


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_segment, "SEGMENT_MAX_COUNT", 2)


def test_a_run_moves_everything_that_is_due_in_all_worlds() -> None:
    fleet = Fleet("a", "b", "c")
    run = fleet.run()
    assert (run.moved, run.segments, run.lag, run.errors) == (3 * COUNT, 9, timedelta(0), [])
    assert fleet.hot.rows == {}


def test_worlds_are_moved_in_rounds_of_one_segment_each() -> None:
    fleet = Fleet("a", "b", "c")
    fleet.run()
    assert [set(fleet.visited[start : start + 3]) for start in range(0, 12, 3)] == [{"a", "b", "c"}] * 4


def test_a_run_begins_no_segment_after_its_time_and_the_next_one_continues() -> None:
    fleet = Fleet("a", "b", "c")
    run = fleet.run(seconds=35)
    assert (run.moved, run.segments, len(fleet.visited)) == (8, 4, 4)
    assert fleet.run().moved == 3 * COUNT - 8
    assert fleet.hot.rows == {}


def test_the_lag_is_the_time_for_which_the_day_of_the_oldest_snapshot_has_been_due() -> None:
    fleet = Fleet("a", "b")
    run = fleet.run(seconds=5)
    waiting = next(world for world in "ab" if world not in fleet.visited)
    assert {world for world, _ in fleet.hot.rows} == {"a", "b"}
    assert run.lag == fleet.move.lag(waiting) == timedelta(days=14, hours=12, seconds=10)


def test_the_lag_ignores_snapshots_in_the_window_and_those_that_have_just_arrived() -> None:
    fleet = Fleet()
    for snapshot in (
        stored("young", as_of=NOW - WINDOW + timedelta(hours=1), created_at=day(1)),
        stored("recent", as_of=day(0), created_at=NOW - SETTLE / 2),
    ):
        fleet.hot.put_once(snapshot, FAR_FUTURE)
    assert fleet.move.lag("w1") == timedelta(0)
    assert fleet.move.lag("unknown") == timedelta(0)


def test_a_world_that_fails_does_not_stop_the_others_and_keeps_its_lag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fleet = Fleet("a", "b", "c")
    begin = fleet.segments.begin

    def refuse_b(plan: Any) -> bool:
        if plan.world_id == "b":
            raise DependencyUnavailableError(Dependency.HISTORY, "throttled")
        return begin(plan)

    monkeypatch.setattr(fleet.segments, "begin", refuse_b)
    run = fleet.run()
    assert run.moved == 2 * COUNT
    assert [error.__notes__ for error in run.errors] == [["world b"]]
    assert run.lag > timedelta(days=14, hours=12)


def test_a_lag_that_cannot_be_measured_is_an_error_of_its_world(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet("a", "b")

    def refuse(*_: Any) -> Any:
        raise DependencyUnavailableError(Dependency.SNAPSHOT_STORE, "throttled")

    monkeypatch.setattr(fleet.hot, "oldest_as_of", refuse)
    run = fleet.run()
    assert (run.moved, run.lag) == (0, timedelta(0))
    assert len(run.errors) == 4


def test_each_run_begins_with_another_world() -> None:
    fleet = Fleet("a", "b", "c")
    fleet.clock.now = NOW.replace(second=0)
    first = []
    for minute in range(3):
        fleet.visited.clear()
        fleet.clock.now = NOW.replace(second=0) + timedelta(minutes=minute)
        fleet.run(seconds=1)
        first.append(fleet.visited[0])
    assert sorted(first) == ["a", "b", "c"]


def test_a_plan_that_was_given_up_is_not_tried_again_in_the_same_run(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet("a")
    plan = plan_segment.plan_segment

    def outdated(*given: Any) -> Any:
        return replace(plan(*given), digest="0" * 64)  # type: ignore[type-var]

    monkeypatch.setattr(move_snapshots, "plan_segment", outdated)
    run = fleet.run()
    assert (run.moved, run.segments, fleet.visited) == (0, 0, ["a"])
    assert fleet.segments.plans == {}
