"""One run of the mover: all worlds in turn, a segment of each, until nothing is due or the time is used."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from functions.history.move_snapshots import MoveSnapshots
from functions.hub.ports import Clock

SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class MoveRun:
    """Result of a run.

    Attributes:
        moved: snapshots that the table forgot.
        segments: segments whose snapshots the table has forgotten.
        hot_age: age of the oldest `as_of` that any visited world had in the table at the beginning; None without
            snapshots.
        finished: whether nothing more was due in any world.
        errors: failed worlds, each error with the world as a note; the other worlds were visited.
    """

    moved: int
    segments: int
    hot_age: timedelta | None
    finished: bool
    errors: list[Exception]


@dataclass(frozen=True, slots=True)
class MoveWorlds:
    """Move what is due in all worlds, in rounds, so that a busy world does not keep the others waiting.

    Attributes:
        worlds: returns the ids of all worlds.
    """

    worlds: Callable[[], Iterable[str]]
    move: MoveSnapshots
    clock: Clock

    def __call__(self, stop_at: datetime) -> MoveRun:
        """Begin no further segment after `stop_at`; an error of one world does not stop the others."""
        pending, run = self._in_turn(sorted(set(self.worlds()))), _Tally()
        first_round = True
        while pending:
            due = []
            for world_id in pending:
                if self.clock() >= stop_at:
                    return self._result(run, finished=False)
                if self._visit(world_id, run, first=first_round):
                    due.append(world_id)
            pending, first_round = due, False
        return self._result(run, finished=not run.errors)

    def _visit(self, world_id: str, run: "_Tally", *, first: bool) -> bool:
        """Move one segment of a world; return whether more may be due."""
        try:
            if first:
                run.add_oldest(self.move.hot.oldest_as_of(world_id))
            move = self.move(world_id)
        except Exception as error:  # noqa: BLE001  (after any error, the next worlds are visited)
            error.add_note(f"world {world_id}")
            run.errors.append(error)
            return False
        if move is None or move.segment is None:
            return False
        run.moved += move.moved
        run.segments += 1
        return True

    def _in_turn(self, worlds: list[str]) -> list[str]:
        """Begin with another world each minute: the last ones are reached even if no run has time for all."""
        start = int(self.clock().timestamp() // SECONDS_PER_MINUTE) % max(len(worlds), 1)
        return worlds[start:] + worlds[:start]

    def _result(self, run: "_Tally", *, finished: bool) -> MoveRun:
        age = None if run.oldest is None else self.clock() - run.oldest
        return MoveRun(run.moved, run.segments, age, finished, run.errors)


@dataclass(slots=True)
class _Tally:
    moved: int = 0
    segments: int = 0
    oldest: datetime | None = None
    errors: list[Exception] = field(default_factory=list)

    def add_oldest(self, as_of: datetime | None) -> None:
        if as_of is not None:
            self.oldest = as_of if self.oldest is None else min(self.oldest, as_of)
