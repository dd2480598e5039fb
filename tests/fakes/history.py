"""History in memory: rows, plans and objects of segments, and a hot table with tombstones."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from functions.history.ports import (
    HOT_SAMPLE_COUNT,
    HotLoad,
    HotSnapshot,
    HotTable,
    MovePlan,
    SegmentIndex,
    SegmentObjectError,
    SegmentObjects,
)
from functions.history.read_history import ReadHistory
from functions.history.segment import SegmentRow, compress_lines, encode_line, segment_row
from functions.history.whole_history import WholeHistory
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import PutOutcome, SnapshotMovedError, SnapshotStore
from tests.fakes.clock import START, FrozenClock
from tests.fakes.stores import MemorySnapshots

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)


class MemorySegments:
    """SegmentIndex, SegmentObjects and SegmentLinks."""

    def __init__(self) -> None:
        self.stored: dict[str, dict[str, SegmentRow]] = {}
        self.plans: dict[str, MovePlan] = {}
        self.objects: dict[str, bytes] = {}

    def put_once(self, key: str, data: bytes, sha256: str) -> None:
        assert len(sha256) == 64
        self.objects.setdefault(key, data)

    def get(self, key: str) -> bytes:
        if key not in self.objects:
            raise SegmentObjectError("is missing", missing=True)
        return self.objects[key]

    def download_url(self, key: str) -> str:
        return f"https://blobs.invalid/{key}?signed"

    def rows(self, world_id: str, lower: str, upper: str, *, newest_first: bool) -> Iterator[SegmentRow]:
        found = sorted(self.stored.get(world_id, {}).items(), reverse=newest_first)
        return iter([row for _, row in found if row.intersects(lower, upper)])

    def rows_by_expiry(
        self, world_id: str, after: datetime | None, until: datetime | None
    ) -> Iterator[SegmentRow]:
        rows = sorted(
            self.stored.get(world_id, {}).values(),
            key=lambda row: (row.greatest_expires_at, row.segment_id),
            reverse=True,
        )
        return iter(
            [
                row
                for row in rows
                if (after is None or row.greatest_expires_at > after)
                and (until is None or row.greatest_expires_at <= until)
            ]
        )

    def row(self, world_id: str, segment_order: str) -> SegmentRow | None:
        return self.stored.get(world_id, {}).get(segment_order)

    def plan(self, world_id: str) -> MovePlan | None:
        return self.plans.get(world_id)

    def begin(self, plan: MovePlan) -> bool:
        return self.plans.setdefault(plan.world_id, plan) is plan

    def commit(self, plan: MovePlan, row: SegmentRow) -> bool:
        planned = self.plans.get(plan.world_id)
        rows = self.stored.setdefault(plan.world_id, {})
        if planned is None or planned.segment_id != plan.segment_id or planned.step != "planned":
            return False
        if row.segment_order in rows:
            return False
        rows[row.segment_order] = row
        self.plans[plan.world_id] = replace(planned, step="stored")
        return True

    def finish(self, plan: MovePlan) -> None:
        planned = self.plans.get(plan.world_id)
        if planned is not None and planned.segment_id == plan.segment_id:
            del self.plans[plan.world_id]


class MemoryHotTable(MemorySnapshots):
    """A SnapshotStore with tombstones, and the HotTable of the move."""

    def __init__(self) -> None:
        super().__init__()
        self.tombstones: dict[tuple[str, str], SnapshotMovedError] = {}
        self.retained: dict[tuple[str, str], datetime] = {}

    def put_once(self, snapshot: SnapshotRecord, retain_until: datetime) -> PutOutcome:
        key = (snapshot.world_id, snapshot.version)
        if key in self.tombstones:
            raise self.tombstones[key]
        self.retained.setdefault(key, retain_until)
        return super().put_once(snapshot, retain_until)

    def get(self, world_id: str, version: str) -> SnapshotRecord | None:
        if (world_id, version) in self.tombstones:
            raise self.tombstones[world_id, version]
        return super().get(world_id, version)

    def content_hash(self, world_id: str, version: str) -> str | None:
        moved = self.tombstones.get((world_id, version))
        return super().content_hash(world_id, version) if moved is None else moved.content_hash

    def settled(
        self, world_id: str, lower: str, upper: str, created_until: datetime
    ) -> Iterator[HotSnapshot]:
        for row in sorted(self.rows.values(), key=lambda each: each.order):
            if row.world_id == world_id and lower <= row.order <= upper and row.created_at <= created_until:
                yield HotSnapshot(row, self.retained[world_id, row.version])

    def forget(self, snapshot: SnapshotRecord, row: SegmentRow) -> bool:
        key = (snapshot.world_id, snapshot.version)
        hot = self.rows.get(key)
        if hot is None or hot.content_hash != snapshot.content_hash:
            return False
        del self.rows[key]
        self.tombstones[key] = SnapshotMovedError(*key, hot.content_hash, row.name, row.sha256)
        return True

    def newest_load(self, world_id: str) -> HotLoad:
        query = SnapshotQuery(world_id, FAR_FUTURE, include_expired=True, limit=HOT_SAMPLE_COUNT)
        newest = list(super().select(query))
        since = min((row.created_at for row in newest), default=None)
        return HotLoad(len(newest), sum(row.document_bytes for row in newest), since)

    def oldest_as_of(self, world_id: str) -> datetime | None:
        return min((row.as_of for (world, _), row in self.rows.items() if world == world_id), default=None)


def plan_of(row: SegmentRow) -> MovePlan:
    """Return the plan of a move that makes this segment."""
    return MovePlan(
        world_id=row.world_id,
        segment_id=row.segment_id,
        first_order=row.first_order,
        last_order=row.last_order,
        created_from=row.least_created_at,
        created_until=row.greatest_created_at,
        count=row.count,
        digest=row.digest,
    )


class Seam:
    """A hot table and history, and the whole of both; a test decides which snapshots are moved.

    Attributes:
        whole: the store across the seam.
        clock: its clock, at first so late that no snapshot is too young for history.
    """

    def __init__(
        self, hot: SnapshotStore, table: HotTable, index: SegmentIndex, objects: SegmentObjects
    ) -> None:
        self.hot, self.table, self.index, self.objects = hot, table, index, objects
        self.clock = FrozenClock(START + timedelta(days=400))
        self.history = ReadHistory(index, objects)
        self.whole = WholeHistory(hot, lambda: self.history, self.clock)

    def copy(self, *snapshots: SnapshotRecord, retain_until: datetime = FAR_FUTURE) -> SegmentRow:
        """Make one segment of snapshots; the hot table keeps them."""
        ordered = sorted(snapshots, key=lambda each: each.order)
        data = compress_lines(map(encode_line, ordered))
        row = segment_row(ordered, data, retain_until)
        self.objects.put_once(row.key, data, row.sha256)
        assert self.index.begin(plan_of(row))
        assert self.index.commit(plan_of(row), row)
        self.index.finish(plan_of(row))
        return row

    def move(self, *snapshots: SnapshotRecord) -> SegmentRow:
        """Make one segment of snapshots that the hot table holds, and let the table forget them."""
        row = self.copy(*snapshots)
        for snapshot in snapshots:
            assert self.table.forget(snapshot, row)
        return row


def memory_seam() -> Seam:
    """Return a seam in memory."""
    hot, segments = MemoryHotTable(), MemorySegments()
    return Seam(hot, hot, segments, segments)
