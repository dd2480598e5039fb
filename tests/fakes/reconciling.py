"""The ledger of a hot table in memory, and the notes of its reconciliation."""

from collections.abc import Iterator

from functions.history.reconcile import LedgerLine, ReconcileNote
from tests.fakes.history import FAR_FUTURE, MemoryHotTable


class MemoryLedger:
    """Ledger of a MemoryHotTable."""

    def __init__(self, table: MemoryHotTable) -> None:
        self.table = table

    def lines(self, world_id: str, after: str | None) -> Iterator[LedgerLine]:
        hot = [
            LedgerLine(each.version, each.content_hash, None, self.table.retained.get(key, FAR_FUTURE))
            for key, each in self.table.rows.items()
            if key[0] == world_id
        ]
        moved = [
            LedgerLine(
                each.version, each.content_hash, each.segment, self.table.retained.get(key, FAR_FUTURE)
            )
            for key, each in self.table.tombstones.items()
            if key[0] == world_id
        ]
        ordered = sorted((*hot, *moved), key=lambda line: line.version)
        return iter([line for line in ordered if after is None or line.version > after])


class MemoryReconcileNotes:
    """ReconcileNotes."""

    def __init__(self) -> None:
        self.stored: dict[str, ReconcileNote] = {}

    def note(self, world_id: str) -> ReconcileNote:
        return self.stored.get(world_id, ReconcileNote(world_id))

    def write(self, note: ReconcileNote) -> None:
        self.stored[note.world_id] = note
