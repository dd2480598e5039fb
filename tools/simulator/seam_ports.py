"""Ports of moves: the table as the move uses it, and the rows and objects of segments, all behind the wire.

Lists are read in small pages, so that other processes run between two pages of one list.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from functions.history.ports import HotLoad, HotSnapshot, MovePlan
from functions.history.segment import SegmentRow, decode_segment
from functions.hub.domain.ordering import just_after
from functions.hub.domain.snapshot_record import SnapshotRecord
from tests.fakes.history import MemoryHotTable, MemorySegments
from tools.simulator.ledger import Ledger, as_stored, require
from tools.simulator.streams import Stream, tombstone_record
from tools.simulator.wire import Wire

T = TypeVar("T")
PAGE_ROWS = 2


@dataclass
class WiredHotTable:
    """The hot table as the move uses it; what it forgets must be in history already."""

    wire: Wire
    store: MemoryHotTable
    segments: MemorySegments
    ledger: Ledger
    stream: Stream

    def settled(
        self, world_id: str, lower: str, upper: str, created_until: datetime
    ) -> Iterator[HotSnapshot]:
        def page(last: HotSnapshot | None) -> Sequence[HotSnapshot]:
            start = lower if last is None else just_after(last.record.order)
            return list(self.store.settled(world_id, start, upper, created_until))[:PAGE_ROWS]

        return _in_pages(self.wire, "hot.settled", page)

    def forget(self, snapshot: SnapshotRecord, row: SegmentRow) -> bool:
        return self.wire.call("hot.forget", lambda: self._forget(snapshot, row))

    def newest_load(self, world_id: str) -> HotLoad:
        return self.wire.call("hot.newest_load", lambda: self.store.newest_load(world_id))

    def oldest_as_of(self, world_id: str) -> datetime | None:
        return self.wire.call("hot.oldest_as_of", lambda: self.store.oldest_as_of(world_id))

    def _forget(self, snapshot: SnapshotRecord, row: SegmentRow) -> bool:
        forgotten = self.store.forget(snapshot, row)
        if forgotten:
            version = snapshot.version
            held = as_stored(snapshot) in moved_rows(self.segments, snapshot.world_id)
            require(held, "INV-01", f"{version} is forgotten before history holds it", version)
            self.ledger.moves["moved snapshots"] += 1
            self.ledger.moves["moved among faults"] += self.wire.faults.on
            self.stream.append(snapshot.world_id, tombstone_record(snapshot))
            self.wire.note(f"FORGET {version}")
        return forgotten


@dataclass
class WiredSegments:
    """SegmentIndex and SegmentObjects; what is committed must be what was published, and only once."""

    wire: Wire
    store: MemorySegments
    ledger: Ledger

    def put_once(self, key: str, data: bytes, sha256: str) -> None:
        self.wire.call("segment objects.put_once", lambda: self.store.put_once(key, data, sha256))

    def get(self, key: str) -> bytes:
        return self.wire.call("segment objects.get", lambda: self.store.get(key))

    def rows(self, world_id: str, lower: str, upper: str, *, newest_first: bool) -> Iterator[SegmentRow]:
        def page(last: SegmentRow | None) -> Sequence[SegmentRow]:
            rows = list(self.store.rows(world_id, lower, upper, newest_first=newest_first))
            return _after(rows, last, lambda row: row.segment_order, descending=newest_first)

        return _in_pages(self.wire, "segments.rows", page)

    def rows_by_expiry(
        self, world_id: str, after: datetime | None, until: datetime | None
    ) -> Iterator[SegmentRow]:
        def page(last: SegmentRow | None) -> Sequence[SegmentRow]:
            rows = list(self.store.rows_by_expiry(world_id, after, until))
            return _after(
                rows, last, lambda row: f"{row.greatest_expires_at} {row.segment_id}", descending=True
            )

        return _in_pages(self.wire, "segments.rows_by_expiry", page)

    def row(self, world_id: str, segment_order: str) -> SegmentRow | None:
        return self.wire.call("segments.row", lambda: self.store.row(world_id, segment_order))

    def plan(self, world_id: str) -> MovePlan | None:
        return self.wire.call("segments.plan", lambda: self.store.plan(world_id))

    def begin(self, plan: MovePlan) -> bool:
        return self.wire.call("segments.begin", lambda: self.store.begin(plan))

    def commit(self, plan: MovePlan, row: SegmentRow) -> bool:
        return self.wire.call("segments.commit", lambda: self._commit(plan, row))

    def finish(self, plan: MovePlan) -> None:
        self.wire.call("segments.finish", lambda: self.store.finish(plan))

    def _commit(self, plan: MovePlan, row: SegmentRow) -> bool:
        before = set(moved_rows(self.store, row.world_id))
        committed = self.store.commit(plan, row)
        if committed:
            self.ledger.moves["segments"] += 1
            self.wire.note(f"SEGMENT {row.name} of {row.count}")
            for snapshot in decode_segment(self.store.objects[row.key]):
                commit = self.ledger.by_key.get((snapshot.world_id, snapshot.version))
                same = commit is not None and commit.stored == as_stored(snapshot)
                require(same, "INV-01", f"{snapshot.version} is moved as another one", snapshot.version)
                twice = as_stored(snapshot) in before
                require(not twice, "INV-01", f"{snapshot.version} is in two segments", snapshot.version)
        return committed


def moved_rows(segments: MemorySegments, world_id: str) -> list[str]:
    """Return the rows in the committed segments of a world, as text."""
    return [
        as_stored(snapshot)
        for row in segments.stored.get(world_id, {}).values()
        for snapshot in decode_segment(segments.objects[row.key])
    ]


def _in_pages(wire: Wire, name: str, read: Callable[[T | None], Sequence[T]]) -> Iterator[T]:
    """Yield the items of page after page; each page is one call."""
    last: T | None = None
    while True:
        page = wire.call(name, partial(read, last))
        yield from page
        if len(page) < PAGE_ROWS:
            return
        last = page[-1]


def _after(
    rows: list[SegmentRow], last: SegmentRow | None, key: Callable[[SegmentRow], str], *, descending: bool
) -> list[SegmentRow]:
    """Return the page behind `last` of rows that are in the order of `key`."""
    if last is not None:
        rows = [row for row in rows if (key(row) < key(last) if descending else key(row) > key(last))]
    return rows[:PAGE_ROWS]
