"""Compare history with the ledger.

The ledger is what the table keeps of every committed snapshot: its item, or the tombstone of a moved one. Both are
made by the commit that is announced, and no role can delete them. History must hold exactly the moved snapshots.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from functions.history.open_segment import read_segment
from functions.history.ports import SegmentIndex, SegmentObjects
from functions.history.segment import CREATED_SPAN_MAX, DIGEST_MODULUS, SegmentRow, digest_of
from functions.hub.domain.ordering import AFTER_ALL, BEFORE_ALL
from functions.hub.ports import Clock, DocumentError

INTERVAL: Final = timedelta(days=1)
"""Time between two reconciliations of a world."""
SEGMENTS_CHECKED_MAX_COUNT: Final = 200
"""Most objects that one reconciliation reads; the next one continues after them, in a circle."""
TTL_DELAY_MAX: Final = timedelta(days=5)
"""Greatest delay of DynamoDB's removal of an item after its retention has ended."""
CLOCK_LINES: Final = 1_000
"""Lines that are read between two checks of the time limit."""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Facts that the table keeps about one committed snapshot.

    Attributes:
        segment: the name of the segment of a moved snapshot; None: the table holds the snapshot itself.
    """

    version: str
    content_hash: str
    segment: str | None
    retain_until: datetime


class Ledger(Protocol):
    """The table's facts about each snapshot of a world, strongly consistent; may raise DependencyUnavailableError."""

    def lines(self, world_id: str, after: str | None) -> Iterator[LedgerLine]:
        """Yield one line per snapshot in the order of versions, beginning after the version `after`."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Moved snapshots of one day.

    Attributes:
        digest: sum of the digests of the snapshots, modulo 2^256; see `segment.rolling_digest`.
        ending: whether the retention of one of them ends, so that the table and history may forget it at
            different moments.
    """

    count: int = 0
    digest: int = 0
    ending: bool = False

    def plus(self, other: "Tally") -> "Tally":
        """Return the sum of both tallies."""
        digest = (self.digest + other.digest) % DIGEST_MODULUS
        return Tally(self.count + other.count, digest, self.ending or other.ending)


@dataclass(frozen=True, slots=True)
class ReconcileNote:
    """Progress of the reconciliation of a world.

    Attributes:
        finished_at: when the last one ended; None before the first one.
        after: the version behind which the unfinished one continues; None: none is unfinished.
        days: the tallies of the lines up to there.
        checked: the order of the last segment whose object was read.
    """

    world_id: str
    finished_at: datetime | None = None
    after: str | None = None
    days: Mapping[str, Tally] = field(default_factory=dict)
    checked: str = BEFORE_ALL

    @property
    def is_unfinished(self) -> bool:
        """Return whether a reconciliation is unfinished: a move would change lines that it has counted."""
        return self.after is not None

    def is_due(self, now: datetime) -> bool:
        """Return whether the last reconciliation is unfinished, or a day old."""
        return self.is_unfinished or self.finished_at is None or now >= self.finished_at + INTERVAL


