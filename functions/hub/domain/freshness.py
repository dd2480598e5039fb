"""Freshness status of each world, compared with its expectation (INV-07).

Lag is the hub's clock minus the head's as_of, so a producer that sends old data on time is also late.
Retention and TTL do not affect it: a missing world is not stale, and an expired head is not necessarily old.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nsmallest

from risk_hub_contracts.worlds.expectation import Expectation
from risk_hub_contracts.worlds.registry import WorldState

LATE_STATES: frozenset[WorldState] = frozenset({"late", "stale"})
SILENT_STATES: frozenset[WorldState] = frozenset({"stale", "missing"})
"""States that page the on-call operator, outside the world's quiet hours."""
RECENT_TRANSITION = timedelta(minutes=5)
"""How long a world counts as recently silent after it becomes stale or missing."""
WATCHED_STATES: frozenset[WorldState] = frozenset({"fresh", "late", "stale", "missing", "awaited"})


@dataclass(frozen=True, slots=True)
class NewestSnapshot:
    """The newest announced snapshot of one world and stage."""

    version: str
    as_of: datetime
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class WorldRow:
    """Registry and relay data of one world and stage.

    Attributes:
        head: None before the first announcement.
        expectation: None when no snapshots are expected.
        expected_since: when it was registered or last enabled; None while it is disabled.
        readable: False when the row holds something that the hub did not write. The default limits then
            replace an unreadable expectation and an unreadable head counts as absent: a false alarm is better
            than a missed one.
    """

    world_id: str
    stage: str
    head: NewestSnapshot | None = None
    expectation: Expectation | None = None
    expected_since: datetime | None = None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class FreshnessStatus:
    """Freshness status of one world and stage at one instant.

    Attributes:
        at: the instant.
        lag_seconds: age of the newest as_of, at least 0; None when nothing was announced.
        quiet: whether the world's quiet hours suppress alarms at `at`.
    """

    row: WorldRow
    at: datetime
    state: WorldState
    lag_seconds: float | None
    quiet: bool

    @property
    def pages_on_call(self) -> bool:
        """True if this world pages the on-call operator now."""
        return self.state in SILENT_STATES and not self.quiet


def freshness_status(row: WorldRow, at: datetime) -> FreshnessStatus:
    """Return a world's freshness status at an instant."""
    lag = None if row.head is None else max(0.0, (at - row.head.as_of).total_seconds())
    quiet = row.expectation is not None and row.expectation.is_quiet(at)
    return FreshnessStatus(row, at, _state(row, lag, at), lag, quiet)


def _state(row: WorldRow, lag_seconds: float | None, at: datetime) -> WorldState:
    wanted = row.expectation
    if wanted is None:
        return "unexpected"
    if not wanted.enabled:
        return "disabled"
    if lag_seconds is None:
        return "missing" if _is_overdue(row, wanted, at) else "awaited"
    if lag_seconds > wanted.critical_seconds:
        return "stale"
    return "late" if lag_seconds > wanted.warn_seconds else "fresh"


def was_already_paging(now: FreshnessStatus) -> bool:
    """Return whether this world, judged by its current row, was already paging in this state `RECENT_TRANSITION` ago."""
    before = freshness_status(now.row, now.at - RECENT_TRANSITION)
    return before.pages_on_call and before.state == now.state


def _is_overdue(row: WorldRow, wanted: Expectation, at: datetime) -> bool:
    """Return whether more than `warn_seconds` have passed since registration or enabling."""
    return row.expected_since is None or (at - row.expected_since).total_seconds() > wanted.warn_seconds


@dataclass(slots=True)
class StageTally:
    """Counts of the worlds of one stage.

    Attributes:
        late: past their own `warn_seconds`, including stale worlds; like the next two, outside quiet hours.
        stale: past their own `critical_seconds`.
        missing: overdue and never announced.
        quiet: worlds that quiet hours exclude from these three.
        long_stale: worlds in `stale` that were already paging `RECENT_TRANSITION` ago.
        long_missing: the same for `missing`.
    """

    expected: int = 0
    unexpected: int = 0
    missing: int = 0
    late: int = 0
    stale: int = 0
    quiet: int = 0
    long_stale: int = 0
    long_missing: int = 0
    worst_lag_seconds: float | None = field(default=None)

    def add(self, freshness_status: FreshnessStatus) -> None:
        """Count one more world."""
        self.unexpected += freshness_status.state == "unexpected"
        if freshness_status.state not in WATCHED_STATES:
            return
        self.expected += 1
        self.late += freshness_status.state in LATE_STATES and not freshness_status.quiet
        self.quiet += freshness_status.state in LATE_STATES | SILENT_STATES and freshness_status.quiet
        if freshness_status.lag_seconds is not None:
            self.worst_lag_seconds = max(freshness_status.lag_seconds, self.worst_lag_seconds or 0.0)
        if freshness_status.pages_on_call:
            self._add_silent(freshness_status, is_old=was_already_paging(freshness_status))

    def _add_silent(self, freshness_status: FreshnessStatus, *, is_old: bool) -> None:
        self.stale += freshness_status.state == "stale"
        self.long_stale += freshness_status.state == "stale" and is_old
        self.missing += freshness_status.state == "missing"
        self.long_missing += freshness_status.state == "missing" and is_old

    @property
    def spread(self) -> int:
        """Count of worlds that became silent recently in a state where others were already silent.

        An alarm on the plain count fires only for the first silent world.
        """
        kinds = ((self.stale, self.long_stale), (self.missing, self.long_missing))
        return sum(silent - long for silent, long in kinds if long)


def tally(statuses: Iterable[FreshnessStatus], stages: Collection[str]) -> Mapping[str, StageTally]:
    """Count the worlds of each allowed stage, including stages without worlds, so that their alarms clear."""
    tallies = {stage: StageTally() for stage in sorted(stages)}
    for each in statuses:
        if each.row.stage in tallies:
            tallies[each.row.stage].add(each)
    return tallies


def worst(
    statuses: Iterable[FreshnessStatus], stages: Collection[str], count: int
) -> Sequence[FreshnessStatus]:
    """Return at most `count` watched worlds of the allowed stages, worst first, missing worlds before all others.

    Healthy worlds fill the remaining places in name order. Each world has its own metric, billed by the hour,
    so the selection must stay stable from minute to minute.
    """
    watched = (each for each in statuses if each.state in WATCHED_STATES and each.row.stage in stages)
    return nsmallest(count, watched, key=_rank)


def _rank(freshness_status: FreshnessStatus) -> tuple[int, float, str, str]:
    """Return the sort key: missing worlds first, then by lag relative to the world's own limit.

    An absolute lag would let slow worlds crowd out fast ones.
    """
    name = freshness_status.row.world_id, freshness_status.row.stage
    if freshness_status.state == "missing":
        return 0, 0.0, *name
    if (
        freshness_status.state not in LATE_STATES
        or freshness_status.lag_seconds is None
        or freshness_status.row.expectation is None
    ):
        return 2, 0.0, *name
    return 1, -freshness_status.lag_seconds / freshness_status.row.expectation.warn_seconds, *name
