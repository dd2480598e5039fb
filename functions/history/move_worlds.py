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
        segments: segments that history has received.
        lag: how far the oldest snapshot that is still to be moved is outside its world's window, the greatest of
            all worlds; zero if nothing is due.
        errors: failed worlds, each error with the world as a note; the other worlds were visited.
    """

    moved: int
    segments: int
    lag: timedelta
    errors: list[Exception]


@dataclass(slots=True)
class _Progress:
    due: list[str]
    failed: list[str] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    moved: int = 0
    segments: int = 0


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
        run = _Progress(self._in_turn(sorted(set(self.worlds()))))
        while run.due and self.clock() < stop_at:
            world_id = run.due.pop(0)
            if self._visit(world_id, run):
                run.due.append(world_id)
        lags = [lag for world_id in (*run.due, *run.failed) if (lag := self._lag(world_id, run)) is not None]
        return MoveRun(run.moved, run.segments, max(lags, default=timedelta(0)), run.errors)

    def _visit(self, world_id: str, run: _Progress) -> bool:
        """Move one segment of a world; return whether more may be due."""
        try:
            move = self.move(world_id)
        except Exception as error:  # noqa: BLE001  (after any error, the next worlds are visited)
            error.add_note(f"world {world_id}")
            run.errors.append(error)
            run.failed.append(world_id)
            return False
        if move is None or move.segment is None:
            return False
        run.moved += move.moved
        run.segments += 1
        return True

    def _lag(self, world_id: str, run: _Progress) -> timedelta | None:
        try:
            return self.move.lag(world_id)
        except Exception as error:  # noqa: BLE001  (the lag of the other worlds is still known)
            error.add_note(f"lag of world {world_id}")
            run.errors.append(error)
            return None

    def _in_turn(self, worlds: list[str]) -> list[str]:
        """Rotate the worlds each minute, so that every one is reached even if no run has time for all."""
        start = int(self.clock().timestamp() // SECONDS_PER_MINUTE) % max(len(worlds), 1)
        return worlds[start:] + worlds[:start]
