"""Read snapshots: the latest, one by version or time, or a page; now, or as known at a past moment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.hub.domain.cursor import decode_cursor, encode_cursor
from functions.hub.domain.ordering import TIME_ORDER
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Clock, SnapshotStore, WorldStore
from functions.hub.use_cases.explain_absence import ExplainAbsence
from risk_hub_contracts.api.queries import LatestReportQuery, ListQuery, LookupQuery
from risk_hub_contracts.base.limits import KNOWN_AT_SETTLE_SECONDS, RESPONSE_MAX_BYTES
from risk_hub_contracts.base.problems import INVALID_QUERY, ProblemError, Violation

SETTLE = timedelta(seconds=KNOWN_AT_SETTLE_SECONDS)


@dataclass(frozen=True, slots=True)
class Moment:
    """The instants on which an answer depends.

    Attributes:
        at: expiry is judged at this instant: `known_at` if the request has one, else `now`.
        known_at: the instant in the request; None for an answer about now.
        now: when the request arrived.
    """

    at: datetime
    known_at: datetime | None
    now: datetime

    def settled(self, settle: timedelta = SETTLE) -> bool | None:
        """Return whether no write in progress can still change an answer about the past (INV-08).

        Args:
            settle: how long a write may take, from the instant in its record until it is visible.

        Returns:
            None for an answer about now.
        """
        return None if self.known_at is None else self.known_at <= self.now - settle

    def mark_settled(self, why: ProblemError, settle: timedelta = SETTLE) -> ProblemError:
        """Return the problem of an empty answer; about the past, it states whether the answer is settled."""
        why.settled = self.settled(settle)
        return why


@dataclass(frozen=True, slots=True)
class FoundSnapshot:
    """One snapshot and the moment of the query."""

    stored: SnapshotRecord
    moment: Moment


@dataclass(frozen=True, slots=True)
class FoundSnapshotPage:
    """A page of snapshots, and the cursor of the next one if there is one."""

    stored: Sequence[SnapshotRecord]
    moment: Moment
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ReadSnapshots:
    """The hub's reads. Each is one strongly consistent request if anything matches."""

    snapshots: SnapshotStore
    worlds: WorldStore
    clock: Clock

    def latest(self, world_id: str, query_parameters: LatestReportQuery) -> FoundSnapshot:
        """Return the greatest (as_of, created_at, version) that matches and has not expired (INV-03).

        Raises:
            ProblemError: nothing matches; the problem says whether the world is unknown, never had a
                snapshot, or when its last one expired.
        """
        moment = self._moment(query_parameters.known_at)
        return self._first(_query(world_id, query_parameters, moment), moment)

    def lookup(self, world_id: str, query_parameters: LookupQuery) -> FoundSnapshot:
        """Return the requested version, or else the newest snapshot with `as_of` at or before the instant."""
        moment = self._moment(query_parameters.known_at)
        query = _query(world_id, query_parameters, moment)
        if query_parameters.version is not None:
            return self._version(query_parameters.version, query, moment)
        return self._first(replace(query, as_of_to=query_parameters.as_of), moment)

    def page(self, world_id: str, query_parameters: ListQuery) -> FoundSnapshotPage:
        """Return a page in time order; every filter applies before the limit."""
        moment = self._moment(query_parameters.known_at)
        bound_query = cursor_query(world_id, query_parameters)
        query = replace(
            _query(world_id, query_parameters, moment),
            as_of_from=query_parameters.from_,
            as_of_to=query_parameters.to,
            newest_first=query_parameters.order == "desc",
            after=None
            if query_parameters.cursor is None
            else decode_cursor(bound_query, query_parameters.cursor, TIME_ORDER),
            limit=query_parameters.limit + 1,
        )
        found = self.snapshots.select(query)
        shown = fit_in_response(found[: query_parameters.limit])
        more = len(shown) < len(found)
        return FoundSnapshotPage(shown, moment, encode_cursor(bound_query, shown[-1].order) if more else None)

    def _version(self, version: str, query: SnapshotQuery, moment: Moment) -> FoundSnapshot:
        stored = self.snapshots.get(query.world_id, version)
        if stored is None or not query.matches(stored):
            raise moment.mark_settled(self._explain().of_version(query, version, stored))
        return FoundSnapshot(stored, moment)

    def _first(self, query: SnapshotQuery, moment: Moment) -> FoundSnapshot:
        found = self.snapshots.select(query)
        if not found:
            raise moment.mark_settled(self._explain().of_any(query))
        return FoundSnapshot(found[0], moment)

    def _explain(self) -> ExplainAbsence:
        return ExplainAbsence(self.snapshots, self.worlds)

    def _moment(self, known_at: datetime | None) -> Moment:
        now = self.clock()
        if known_at is not None and known_at > now:
            detail = "must not be in the future"
            raise ProblemError(INVALID_QUERY, f"known_at {detail}", (Violation("/known_at", detail),))
        return Moment(known_at or now, known_at, now)


def _query(
    world_id: str, query_parameters: LatestReportQuery | LookupQuery | ListQuery, moment: Moment
) -> SnapshotQuery:
    """Return the filters that all reads share."""
    return SnapshotQuery(
        world_id=world_id,
        at=moment.at,
        known_at=moment.known_at,
        stage=query_parameters.stage,
        actor=query_parameters.actor,
        include_expired=query_parameters.include_expired,
    )


def cursor_query(world_id: str, query_parameters: ListQuery) -> dict[str, str | None]:
    """Return the query that a cursor is bound to: the world and all parameters but `limit` and `cursor`."""
    parameters = query_parameters.model_dump(mode="json", exclude={"limit", "cursor"})
    return {"world_id": world_id, **{name: None if v is None else str(v) for name, v in parameters.items()}}


def fit_in_response(found: Sequence[SnapshotRecord]) -> Sequence[SnapshotRecord]:
    """Return the first snapshots whose documents together fit in one response; at least one."""
    total_bytes = 0
    for count, stored in enumerate(found):
        total_bytes += stored.document_bytes
        if count and total_bytes > RESPONSE_MAX_BYTES:
            return found[:count]
    return found
