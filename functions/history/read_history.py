"""Read snapshots from the segments of history."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from functions.history.ports import SegmentIndex, SegmentObjectError, SegmentObjects
from functions.history.segment import EXPIRY_SPAN_MAX, SegmentRow, decode_segment, key_of_name
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
        snapshots = read_segment(self.objects, moved.world_id, key, moved.sha256, moved.version)
        for snapshot in snapshots:
            if (snapshot.version, snapshot.content_hash) == (moved.version, moved.content_hash):
                return snapshot
        raise DocumentError(moved.world_id, moved.version, f"its segment {key} does not hold it")

    def select(self, query: SnapshotQuery, lower: str, upper: str) -> list[SnapshotRecord]:
        """Return at most `query.limit` snapshots between two time orders that match, in the query's order.

        Segments are loaded in the query's direction until no later segment can hold one of the first `limit`
        snapshots. Segments of one day may overlap: a late snapshot is moved after its neighbours.
        """
        found: dict[str, SnapshotRecord] = {}
        for row in self._candidates(query, lower, upper):
            if len(found) == query.limit and _is_beyond(row, next(reversed(found)), query):
                break
            found |= {each.order: each for each in self._load(row) if query.matches(each)}
            orders = sorted((o for o in found if lower <= o <= upper), reverse=query.newest_first)
            found = {order: found[order] for order in orders[: query.limit]}
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
        return max(each.expires_at for each in self._load(row) if each.created_at <= known_at)

    def _candidates(self, query: SnapshotQuery, lower: str, upper: str) -> Iterator[SegmentRow]:
        """Yield the segments that may hold a match; those found by expiry are few for any history."""
        if query.include_expired:
            rows = self.index.rows(query.world_id, lower, upper, newest_first=query.newest_first)
            ordered = rows if query.newest_first else _by_first_order(rows)
        else:
            unexpired = self.index.rows_by_expiry(query.world_id, query.at, _latest_expiry(query.known_at))
            ordered = iter(_sorted([row for row in unexpired if row.intersects(lower, upper)], query))
        return (row for row in ordered if _may_match(row, query))

    def _load(self, row: SegmentRow) -> list[SnapshotRecord]:
        version = row.first_order.rpartition("|")[2]
        return read_segment(self.objects, row.world_id, row.key, row.sha256, version)


def read_segment(
    objects: SegmentObjects, world_id: str, key: str, sha256: str, version: str
) -> list[SnapshotRecord]:
    """Return the snapshots of a segment, verified by the digest of its object (INV-06).

    Args:
        objects: the store of the objects.
        world_id: the world that all snapshots must belong to.
        key: the object's key.
        sha256: the digest of the object's bytes.
        version: a version in the segment, which an error names.

    Raises:
        DocumentError: the object is missing, archived or damaged, or holds snapshots of another world.
    """
    try:
        data = objects.get(key)
    except SegmentObjectError as error:
        raise DocumentError(world_id, version, f"its segment {key} {error}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DocumentError(world_id, version, f"its segment {key} does not match its digest")
    return decoded(data, world_id, key, version)


def decoded(data: bytes, world_id: str, key: str, version: str) -> list[SnapshotRecord]:
    """Return the snapshots in the bytes of an object.

    Raises:
        DocumentError: the bytes are not a whole segment of this world.
    """
    try:
        snapshots = decode_segment(data)
    except (ValueError, KeyError, TypeError, EOFError, OSError, zlib.error) as error:
        raise DocumentError(world_id, version, f"its segment {key} is not readable") from error
    if any(each.world_id != world_id for each in snapshots):
        raise DocumentError(world_id, version, f"its segment {key} holds snapshots of another world")
    return snapshots


def _is_beyond(row: SegmentRow, order: str, query: SnapshotQuery) -> bool:
    """Return whether every snapshot of a segment comes after `order` in the query's direction."""
    return row.last_order < order if query.newest_first else row.first_order > order


def _may_match(row: SegmentRow, query: SnapshotQuery) -> bool:
    return (query.known_at is None or row.least_created_at <= query.known_at) and (
        query.stage is None or query.stage in row.stages
    )


def _by_first_order(rows: Iterator[SegmentRow]) -> Iterator[SegmentRow]:
    """Yield rows, given by their last order, by their first one: segments of two days do not overlap."""
    for _, of_day in groupby(rows, key=lambda row: row.day):
        yield from sorted(of_day, key=lambda row: row.first_order)


def _sorted(rows: list[SegmentRow], query: SnapshotQuery) -> list[SegmentRow]:
    if query.newest_first:
        return sorted(rows, key=lambda row: row.last_order, reverse=True)
    return sorted(rows, key=lambda row: row.first_order)


def _latest_expiry(known_at: datetime | None) -> datetime | None:
    """Return an instant after the greatest expiry of every segment of which something was known."""
    return None if known_at is None else known_at + EXPIRY_SPAN_MAX
