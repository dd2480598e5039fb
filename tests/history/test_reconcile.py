"""A lost, doubled or changed line of history is reported wherever it is; intact history is not."""

import gzip
import hashlib
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.history import reconcile
from functions.history.reconcile import INTERVAL, Difference, Reconcile, ReconcileNote
from functions.history.segment import SegmentRow, rolling_digest
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import SnapshotMovedError
from tests.fakes.clock import START
from tests.fakes.history import FAR_FUTURE, MemoryHotTable, MemorySegments, Seam, plan_of
from tests.fakes.reconciling import MemoryLedger, MemoryReconcileNotes
from tests.fakes.samples import WORLD, stored

LONG = timedelta(hours=1)
EVERYTHING = SnapshotQuery(WORLD, FAR_FUTURE, include_expired=True, newest_first=False, limit=100)


class World:
    """A world with snapshots in the hot table and in history."""

    def __init__(self) -> None:
        self.hot, self.segments = MemoryHotTable(), MemorySegments()
        self.seam = Seam(self.hot, self.hot, self.segments, self.segments)
        self.notes = MemoryReconcileNotes()
        self.reconcile = Reconcile(
            MemoryLedger(self.hot), self.segments, self.segments, self.notes, self.seam.clock
        )

    def put(self, *snapshots: SnapshotRecord) -> None:
        for snapshot in snapshots:
            self.hot.put_once(snapshot, FAR_FUTURE)

    def rows(self) -> list[SegmentRow]:
        return list(self.segments.stored.get(WORLD, {}).values())

    def replace_row(self, row: SegmentRow, **changes: object) -> None:
        del self.segments.stored[WORLD][row.segment_order]
        changed = replace(row, **changes)  # type: ignore[arg-type]
        self.segments.stored[WORLD][changed.segment_order] = changed

    def note(self) -> ReconcileNote:
        return self.notes.note(WORLD)

    def differences(self) -> tuple[Difference, ...]:
        found = self.reconcile(WORLD, self.seam.clock.now + LONG)
        assert found.finished
        return found.differences


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Build a world with moved snapshots of some days, several segments a day, and snapshots in the table."""
    world = World()
    names = draw(st.lists(st.sampled_from("abcdefghij"), min_size=1, unique=True))
    groups: dict[tuple[int, int], list[SnapshotRecord]] = defaultdict(list)
    for name in names:
        day, group = draw(st.integers(0, 2)), draw(st.integers(-1, 1))
        at = START + timedelta(days=day, minutes=ord(name))
        snapshot = stored(name, as_of=at, created_at=at)
        world.put(snapshot)
        if group >= 0 or not groups:
            groups[day, abs(group)].append(snapshot)
    for snapshots in groups.values():
        world.seam.move(*snapshots)
    return world


Fault = Callable[[World, SegmentRow], None]


def lose_row(world: World, row: SegmentRow) -> None:
    del world.segments.stored[WORLD][row.segment_order]


def lose_object(world: World, row: SegmentRow) -> None:
    del world.segments.objects[row.key]


def truncate_object(world: World, row: SegmentRow) -> None:
    world.segments.objects[row.key] = world.segments.objects[row.key][:-1]


def change_line(world: World, row: SegmentRow) -> None:
    text = gzip.decompress(world.segments.objects[row.key])
    world.segments.objects[row.key] = gzip.compress(text.replace(b'"gateway"', b'"someone"', 1))


def lose_line(world: World, row: SegmentRow) -> None:
    """Lose a line in the object and in the row's digest of it, as a faulty move would."""
    lines = gzip.decompress(world.segments.objects[row.key]).splitlines(keepends=True)
    data = gzip.compress(b"".join(lines[1:]))
    world.segments.objects[row.key] = data
    world.replace_row(row, sha256=hashlib.sha256(data).hexdigest())


def double_snapshot(world: World, row: SegmentRow) -> None:
    """Store a moved snapshot in a second segment, next to one that the table still holds."""
    (first, *_) = world.seam.history.select(EVERYTHING, row.first_order, row.last_order)
    neighbour = replace(first, version="neighbour")
    world.put(neighbour)
    world.seam.copy(first, neighbour)


def forget_too_much(world: World, row: SegmentRow) -> None:
    """Lose the tombstone of a moved snapshot."""
    key = next(key for key, moved in world.hot.tombstones.items() if moved.segment == row.name)
    del world.hot.tombstones[key]


def change_ledger(world: World, row: SegmentRow) -> None:
    """Let the table list other content than the segment holds."""
    key = next(key for key, moved in world.hot.tombstones.items() if moved.segment == row.name)
    moved = world.hot.tombstones[key]
    world.hot.tombstones[key] = SnapshotMovedError(*key, "sha256:" + "0" * 64, moved.segment, moved.sha256)


