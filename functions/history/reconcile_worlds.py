"""Reconcile the history of all worlds, each once a day, within the time of a run."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from functions.history.reconcile import Difference, Reconcile, ReconcileNote
from functions.hub.ports import Clock

NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReconcileRun:
    """Result of a run.

    Attributes:
        reconciled: worlds whose reconciliation ended in this run.
        differences: differences of these worlds.
        longest_ago: time since the last complete reconciliation, the longest of all worlds that had one.
        errors: failed worlds, each error with the world as a note; the other worlds were visited.
    """

    reconciled: int
    differences: list[Difference]
    longest_ago: timedelta
    errors: list[Exception]


@dataclass(frozen=True, slots=True)
class ReconcileWorlds:
    """Reconcile the worlds that are due, first the unfinished ones, then those that waited longest."""

    reconcile: Reconcile
    clock: Clock

    def notes(self, worlds: Iterable[str]) -> dict[str, ReconcileNote]:
        """Return the note of each world. A world whose reconciliation is unfinished must not be moved."""
        return {world_id: self.reconcile.notes.note(world_id) for world_id in worlds}

    def __call__(self, notes: Mapping[str, ReconcileNote], until: datetime) -> ReconcileRun:
        """Begin no further world after `until`; an error of one world does not stop the others."""
        finished_at = {world_id: note.finished_at for world_id, note in notes.items()}
        run = ReconcileRun(0, [], timedelta(0), [])
        reconciled = 0
        for world_id in self._due(notes):
            if self.clock() >= until:
                break
            if self._visit(world_id, until, run):
                finished_at[world_id] = self.clock()
                reconciled += 1
        return ReconcileRun(reconciled, run.differences, self._longest_ago(finished_at), run.errors)

    def _due(self, notes: Mapping[str, ReconcileNote]) -> Iterator[str]:
        due = [note for note in notes.values() if note.is_due(self.clock())]
        due.sort(key=lambda note: (not note.is_unfinished, note.finished_at or NEVER, note.world_id))
        return (note.world_id for note in due)

    def _visit(self, world_id: str, until: datetime, run: ReconcileRun) -> bool:
        """Reconcile one world; return whether its reconciliation ended."""
        try:
            result = self.reconcile(world_id, until)
        except Exception as error:  # noqa: BLE001 - after any error, the next worlds are visited
            error.add_note(f"world {world_id}")
            run.errors.append(error)
            return False
        run.differences.extend(result.differences)
        return result.finished

    def _longest_ago(self, finished_at: Mapping[str, datetime | None]) -> timedelta:
        ended = [each for each in finished_at.values() if each is not None]
        return self.clock() - min(ended) if ended else timedelta(0)