class ReconcileNotes(Protocol):
    """The notes, one for each world. May raise DependencyUnavailableError."""

    def note(self, world_id: str) -> ReconcileNote:
        """Return the world's note, or an empty one."""

    def write(self, note: ReconcileNote) -> None:
        """Replace the world's note."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A day of a world on which history and the ledger differ."""

    world_id: str
    day: str
    detail: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One run for one world.

    Attributes:
        differences: empty if history and the ledger agree, or if the run is unfinished.
        finished: whether the ledger was read to its end; otherwise the next run continues.
    """

    differences: tuple[Difference, ...] = ()
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Reconcile one world at a time; no move of that world may run meanwhile."""

    ledger: Ledger
    index: SegmentIndex
    objects: SegmentObjects
    notes: ReconcileNotes
    clock: Clock

    def __call__(self, world_id: str, until: datetime) -> Reconciliation:
        """Reconcile a world, or begin or continue it until an instant.

        A world whose move was interrupted is left for the next run: its table and history hold snapshots twice.
        """
        if self.index.plan(world_id) is not None:
            return Reconciliation(finished=False)
        note = self._count_lines(self.notes.note(world_id), until)
        if note.is_unfinished:
            self.notes.write(note)
            return Reconciliation(finished=False)
        days, rows = note.days, list(self._rows(world_id))
        damaged, checked = self._check_objects(rows, note.checked, until)
        differences = (*_differences(world_id, days, self._row_tallies(rows)), *damaged)
        self.notes.write(ReconcileNote(world_id, finished_at=self.clock(), checked=checked))
        return Reconciliation(differences)

    def _count_lines(self, note: ReconcileNote, until: datetime) -> ReconcileNote:
        """Count the lines after the note's position until the time is used; return the note with their tallies."""
        ends = self.clock() + TTL_DELAY_MAX
        days = defaultdict(Tally, note.days)
        for number, line in enumerate(self.ledger.lines(note.world_id, note.after), start=1):
            if line.segment is not None:
                day = line.segment.partition("/")[0]
                days[day] = days[day].plus(_line_tally(line, ends))
            if number % CLOCK_LINES == 0 and self.clock() >= until:
                return replace(note, after=line.version, days=dict(days))
        return replace(note, after=None, days=dict(days))

    def _rows(self, world_id: str) -> Iterator[SegmentRow]:
        return self.index.rows(world_id, BEFORE_ALL, AFTER_ALL, newest_first=False)

    def _row_tallies(self, rows: Iterable[SegmentRow]) -> dict[str, Tally]:
        ends = self.clock() + TTL_DELAY_MAX + CREATED_SPAN_MAX
        days: defaultdict[str, Tally] = defaultdict(Tally)
        for row in rows:
            tally = Tally(row.count, int(row.digest, 16), ending=row.retain_until <= ends)
            days[row.day] = days[row.day].plus(tally)
        return days

    def _check_objects(
        self, rows: list[SegmentRow], checked: str, until: datetime
    ) -> tuple[list[Difference], str]:
        """Read the objects after `checked`; return what is wrong, and the position from which to continue."""
        waiting = [row for row in rows if row.segment_order > checked]
        differences: list[Difference] = []
        for row in waiting[:SEGMENTS_CHECKED_MAX_COUNT]:
            checked = row.segment_order
            differences += self._damage(row)
            if self.clock() >= until:
                break
        return differences, BEFORE_ALL if not waiting or checked == waiting[-1].segment_order else checked

    def _damage(self, row: SegmentRow) -> Iterator[Difference]:
        """Yield a difference if an object is not what its row says."""
        version = row.first_order.rpartition("|")[2]
        try:
            found = read_segment(self.objects, row.world_id, row.key, row.sha256, version)
        except DocumentError as error:
            yield Difference(row.world_id, row.day, error.reason)
            return
        if (len(found), digest_of(found)) != (row.count, row.digest):
            detail = f"its segment {row.key} holds other snapshots than its row says"
            yield Difference(row.world_id, row.day, detail)


def _line_tally(line: LedgerLine, ends: datetime) -> Tally:
    digest = hashlib.sha256(f"{line.version}\n{line.content_hash}".encode()).digest()
    return Tally(1, int.from_bytes(digest), ending=line.retain_until <= ends)


def _differences(
    world_id: str, ledger: Mapping[str, Tally], history: Mapping[str, Tally]
) -> Iterator[Difference]:
    """Yield the days whose tallies differ, except those whose retention ends."""
    for day in sorted({*ledger, *history}):
        listed, held = ledger.get(day, Tally()), history.get(day, Tally())
        if listed.ending or held.ending or (listed.count, listed.digest) == (held.count, held.digest):
            continue
        detail = f"the table lists {listed.count} moved snapshots, the segments hold {held.count}"
        if listed.count == held.count:
            detail += " with other content"
        yield Difference(world_id, day, detail)
