"""All snapshots of a world: those in the hot table, and those that were moved to history.

Every read queries the hot table first and history second. A snapshot is part of history before the table removes
it, so a snapshot that moves during a read is found at least once; both copies are the same, and one is returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from functions.hub.ports import PutOutcome, SnapshotMovedError, SnapshotStore
from risk_hub_contracts.base.limits import HOT_MIN_SECONDS
from risk_hub_contracts.base.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from functions.hub.domain.snapshot_query import SnapshotQuery
    from functions.hub.domain.snapshot_record import SnapshotRecord
    from functions.hub.ports import Clock

HOT_MIN = timedelta(seconds=HOT_MIN_SECONDS)


class MovedSnapshots(Protocol):
    """The moved snapshots, as WholeHistory reads them; see ReadHistory."""

    def get(self, moved: SnapshotMovedError) -> SnapshotRecord:
        """Return the snapshot of a tombstone."""

    def select(self, query: SnapshotQuery, lower: str, upper: str) -> list[SnapshotRecord]:
        """Return at most `query.limit` snapshots between two time orders that match, in the query's order."""

    def last_expiry(self, world_id: str, known_at: datetime | None) -> datetime | None:
        """Return the latest expiry of the moved snapshots."""


@dataclass(frozen=True, slots=True)
class WholeHistory:
    """A SnapshotStore that answers from the hot table and, for older snapshots, from history.

    Attributes:
        open_history: returns history; it is called when a read needs more than the hot table.
    """

    hot: SnapshotStore
    open_history: Callable[[], MovedSnapshots]
    clock: Clock

    def put_once(self, snapshot: SnapshotRecord, retain_until: datetime) -> PutOutcome:
        """See SnapshotStore. A version that was moved is still taken (INV-01)."""
        try:
            return self.hot.put_once(snapshot, retain_until)
        except SnapshotMovedError as moved:
            return PutOutcome(self.open_history().get(moved), created=False)

    def get(self, world_id: str, version: str) -> SnapshotRecord | None:
        """See SnapshotStore."""
        try:
            return self.hot.get(world_id, version)
        except SnapshotMovedError as moved:
            return self.open_history().get(moved)

    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        """See SnapshotStore. No snapshot that is younger than HOT_MIN_SECONDS is in history."""
        found = self.hot.select(query)
        lower, upper = _open_range(query, found)
        if lower > upper or lower >= format_instant(self.clock() - HOT_MIN):
            return found
        return _merged(found, self.open_history().select(query, lower, upper), query)

    def last_expiry(self, world_id: str, known_at: datetime | None = None) -> datetime | None:
        """See SnapshotStore."""
        hot = self.hot.last_expiry(world_id, known_at)
        moved = self.open_history().last_expiry(world_id, known_at)
        return max(filter(None, (hot, moved)), default=None)


def _open_range(query: SnapshotQuery, found: Sequence[SnapshotRecord]) -> tuple[str, str]:
    """Return the time orders, both inclusive, in which history may add to what the hot table has answered."""
    lower, upper = query.bounds()
    if len(found) < query.limit:
        return lower, upper
    last = found[-1].order
    return (max(lower, last), upper) if query.newest_first else (lower, min(upper, last))


def _merged(
    hot: Sequence[SnapshotRecord], moved: Sequence[SnapshotRecord], query: SnapshotQuery
) -> list[SnapshotRecord]:
    versions = {each.version for each in hot}
    merged = [*hot, *(each for each in moved if each.version not in versions)]
    merged.sort(key=lambda each: each.order, reverse=query.newest_first)
    return merged[: query.limit]
