"""How a world stands against what is expected of it. Missing is not stale; an expired head is not an old one (INV-07).

Lag is the hub's clock minus the head's as_of, so a producer that sends old data on time is late too. Retention and TTL
play no part in it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nsmallest

from risk_hub_contracts.expectation import Expectation
from risk_hub_contracts.worlds import WorldState

LATE_STATES: frozenset[WorldState] = frozenset({"late", "stale"})
SILENT_STATES: frozenset[WorldState] = frozenset({"stale", "missing"})
"""What somebody is woken for, outside the world's quiet hours."""
NEWS = timedelta(minutes=5)
"""For how long a world that has fallen silent counts as one that has just done so."""
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
    """What the registry and the relay wrote down about one world and stage.

    Attributes:
        head: None where nothing was announced yet.
        expectation: None where nobody waits for the world.
        expected_since: when it was registered, or last switched on; None while it is switched off.
        readable: False when something on the row is not what the hub wrote. Silence would be worse than a false alarm: the
            default limits stand in for such an expectation, and such a head counts as none.
    """

    world_id: str
    stage: str
    head: NewestSnapshot | None = None
    expectation: Expectation | None = None
    expected_since: datetime | None = None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """How one world and stage stands at one instant.

    Attributes:
        at: the instant.
        lag_seconds: age of the newest as_of, at least 0; None where nothing came.
        quiet: whether its quiet hours hold back alarms now.
    """

    row: WorldRow
    at: datetime
    state: WorldState
    lag_seconds: float | None
    quiet: bool

    @property
    def wakes(self) -> bool:
        """Whether somebody is woken for this world now."""
        return self.state in SILENT_STATES and not self.quiet


def standing(row: WorldRow, at: datetime) -> Standing:
    """Return how a world stands at an instant."""
    lag = None if row.head is None else max(0.0, (at - row.head.as_of).total_seconds())
    quiet = row.expectation is not None and row.expectation.is_quiet(at)
    return Standing(row, at, _state(row, lag, at), lag, quiet)


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


def is_old_news(now: Standing) -> bool:
    """Whether somebody would have been woken for this world, by what is known of it now, `NEWS` ago already."""
    before = standing(now.row, now.at - NEWS)
    return before.wakes and before.state == now.state


def _is_overdue(row: WorldRow, wanted: Expectation, at: datetime) -> bool:
    """A world is given `warn_seconds` to come for the first time, from its registration on or since it was switched on."""
    return row.expected_since is None or (at - row.expected_since).total_seconds() > wanted.warn_seconds


@dataclass(slots=True)
class StageTally:
    """The worlds of one stage, counted.

    Attributes:
        late: past their own `warn_seconds`, the stale ones included, outside their quiet hours, as are the next two.
        stale: past their own `critical_seconds`.
        missing: never came.
        quiet: what quiet hours keep out of these three.
        long_stale: those of `stale` that woke somebody `NEWS` ago already.
        long_missing: the same of `missing`.
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

    def add(self, standing: Standing) -> None:
        """Count one more world."""
        self.unexpected += standing.state == "unexpected"
        if standing.state not in WATCHED_STATES:
            return
        self.expected += 1
        self.late += standing.state in LATE_STATES and not standing.quiet
        self.quiet += standing.state in LATE_STATES | SILENT_STATES and standing.quiet
        if standing.lag_seconds is not None:
            self.worst_lag_seconds = max(standing.lag_seconds, self.worst_lag_seconds or 0.0)
        if standing.wakes:
            self._add_silent(standing, is_old=is_old_news(standing))

    def _add_silent(self, standing: Standing, *, is_old: bool) -> None:
        self.stale += standing.state == "stale"
        self.long_stale += standing.state == "stale" and is_old
        self.missing += standing.state == "missing"
        self.long_missing += standing.state == "missing" and is_old

    @property
    def spread(self) -> int:
        """How many worlds have just fallen silent while others were so: an alarm on a count rings at the first only."""
        kinds = ((self.stale, self.long_stale), (self.missing, self.long_missing))
        return sum(silent - long for silent, long in kinds if long)


def tally(standings: Iterable[Standing], stages: Collection[str]) -> Mapping[str, StageTally]:
    """Count the worlds of each allowed stage; a stage without worlds is counted too, so that its alarms can clear."""
    tallies = {stage: StageTally() for stage in sorted(stages)}
    for each in standings:
        if each.row.stage in tallies:
            tallies[each.row.stage].add(each)
    return tallies


def worst(standings: Iterable[Standing], stages: Collection[str], count: int) -> Sequence[Standing]:
    """Return the watched worlds of the allowed stages that are worst off, the missing ones first, at most `count`.

    Worlds that are well fill up the rest by name: each has a metric of its own, which is paid for by the hour, so the choice
    must not be another one each minute.
    """
    watched = (each for each in standings if each.state in WATCHED_STATES and each.row.stage in stages)
    return nsmallest(count, watched, key=_rank)


def _rank(standing: Standing) -> tuple[int, float, str, str]:
    """Missing before all, then by how many of its own limits a world is late: slow worlds must not crowd out fast ones."""
    name = standing.row.world_id, standing.row.stage
    if standing.state == "missing":
        return 0, 0.0, *name
    if standing.state not in LATE_STATES or standing.lag_seconds is None or standing.row.expectation is None:
        return 2, 0.0, *name
    return 1, -standing.lag_seconds / standing.row.expectation.warn_seconds, *name
