"""Read snapshots from the segments of history."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice

from functions.history.open_segment import OpenSegment, open_segment
from functions.history.ports import SegmentIndex, SegmentObjects
from functions.history.segment import EXPIRY_SPAN_MAX, SegmentRow, key_of_name
from functions.hub.domain.ordering import SEPARATOR
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import DocumentError, SnapshotMovedError


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """The snapshots that were moved out of the hot table.

    Requests and bytes of a read depend on the snapshots that it returns, not on the length of the history.
    """

    index: SegmentIndex
    objects: SegmentObjects

    def get(self, moved: SnapshotMovedError) -> SnapshotRecord:
        """Return the snapshot of a tombstone: one request.

        Raises:
            DocumentError: the segment is missing or damaged, or does not hold the snapshot.
        """
        key = key_of_name(moved.world_id, moved.segment)
        segment = open_segment(self.objects, moved.world_id, key, moved.sha256, moved.version)
        snapshot = segment.find(moved.version)
        if snapshot is None or snapshot.content_hash != moved.content_hash:
            raise DocumentError(moved.world_id, moved.version, f"its segment {key} does not hold it")
        return snapshot

    def select(self, query: SnapshotQuery, lower: str, upper: str) -> list[SnapshotRecord]:
        """Return at most `query.limit` snapshots between two time orders that match, in the query's order.

        Segments are loaded in the query's direction until no later segment can hold one of the first `limit`
        snapshots. Segments of one day may overlap: a late snapshot is moved after its neighbours.
        """
        found: dict[str, SnapshotRecord] = {}
        for row in self._candidates(query, lower, upper):
            if len(found) == query.limit and _is_beyond(row, next(reversed(found)), query):
                break
            between = self._open(row).between(lower, upper, newest_first=query.newest_first)
            found |= {each.order: each for each in islice(filter(query.matches, between), query.limit)}
            orders = sorted(found, reverse=query.newest_first)[: query.limit]
            found = {order: found[order] for order in orders}
        return list(found.values())

    def last_expiry(self, world_id: str, known_at: datetime | None) -> datetime | None:
        """Return the latest expiry of the moved snapshots, of those known at an instant if it is given."""
        latest: datetime | None = None
        for row in self.index.rows_by_expiry(world_id, None, _latest_expiry(known_at)):
            if latest is not None and row.greatest_expires_at <= latest:
                break
            expiry = self._last_expiry_of(row, known_at)
            latest = max(filter(None, (latest, expiry)), default=None)
        return latest

    def _last_expiry_of(self, row: SegmentRow, known_at: datetime | None) -> datetime | None:
        if known_at is None or row.greatest_created_at <= known_at:
            return row.greatest_expires_at
        if row.least_created_at > known_at:
            return None
        return max(each.expires_at for each in self._open(row).snapshots() if each.created_at <= known_at)

    def _candidates(self, query: SnapshotQuery, lower: str, upper: str) -> Iterator[SegmentRow]:
        """Yield the segments that may hold a match; those found by expiry are few for any history."""
        if query.include_expired:
            rows = self.index.rows(query.world_id, lower, upper, newest_first=query.newest_first)
            ordered = rows if query.newest_first else _by_first_order(rows)
        else:
            unexpired = self.index.rows_by_expiry(query.world_id, query.at, _latest_expiry(query.known_at))
            ordered = iter(_sorted([row for row in unexpired if row.intersects(lower, upper)], query))
        return (row for row in ordered if _may_match(row, query))

    def _open(self, row: SegmentRow) -> OpenSegment:
        version = row.first_order.rpartition(SEPARATOR)[2]
        return open_segment(self.objects, row.world_id, row.key, row.sha256, version)


def _is_beyond(row: SegmentRow, order: str, query: SnapshotQuery) -> bool:
    """Return whether every snapshot of a segment comes after `order` in the query's direction."""
    return row.last_order < order if query.newest_first else row.first_order > order


def _may_match(row: SegmentRow, query: SnapshotQuery) -> bool:
    return (query.known_at is None or row.least_created_at <= query.known_at) and (
        query.stage is None or query.stage in row.stages
    )


def _by_first_order(rows: Iterator[SegmentRow]) -> Iterator[SegmentRow]:
    """Yield the rows by their first order; `rows` come by their last order.

    Sorting within each day suffices: segments of two days do not overlap.
    """
    for _, of_day in groupby(rows, key=lambda row: row.day):
        yield from sorted(of_day, key=lambda row: row.first_order)


def _sorted(rows: list[SegmentRow], query: SnapshotQuery) -> list[SegmentRow]:
    if query.newest_first:
        return sorted(rows, key=lambda row: row.last_order, reverse=True)
    return sorted(rows, key=lambda row: row.first_order)


def _latest_expiry(known_at: datetime | None) -> datetime | None:
    """Return an upper bound of the expiries in segments with a snapshot known then; None: no bound."""
    return None if known_at is None else known_at + EXPIRY_SPAN_MAX
