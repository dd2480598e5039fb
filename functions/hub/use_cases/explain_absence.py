"""Explain an empty answer: unknown world, no snapshot, only expired ones, or an instant before the first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import SnapshotStore, WorldStore
from risk_hub_contracts.base.problems import SNAPSHOT_EXPIRED, SNAPSHOT_NOT_FOUND, WORLD_UNKNOWN, ProblemError
from risk_hub_contracts.base.times import format_instant

VERSION_REMEDY = (
    "Check the world id and the version, and leave out other filters: the list of the world's snapshots "
    "with `include_expired=true` has every version."
)
KNOWN_AT_REMEDY = "Send a later `known_at`, or leave it out; other filters make no difference."
FIRST_SNAPSHOT_REMEDY = "Publish a first snapshot of this world, or check the world id."
EXPIRED_REMEDY = "Send `include_expired=true` to read expired snapshots."
EXPIRED_OR_LATER_REMEDY = (
    "Send `include_expired=true` to read expired snapshots, or an as_of at or after `earliest_as_of`."
)
NO_EXPIRED_REMEDY = (
    "Widen the filters and send `include_expired=true`; no expired snapshot matches these filters."
)


@dataclass(frozen=True, slots=True)
class ExplainAbsence:
    """Turn an empty answer into a problem that names the next step; this costs one or two small reads."""

    snapshots: SnapshotStore
    worlds: WorldStore

    def of_any(self, query: SnapshotQuery) -> ProblemError:
        """Return the problem for a world in which no snapshot matches."""
        last_expiry = self.snapshots.last_expiry(query.world_id, query.known_at)
        if last_expiry is None:
            return self.of_empty_world(query.world_id, query.known_at)
        if last_expiry > query.at or query.include_expired:
            return self._of_unmatched_filters(query)
        at = format_instant(last_expiry)
        detail = f"the last snapshot of world {query.world_id!r} expired at {at}"
        remedy = self._remedy_of_expired_world(query)
        return ProblemError(SNAPSHOT_EXPIRED, detail, extra={"last_expired_at": at}, remedy=remedy)

    def of_version(self, query: SnapshotQuery, version: str, stored: SnapshotRecord | None) -> ProblemError:
        """Return the problem for one version that is absent, filtered out, or excluded only by its expiry."""
        if stored is not None and replace(query, include_expired=True).matches(stored):
            at = format_instant(stored.expires_at)
            detail = f"version {version!r} of world {query.world_id!r} expired at {at}"
            return ProblemError(
                SNAPSHOT_EXPIRED, detail, extra={"last_expired_at": at}, remedy=EXPIRED_REMEDY
            )
        # This does not depend on `stored`: a snapshot published since `known_at` must not change the answer (INV-08).
        if self.snapshots.last_expiry(query.world_id, query.known_at) is None:
            return self.of_empty_world(query.world_id, query.known_at)
        detail = f"world {query.world_id!r} has no version {version!r} that matches this query"
        return ProblemError(SNAPSHOT_NOT_FOUND, detail, remedy=VERSION_REMEDY)

    def _of_unmatched_filters(self, query: SnapshotQuery) -> ProblemError:
        """Return the problem for filters that match nothing; if `as_of` is too early, name the earliest match."""
        detail = f"no snapshot of world {query.world_id!r} matches this query"
        later = [] if query.as_of_to is None else self._earliest(query)
        has_expired = not query.include_expired and self._matches_if_expired_count(query)
        if not later:
            remedy = EXPIRED_REMEDY if has_expired else _filters_remedy(query)
            return ProblemError(SNAPSHOT_NOT_FOUND, detail, remedy=remedy)
        earliest = format_instant(later[0].as_of)
        detail = f"{detail}: the earliest snapshot that matches the other filters has as_of {earliest}"
        remedy = EXPIRED_OR_LATER_REMEDY if has_expired else _later_remedy(query)
        return ProblemError(SNAPSHOT_NOT_FOUND, detail, extra={"earliest_as_of": earliest}, remedy=remedy)

    def _remedy_of_expired_world(self, query: SnapshotQuery) -> str | None:
        """Return the remedy if every snapshot has expired; None for that of the type, which names both next steps.

        A new snapshot changes no answer about the past, and seldom one with an upper bound of `as_of`.
        """
        if not self._matches_if_expired_count(query):
            return NO_EXPIRED_REMEDY
        return None if query.known_at is None and query.as_of_to is None else EXPIRED_REMEDY

    def _matches_if_expired_count(self, query: SnapshotQuery) -> bool:
        return bool(self.snapshots.select(replace(query, include_expired=True)))

    def _earliest(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        return self.snapshots.select(replace(query, as_of_to=None, newest_first=False))

    def of_empty_world(self, world_id: str, known_at: datetime | None) -> ProblemError:
        """Return the problem for a world that has no snapshot, or had none at `known_at`."""
        if known_at is not None:
            # Today's registration of the world must not change the answer about a past moment (INV-08).
            detail = f"no snapshot of world {world_id!r} was known at {format_instant(known_at)}"
            return ProblemError(SNAPSHOT_NOT_FOUND, detail, remedy=KNOWN_AT_REMEDY)
        if self.worlds.heads(world_id):
            detail = f"world {world_id!r} has never had a snapshot"
            return ProblemError(SNAPSHOT_NOT_FOUND, detail, remedy=FIRST_SNAPSHOT_REMEDY)
        return ProblemError(
            WORLD_UNKNOWN, f"world {world_id!r} is unknown: it has no registration and no snapshot"
        )


def _filters_remedy(query: SnapshotQuery) -> str:
    """Return the remedy for filters that match no snapshot, expired or not."""
    later = "" if query.known_at is None else ", or send a later `known_at`"
    expired = "are already included" if query.include_expired else "make no difference"
    return f"Widen the filters{later}; expired snapshots {expired}."


def _later_remedy(query: SnapshotQuery) -> str:
    """Return the remedy for an `as_of` before the earliest snapshot that matches."""
    others = "" if query.stage is query.actor is None else ", or widen the other filters"
    return f"Send an as_of at or after `earliest_as_of`{others}."
