"""In-memory world registry, on the rows of the in-memory worlds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from functions.hub.domain.freshness import NewestSnapshot, WorldRow
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.world_ports import (
    NoteKind,
    NoteWrite,
    NoteWriteResult,
    PolicyVersionNote,
    RowPage,
    StoredNote,
)
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.worlds.expectation import Expectation
from tests.fakes.stores import MemoryWorlds


class MemoryRegistry:
    def __init__(self, worlds: MemoryWorlds) -> None:
        self.worlds = worlds
        self.notes: dict[tuple[str, str, NoteKind], StoredNote] = {}
        self.not_in_force: set[tuple[str, str, NoteKind]] = set()

    def put(self, world_id: str, stage: str, note: NoteKind, writing: NoteWrite) -> NoteWriteResult:
        before = self.notes.get((world_id, stage, note))
        counted = before is not None and (world_id, stage, note) not in self.not_in_force
        since = before.since if before is not None and counted and writing.in_force else writing.at
        self.not_in_force -= {(world_id, stage, note)}
        if not writing.in_force:
            self.not_in_force |= {(world_id, stage, note)}
        stored_note = StoredNote(writing.text, since, writing.at, writing.by)
        self.notes[world_id, stage, note] = stored_note
        self.worlds.register(world_id, stage)
        if note == "exit_policy":
            self.worlds.policies[world_id, stage] = ExitPolicy.model_validate_json(writing.text)
        return NoteWriteResult(stored_note, created=before is None)

    def get(self, world_id: str, stage: str, note: NoteKind) -> StoredNote | None:
        return self.notes.get((world_id, stage, note))

    def remove(self, world_id: str, stage: str, note: NoteKind) -> None:
        self.notes.pop((world_id, stage, note), None)
        if note == "exit_policy":
            self.worlds.policies.pop((world_id, stage), None)
        stored_note = any(key[:2] == (world_id, stage) for key in self.notes)
        if not stored_note and self.worlds.rows.get((world_id, stage)) is None:
            self.worlds.rows.pop((world_id, stage), None)

    def page(self, limit: int, after: tuple[str, str] | None = None) -> RowPage:
        keys = [key for key in self._shown() if after is None or key > after]
        shown = keys[:limit]
        return RowPage([self._row(*key) for key in shown], shown[-1] if len(shown) == limit else None)

    def rows(self) -> Iterator[WorldRow]:
        yield from (self._row(*key) for key in self._shown())

    def _shown(self) -> list[tuple[str, str]]:
        expected = {(world_id, stage) for world_id, stage, note in self.notes if note == "expectation"}
        return sorted(expected | set(self.worlds.newest))

    def _row(self, world_id: str, stage: str) -> WorldRow:
        newest, stored_note = (
            self.worlds.newest.get((world_id, stage)),
            self.get(world_id, stage, "expectation"),
        )
        return WorldRow(
            world_id=world_id,
            stage=stage,
            head=None if newest is None else _head(newest),
            expectation=None if stored_note is None else Expectation.model_validate_json(stored_note.text),
            expected_since=None if stored_note is None else stored_note.since,
        )


def _head(newest: SnapshotRecord) -> NewestSnapshot:
    return NewestSnapshot(newest.version, newest.as_of, newest.created_at, newest.expires_at)


class MemoryPolicyVersions:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], PolicyVersionNote] = {}

    def put_once(self, world_id: str, stage: str, note: PolicyVersionNote) -> PolicyVersionNote:
        return self.rows.setdefault((world_id, stage, note.version), note)

    def get(self, world_id: str, stage: str, version: str) -> PolicyVersionNote | None:
        return self.rows.get((world_id, stage, version))

    def list(self, world_id: str, stage: str) -> Sequence[PolicyVersionNote]:
        found = [replace(note, text="") for key, note in self.rows.items() if key[:2] == (world_id, stage)]
        return sorted(found, key=lambda note: (note.set_at, note.version))


class MemoryQueueDepths:
    def __init__(self, **waiting: int) -> None:
        self.waiting = waiting

    def depths(self) -> Mapping[str, int]:
        return self.waiting
