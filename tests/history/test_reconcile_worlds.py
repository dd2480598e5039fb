"""A run reconciles the worlds that are due, the longest waiting first, and passes a world that fails."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from functions.history import reconcile
from functions.history.reconcile import LedgerLine, Reconcile, ReconcileNote
from functions.history.reconcile_worlds import ReconcileRun, ReconcileWorlds
from functions.hub.ports import Dependency, DependencyUnavailableError
from tests.fakes.clock import START, FrozenClock
from tests.fakes.history import FAR_FUTURE, MemorySegments
from tests.fakes.reconciling import MemoryReconcileNotes

HOUR = timedelta(hours=1)


class Fleet:
    """Worlds with one moved snapshot each, and no segment: each of them differs."""

    def __init__(self, *worlds: str) -> None:
        self.clock, self.notes, self.visited = FrozenClock(), MemoryReconcileNotes(), list[str]()
        self.worlds = worlds
        self.failing: str | None = None
        segments: Any = MemorySegments()
        self.run_all = ReconcileWorlds(
            Reconcile(self, segments, segments, self.notes, self.clock), self.clock
        )

    def lines(self, world_id: str, after: str | None) -> Iterator[LedgerLine]:
        self.visited.append(world_id)
        self.clock.advance(seconds=10)
        if world_id == self.failing:
            raise DependencyUnavailableError(Dependency.SNAPSHOT_STORE, "throttled")
        if after is None:
            yield LedgerLine("v1", "hash", "2026-01-05/lost", FAR_FUTURE)

    def run(self, until: timedelta = HOUR) -> ReconcileRun:
        self.visited.clear()
        return self.run_all(self.run_all.notes(self.worlds), self.clock() + until)

    def finished(self, world_id: str, at: datetime) -> None:
        self.notes.write(ReconcileNote(world_id, finished_at=at))


def test_run_reconciles_every_world_once_and_reports_its_differences() -> None:
    fleet = Fleet("a", "b")
    run = fleet.run()
    assert [(each.world_id, each.day) for each in run.differences] == [
        ("a", "2026-01-05"),
        ("b", "2026-01-05"),
    ]
    assert (run.reconciled, run.errors) == (2, [])
    assert (fleet.run().reconciled, fleet.visited) == (0, [])


def test_unfinished_world_comes_first_then_the_one_that_waited_longest() -> None:
    fleet = Fleet("a", "b", "c", "d")
    fleet.clock.now = START + timedelta(days=9)
    fleet.finished("a", START + timedelta(days=2))
    fleet.finished("b", START + timedelta(days=1))
    fleet.finished("c", fleet.clock.now)
    fleet.notes.write(ReconcileNote("d", finished_at=START + timedelta(days=8), after="v1"))
    fleet.run()
    assert fleet.visited == ["d", "b", "a"]


def test_run_begins_no_world_after_its_time_and_the_next_run_continues() -> None:
    fleet = Fleet("a", "b", "c")
    assert fleet.run(timedelta(seconds=15)).reconciled == 2
    assert fleet.run().reconciled == 1


def test_longest_time_since_a_reconciliation_is_reported_without_worlds_that_never_had_one() -> None:
    fleet = Fleet("a", "b", "c")
    assert fleet.run(timedelta(0)).longest_ago == timedelta(0)
    fleet.finished("a", fleet.clock() - timedelta(hours=3))
    fleet.finished("b", fleet.clock() - timedelta(hours=5))
    assert fleet.run(timedelta(0)).longest_ago == timedelta(hours=5)


def test_world_that_fails_does_not_stop_the_others_and_stays_due() -> None:
    fleet = Fleet("a", "b", "c")
    fleet.failing = "b"
    run = fleet.run()
    assert (run.reconciled, [error.__notes__ for error in run.errors]) == (2, [["world b"]])
    fleet.failing = None
    assert (fleet.run().reconciled, fleet.visited) == (1, ["b"])


@pytest.mark.parametrize("worlds", [(), ("a",)])
def test_interrupted_reconciliation_is_not_counted(worlds: tuple[str, ...]) -> None:
    fleet = Fleet(*worlds)
    with patch.object(reconcile, "CLOCK_LINES", 1):
        run = fleet.run(timedelta(seconds=5))
    assert (run.reconciled, run.differences, run.errors) == (0, [], [])
    assert all(note.is_unfinished for note in fleet.notes.stored.values())
