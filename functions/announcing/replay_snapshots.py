"""Announce stored records again: one page of a world's history, or records named by their keys.

The events come from the same code as the first time, so they have the same ids and data; they are flagged
`replay`, and a head never moves backwards.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.announcing.announce_commits import AnnounceCommits, Commit
from functions.evaluation.derived_record import REPORT_KINDS
from functions.evaluation.ports import Reports, StoredRecords
from functions.hub.domain.cursor import decode_cursor, encode_cursor
from functions.hub.domain.ordering import TIME_ORDER
from functions.hub.domain.past_snapshots import is_backfilled, is_report_pending
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Clock, DependencyUnavailableError, SnapshotStore
from risk_hub_contracts.base.times import format_instant, parse_instant

REPLAY_PAGE_MAX_SNAPSHOTS = 100
NAMED_MAX_RECORDS = 100
Document = Mapping[str, Any]


class Period(BaseModel):
    """Part of a world's history to announce again: instants of `as_of`, both inclusive, oldest first.

    With `evaluate`, only snapshots are announced that have no report and will get none without this request;
    engines evaluate them as history. With `stage`, only snapshots of that stage are announced.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    world_id: str
    start: str = Field(alias="from")
    end: str = Field(alias="to")
    cursor: str | None = None
    limit: int = Field(default=REPLAY_PAGE_MAX_SNAPSHOTS, ge=1, le=REPLAY_PAGE_MAX_SNAPSHOTS)
    dry_run: bool = False
    stage: str | None = None
    evaluate: bool = False

    def cursor_query(self) -> dict[str, str | None]:
        """Return the query that the cursor is bound to."""
        selected = {} if self.stage is None else {"stage": self.stage}
        return {"evaluate" if self.evaluate else "replay": self.world_id, **self._bounds(), **selected}

    def _bounds(self) -> dict[str, str | None]:
        return {"from": self.start, "to": self.end}

    def query(self, at: datetime) -> SnapshotQuery:
        """Return the query for this page; it includes expired snapshots.

        Raises:
            ProblemError: an instant is malformed, or the cursor belongs to another period.
        """
        return SnapshotQuery(
            world_id=self.world_id,
            at=at,
            stage=self.stage,
            include_expired=True,
            as_of_from=parse_instant(self.start),
            as_of_to=parse_instant(self.end),
            newest_first=False,
            after=None
            if self.cursor is None
            else decode_cursor(self.cursor_query(), self.cursor, TIME_ORDER),
            limit=self.limit,
        )


class NamedRecords(BaseModel):
    """Records of a world to announce again, named by their keys in the tables."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    world_id: str
    versions: list[str] = Field(default=[], max_length=NAMED_MAX_RECORDS)
    evaluations: list[str] = Field(default=[], max_length=NAMED_MAX_RECORDS)


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """Result of a replay.

    Attributes:
        found: records that the stores hold.
        announced: records whose events the bus accepted: all that were chosen, 0 in a dry run.
        expired: found snapshots that had expired; engines refuse them unless they are asked to evaluate them.
        evaluated: with `evaluate`, snapshots that have both reports already.
        awaited: with `evaluate`, snapshots that the engines may still evaluate without this request.
        reached: `as_of` of the last snapshot of the page.
        next_cursor: continues the period; None after its last page.
        missing: names that the stores do not hold.
        unreadable: names whose stored item is not a record of this hub.
    """

    found: int
    announced: int
    expired: int
    reached: str | None = None
    next_cursor: str | None = None
    missing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    evaluated: int = 0
    awaited: int = 0


ReadFailure = Literal["missing", "unreadable"]
GetRecord = Callable[[str, str], Commit | None]


@dataclass(frozen=True, slots=True)
class ReplaySelection:
    """Snapshots of a page to announce, and counts of the others by reason."""

    snapshots: Sequence[SnapshotRecord]
    evaluated: int = 0
    awaited: int = 0


@dataclass(frozen=True, slots=True)
class ReplaySnapshots:
    """Replay that an operator requests from the relay."""

    snapshots: SnapshotStore
    evaluations: StoredRecords
    reports: Reports
    announce: AnnounceCommits
    clock: Clock

    def __call__(self, request: Document) -> ReplayResult:
        """Announce again the records that the request selects.

        Args:
            request: the JSON form of a `Period`, or of `NamedRecords` records.

        Raises:
            ValueError, ProblemError: the request is neither, or an instant or the cursor is wrong.
            DependencyUnavailableError: at least one event was not sent; the next request repeats all of them.
        """
        if "from" in request:
            return self._replay_period(Period.model_validate(request))
        return self._replay_named(NamedRecords.model_validate(request))

    def _replay_period(self, period: Period) -> ReplayResult:
        now = self.clock()
        page = self.snapshots.select(period.query(now))
        selection = self._select_missed(page, now) if period.evaluate else ReplaySelection(page)
        if not period.dry_run:
            self.announce(selection.snapshots, replay=True, history=period.evaluate)
        last = page[-1] if page else None
        more = last is not None and len(page) == period.limit
        return ReplayResult(
            found=len(page),
            announced=0 if period.dry_run else len(selection.snapshots),
            expired=self._count_expired(page),
            reached=None if last is None else format_instant(last.as_of),
            next_cursor=encode_cursor(period.cursor_query(), last.order)
            if last is not None and more
            else None,
            evaluated=selection.evaluated,
            awaited=selection.awaited,
        )

    def _select_missed(self, page: Sequence[SnapshotRecord], now: datetime) -> ReplaySelection:
        """Choose the snapshots whose evaluation was missed: no report exists and none is awaited (INV-15)."""
        settled = [each for each in page if is_backfilled(each.document) or not is_report_pending(each, now)]
        missed = [each for each in settled if not self._is_evaluated(each)]
        return ReplaySelection(missed, len(settled) - len(missed), len(page) - len(settled))

    def _is_evaluated(self, snapshot: SnapshotRecord) -> bool:
        newest = self.reports.newest_report
        return all(newest(kind, snapshot.world_id, snapshot.version) is not None for kind in REPORT_KINDS)

    def _replay_named(self, named: NamedRecords) -> ReplayResult:
        read = {name: self._read(self.snapshots.get, named.world_id, name) for name in named.versions}
        read |= {name: self._read(self.evaluations.get, named.world_id, name) for name in named.evaluations}
        commits = [commit for commit in read.values() if not isinstance(commit, str)]
        self.announce(commits, replay=True)
        return ReplayResult(
            found=len(commits),
            announced=len(commits),
            expired=self._count_expired(commits),
            missing=tuple(name for name, commit in read.items() if commit == "missing"),
            unreadable=tuple(name for name, commit in read.items() if commit == "unreadable"),
        )

    def _read(self, get: GetRecord, world_id: str, name: str) -> Commit | ReadFailure:
        try:
            commit = get(world_id, name)
        except DependencyUnavailableError:
            raise
        except Exception:  # noqa: BLE001  (an invalid record may raise any error; the others continue)
            return "unreadable"
        return "missing" if commit is None else commit

    def _count_expired(self, commits: Sequence[Commit]) -> int:
        now = self.clock()
        return sum(isinstance(each, SnapshotRecord) and each.is_expired(now) for each in commits)
