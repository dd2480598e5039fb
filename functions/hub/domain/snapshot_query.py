"""Snapshot queries: which snapshots match, and in which order, for every read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.hub.domain.ordering import AFTER_ALL, BEFORE_ALL, just_after, just_before, last_key_at
from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_contracts.base.limits import FUTURE_SKEW_MAX_SECONDS, TTL_MAX_SECONDS
from risk_hub_contracts.base.times import format_instant

FUTURE_SKEW_MAX = timedelta(seconds=FUTURE_SKEW_MAX_SECONDS)
TTL_MAX = timedelta(seconds=TTL_MAX_SECONDS)


@dataclass(frozen=True, slots=True)
class SnapshotQuery:
    """A query for one world's snapshots in time order.

    Attributes:
        at: the instant by which expiry is judged: `known_at`, or the hub's clock.
        known_at: only snapshots known by then count; None: all that are stored.
        as_of_from: lower bound of `as_of`, inclusive.
        as_of_to: upper bound of `as_of`, inclusive.
        after: the order key of the last snapshot already seen, exclusive.
        limit: the largest number of snapshots to return.
    """

    world_id: str
    at: datetime
    known_at: datetime | None = None
    stage: str | None = None
    actor: str | None = None
    include_expired: bool = False
    as_of_from: datetime | None = None
    as_of_to: datetime | None = None
    newest_first: bool = True
    after: str | None = None
    limit: int = 1

    def matches(self, snapshot: SnapshotRecord) -> bool:
        """Return whether the snapshot matches: the definition that every store must implement."""
        return (
            snapshot.world_id == self.world_id
            and self.matches_row(snapshot.order, snapshot.stage, snapshot.actor, snapshot.created_at)
            and (self.include_expired or not snapshot.is_expired(self.at))
        )

    def matches_row(self, order: str, stage: str, actor: str, created_at: datetime) -> bool:
        """Return whether a snapshot with these attributes matches, without regard to its expiry."""
        lower, upper = self.bounds()
        return (
            lower <= order <= upper
            and (self.stage is None or stage == self.stage)
            and (self.actor is None or actor == self.actor)
            and (self.known_at is None or created_at <= self.known_at)
        )

    def bounds(self) -> tuple[str, str]:
        """Return the least and the greatest order key that can match, both inclusive.

        A snapshot known at an instant has an `as_of` at most the accepted skew after it, so a query of the
        past starts there and not at the newest snapshot.
        """
        lower = BEFORE_ALL if self.as_of_from is None else format_instant(self.as_of_from)
        ceilings = [] if self.as_of_to is None else [self.as_of_to]
        if self.known_at is not None:
            ceilings.append(self.known_at + FUTURE_SKEW_MAX)
        upper = last_key_at(min(ceilings)) if ceilings else AFTER_ALL
        if self.after is None:
            return lower, upper
        if self.newest_first:
            return lower, min(upper, just_before(self.after))
        return max(lower, just_after(self.after)), upper
