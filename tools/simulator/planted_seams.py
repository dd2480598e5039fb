"""Moves to history, and reads of both the table and history, with one bug each."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from functions.history.move_snapshots import Move, MoveSnapshots
from functions.history.ports import HotSnapshot, MovePlan
from functions.history.read_history import ReadHistory
from functions.history.segment import SegmentRow, compress_lines, encode_line, segment_row
from functions.history.whole_history import WholeHistory
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from tests.fakes.history import MemoryHotTable

TOO_SHORT_WINDOW = timedelta(seconds=300)


class ForgottenBeforeCommit(MoveSnapshots):
    """Remove snapshots from the table when the object is stored, before the row commits the segment."""

    def _store(self, plan: MovePlan) -> SegmentRow | None:
        content = self._content(plan)
        if content is None:
            return None
        row = self._put(content)
        for each in content:
            self.hot.forget(each.record, row)
        return row if self.index.commit(plan, row) else self._committed(plan)

    def _put(self, content: Sequence[HotSnapshot]) -> SegmentRow:
        snapshots = [each.record for each in content]
        data = compress_lines(map(encode_line, snapshots))
        row = segment_row(snapshots, data, max(each.retain_until for each in content))
        self.objects.put_once(row.key, data, hashlib.sha256(data).hexdigest())
        return row


class WindowShorterThanReadersAssume(MoveSnapshots):
    """Move snapshots that readers look for in the hot table only."""

    def _window(self, world_id: str, now: datetime) -> timedelta | None:
        oldest = self.hot.oldest_as_of(world_id)
        return self.longest_window if oldest is not None and oldest <= now - self.longest_window else None


class PlanEndedAfterCommit(MoveSnapshots):
    """End the plan as soon as the segment is committed, and forget afterwards."""

    def _carry_out(self, plan: MovePlan) -> Move:
        row = self._store(plan) if plan.step == "planned" else self._committed(plan)
        self.index.finish(plan)
        return Move(0 if row is None else self._forget(row), row)


class TombstoneLost(MemoryHotTable):
    """Remove a moved snapshot from the table entirely."""

    def forget(self, snapshot: SnapshotRecord, row: SegmentRow) -> bool:
        forgotten = super().forget(snapshot, row)
        self.tombstones.pop((snapshot.world_id, snapshot.version), None)
        return forgotten


class TombstoneOfAnotherSegment(MemoryHotTable):
    """Name the world's first segment in every tombstone."""

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[str, SegmentRow] = {}

    def forget(self, snapshot: SnapshotRecord, row: SegmentRow) -> bool:
        first = self.first.setdefault(snapshot.world_id, row)
        return super().forget(snapshot, first)


class HistoryBeforeHot(WholeHistory):
    """Query history first: a snapshot that moves between both requests is in neither answer."""

    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        moved = self.open_history().select(query, *query.bounds())
        found = {each.version: each for each in (*moved, *self.hot.select(query))}
        ordered = sorted(found.values(), key=lambda each: each.order, reverse=query.newest_first)
        return ordered[: query.limit]


class BothCopiesReturned(WholeHistory):
    """Return a snapshot twice while both the table and history hold it."""

    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        found = [*self.hot.select(query), *self.open_history().select(query, *query.bounds())]
        return sorted(found, key=lambda each: each.order, reverse=query.newest_first)[: query.limit]


class PageEndsAtTheSeam(WholeHistory):
    """Query history only if the hot table has no answer at all."""

    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        return self.hot.select(query) or super().select(query)


class LateSnapshotsOverlooked(ReadHistory):
    """Stop at the first segment that fills the answer, although segments of one day overlap."""

    def select(self, query: SnapshotQuery, lower: str, upper: str) -> list[SnapshotRecord]:
        found: list[SnapshotRecord] = []
        for row in self._candidates(query, lower, upper):
            between = self._open(row).between(lower, upper, newest_first=query.newest_first)
            found += filter(query.matches, between)
            if len(found) >= query.limit:
                break
        return sorted(found, key=lambda each: each.order, reverse=query.newest_first)[: query.limit]