def lie_in_row(world: World, row: SegmentRow) -> None:
    world.replace_row(row, digest=rolling_digest([("other", "content")]))


FAULTS: tuple[Fault, ...] = (
    lose_row,
    lose_object,
    truncate_object,
    change_line,
    lose_line,
    double_snapshot,
    forget_too_much,
    change_ledger,
    lie_in_row,
)


@settings(max_examples=200)
@given(worlds())
def test_sound_history_has_no_difference(world: World) -> None:
    assert world.differences() == ()


@settings(max_examples=400)
@given(worlds(), st.sampled_from(FAULTS), st.randoms())
def test_planted_loss_double_or_changed_line_is_found_on_its_day_only(
    world: World, fault: Fault, choice: random.Random
) -> None:
    row = choice.choice(world.rows())
    fault(world, row)
    assert {each.day for each in world.differences()} == {row.day}


@settings(max_examples=200)
@given(worlds(), st.sampled_from(FAULTS), st.booleans())
def test_reconciliation_in_many_runs_finds_what_one_run_finds(
    world: World,
    fault: Fault,
    sound: bool,  # noqa: FBT001
) -> None:
    if not sound:
        fault(world, world.rows()[0])
    expected = {(each.day, each.detail) for each in world.differences()}
    world.notes.stored.clear()
    found: set[tuple[str, str]] = set()
    lines = len(world.hot.rows) + len(world.hot.tombstones)
    with patch.object(reconcile, "CLOCK_LINES", 1):
        for _ in range((lines + 1) * (len(world.rows()) + 1)):
            ran = world.reconcile(WORLD, world.seam.clock.now)
            found |= {(each.day, each.detail) for each in ran.differences}
    assert found == expected


def test_world_is_due_once_a_day_and_while_its_reconciliation_is_unfinished() -> None:
    world = World()
    world.put(stored())
    assert world.note().is_due(world.seam.clock())
    with patch.object(reconcile, "CLOCK_LINES", 1):
        assert not world.reconcile(WORLD, world.seam.clock.now).finished
    assert (world.note().is_due(world.seam.clock()), world.note().is_unfinished) == (True, True)
    assert world.differences() == ()
    assert (world.note().is_due(world.seam.clock()), world.note().is_unfinished) == (False, False)
    assert world.note().is_due(world.seam.clock() + INTERVAL)


def test_world_with_an_interrupted_move_is_left_for_the_next_run() -> None:
    """Its table and its history hold the same snapshots until the move is continued."""
    world = World()
    world.put(stored())
    row = world.seam.copy(stored())
    assert world.segments.begin(plan_of(row))
    assert world.reconcile(WORLD, world.seam.clock.now + LONG) == reconcile.Reconciliation(finished=False)
    world.segments.finish(plan_of(row))
    world.hot.forget(stored(), row)
    assert world.differences() == ()


@pytest.mark.parametrize("days", [-1, 0, 4])
def test_day_whose_retention_ends_has_no_difference(days: int) -> None:
    """TTL removes the tombstones and the row of a segment within days of their end, in any order."""
    world = World()
    world.put(stored("a"), stored("b"))
    ends = world.seam.clock.now + timedelta(days=days)
    row = world.seam.copy(stored("a"), stored("b"), retain_until=ends)
    for version in ("a", "b"):
        world.hot.forget(stored(version), row)
    for key in world.hot.tombstones:
        world.hot.retained[key] = ends
    forget_too_much(world, row)
    assert world.differences() == ()
    lose_row(world, row)
    assert world.differences() == ()


def test_objects_are_checked_a_part_at_a_time_and_again_from_the_first() -> None:
    world = World()
    rows = []
    for day in range(3):
        at = START + timedelta(days=day)
        world.put(snapshot := stored(f"v{day}", as_of=at, created_at=at))
        rows.append(world.seam.move(snapshot))
    for row in rows:
        lose_object(world, row)
    with patch.object(reconcile, "SEGMENTS_CHECKED_MAX_COUNT", 2):
        found = [[each.day for each in world.differences()] for _ in range(3)]
    assert found == [[rows[0].day, rows[1].day], [rows[2].day], [rows[0].day, rows[1].day]]


def test_difference_says_what_the_table_lists_and_what_the_segments_hold() -> None:
    world = World()
    world.put(stored("a"), stored("b"))
    row = world.seam.move(stored("a"), stored("b"))
    forget_too_much(world, row)
    (difference,) = world.differences()
    assert difference.detail == "the table lists 1 moved snapshots, the segments hold 2"
    assert world.note() == ReconcileNote(WORLD, finished_at=world.seam.clock.now)
