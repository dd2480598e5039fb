"""Ports of history: the rows of segments, their objects, and the hot table as the move uses it.

Every adapter and every fake of a port passes the same test suite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from functions.history.segment import SegmentRow
    from functions.hub.domain.snapshot_record import SnapshotRecord

HOT_SAMPLE_COUNT: Final = 100
MoveStep = Literal["planned", "stored"]
"""Steps of a move: `planned`, nothing is committed; `stored`, the segment is part of history."""


class SegmentObjectError(Exception):
    """The object of a segment cannot be read.

    Attributes:
        missing: whether the store has no such object.
    """

    def __init__(self, reason: str, *, missing: bool = False) -> None:
        super().__init__(reason)
        self.missing = missing


class SegmentObjects(Protocol):
    """The objects of segments. Every method may raise DependencyUnavailableError."""

    def put_once(self, key: str, data: bytes, sha256: str) -> None:
        """Store the object under a free key; leave an existing object unchanged."""

    def get(self, key: str) -> bytes:
        """Return the object's bytes, not verified.

        Raises:
            SegmentObjectError: the object is missing, or is archived and cannot be read.
        """


class SegmentLinks(Protocol):
    """URLs of the objects of segments."""

    def download_url(self, key: str) -> str:
        """Return a short-lived URL from which a reader can fetch the object."""


@dataclass(frozen=True, slots=True)
class MovePlan:
    """The segment that a move is about to make; a world has at most one.

    Attributes:
        segment_id: the id of the segment with exactly this content.
        first_order: the first snapshot; every snapshot from here to `last_order` belongs to the segment if
            its `created_at` is in the interval below.
        created_from: the least `created_at`, inclusive.
        created_until: the greatest `created_at`, inclusive.
        digest: the rolling digest of the content.
        step: what is committed of the move.
    """

    world_id: str
    segment_id: str
    first_order: str
    last_order: str
    created_from: datetime
    created_until: datetime
    count: int
    digest: str
    step: MoveStep = "planned"


class SegmentIndex(Protocol):
    """The rows of segments, and the plans of moves; strongly consistent.

    Every method may raise DependencyUnavailableError.
    """

    def rows(self, world_id: str, lower: str, upper: str, *, newest_first: bool) -> Iterator[SegmentRow]:
        """Yield the segments in which a time order between the bounds may be, by their last order.

        It reads no further than its caller does, a small page first.
        """

    def rows_by_expiry(
        self, world_id: str, after: datetime | None, until: datetime | None
    ) -> Iterator[SegmentRow]:
        """Yield the segments by their greatest expiry, latest first.

        Args:
            world_id: the world.
            after: the greatest expiry is later than this; None: any.
            until: the greatest expiry is not later than this; None: any.
        """

    def row(self, world_id: str, segment_order: str) -> SegmentRow | None:
        """Return one row."""

    def plan(self, world_id: str) -> MovePlan | None:
        """Return the plan of the world's move in progress."""

    def begin(self, plan: MovePlan) -> bool:
        """Store the plan unless the world has one; return whether it was stored."""

    def commit(self, plan: MovePlan, row: SegmentRow) -> bool:
        """Store the row and advance the plan to `stored`, both or neither.

        Returns:
            False if the row exists, or the world's plan is another one or was advanced before.
        """

    def finish(self, plan: MovePlan) -> None:
        """Remove the plan if it is still the plan of its world."""


@dataclass(frozen=True, slots=True)
class HotSnapshot:
    """A snapshot in the hot table, and the instant until which the table keeps it."""

    record: SnapshotRecord
    retain_until: datetime


@dataclass(frozen=True, slots=True)
class HotLoad:
    """Measure of the newest snapshots of a world in the hot table.

    Attributes:
        count: how many were measured: HOT_SAMPLE_COUNT, or fewer if the table holds fewer.
        size_bytes: their size with their entries in the indexes.
        since: the first arrival among them; None without snapshots.
    """

    count: int
    size_bytes: int
    since: datetime | None


class HotTable(Protocol):
    """The hot table as the move uses it; strongly consistent. May raise DependencyUnavailableError."""

    def settled(
        self, world_id: str, lower: str, upper: str, created_until: datetime
    ) -> Iterator[HotSnapshot]:
        """Yield the whole snapshots between two time orders, both inclusive, oldest first; no tombstones.

        Args:
            world_id: the world.
            lower: least time order.
            upper: greatest time order.
            created_until: only snapshots that arrived by then.
        """

    def forget(self, snapshot: SnapshotRecord, row: SegmentRow) -> bool:
        """Replace a snapshot by its tombstone if the table still holds it with this content.

        Returns:
            Whether this call replaced it.
        """

    def newest_load(self, world_id: str) -> HotLoad:
        """Measure the newest snapshots of a world, HOT_SAMPLE_COUNT of them."""

    def oldest_as_of(self, world_id: str) -> datetime | None:
        """Return the least `as_of` of the world's snapshots in the table; None without any."""
