"""A world whose snapshots are moved in memory: crashes at any port call, and the state after each call."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson

from functions.history.move_snapshots import MoveSnapshots
from functions.history.segment import decode_segment, digest_of
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from tests.fakes.clock import START
from tests.fakes.history import FAR_FUTURE, MemoryHotTable, MemorySegments, Seam
from tests.fakes.samples import WORLD, stored
from tests.fakes.stores import MemorySnapshots

SETTLE = timedelta(hours=1)
WINDOW = timedelta(days=30)
NOW = START + timedelta(days=45)
When = Literal["before", "after"]


class CrashError(Exception):
    """The process ended."""


class Crashing:
    """A port whose n-th call, counted over all ports of a run, ends the process before or after its effect."""

    def __init__(self, port: Any, calls: "Calls") -> None:
        self.port, self.calls = port, calls

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            def run() -> Any:
                found = getattr(self.port, name)(*args, **kwargs)
                return iter(list(found)) if isinstance(found, Iterator) else found

            return self.calls(run)

        return call


class Calls:
    """The calls of one run, and the one at which it ends; 0: none."""

    def __init__(self, stop_at: int = 0, when: When = "before", error: type[Exception] = CrashError) -> None:
        self.count, self.stop_at, self.when, self.error = 0, stop_at, when, error
        self.after_each: Callable[[], None] = lambda: None

    def __call__(self, run: Callable[[], Any]) -> Any:
        self.count += 1
        if self.count == self.stop_at and self.when == "before":
            raise self.error
        found = run()
        self.after_each()
        if self.count == self.stop_at:
            raise self.error
        return found


class World:
    """One world in memory, and the same snapshots in a store that is never split."""

    def __init__(self, *snapshots: SnapshotRecord) -> None:
        self.hot, self.segments = MemoryHotTable(), MemorySegments()
        self.seam = Seam(self.hot, self.hot, self.segments, self.segments)
        self.unsplit = MemorySnapshots()
        self.seam.clock.now = NOW
        self.put(*snapshots)

    def put(self, *snapshots: SnapshotRecord) -> None:
        for snapshot in snapshots:
            for store in (self.seam.whole, self.unsplit):
                assert store.put_once(snapshot, snapshot.retain_until(timedelta(days=3_650))).created

    def mover(self, calls: Calls | None = None, window: timedelta = WINDOW) -> MoveSnapshots:
        counted = calls or Calls()
        hot, segments = Crashing(self.hot, counted), Crashing(self.segments, counted)
        return MoveSnapshots(hot, segments, segments, self.seam.clock, window, SETTLE)

    def move_all(self, calls: Calls | None = None, window: timedelta = WINDOW) -> int:
        """Move until nothing is due; return the number of moved snapshots."""
        mover, moved = self.mover(calls, window), 0
        while (move := mover(WORLD)) is not None:
            moved += move.moved
        return moved

    def answers(self, store: Any = None) -> list[bytes]:
        """Return the bytes of a fixed set of answers."""
        whole = store or self.seam.whole
        return [answer_bytes(whole.select(query)) for query in QUERIES] + [
            answer_bytes([whole.get(WORLD, version)]) for version in sorted(self.versions())
        ]

    def versions(self) -> set[str]:
        return {version for _, version in self.unsplit.rows}

    def expected(self) -> list[bytes]:
        return self.answers(self.unsplit)

    def in_history(self) -> list[str]:
        """Return the version of each line of each committed segment."""
        rows = self.segments.stored.get(WORLD, {}).values()
        return [each.version for row in rows for each in decode_segment(self.segments.objects[row.key])]

    def require_whole(self) -> None:
        """Assert that nothing is lost, doubled, torn or left over, and that every answer is the unsplit one."""
        moved = self.in_history()
        assert len(moved) == len(set(moved))
        assert {version for _, version in self.hot.tombstones} == set(moved)
        assert {version for _, version in self.hot.rows} == self.versions() - set(moved)
        rows = self.segments.stored.get(WORLD, {}).values()
        assert set(self.segments.objects) == {row.key for row in rows}
        assert self.segments.plans == {}
        for row in rows:
            snapshots = decode_segment(self.segments.objects[row.key])
            assert (row.count, row.digest) == (len(snapshots), digest_of(snapshots))
        assert self.answers() == self.expected()

    def copied(self) -> "World":
        """Return a world with the present content of every store."""
        other = World()
        other.unsplit.rows = dict(self.unsplit.rows)
        other.hot.rows, other.hot.tombstones = dict(self.hot.rows), dict(self.hot.tombstones)
        other.hot.retained = dict(self.hot.retained)
        other.segments.stored = {world: dict(rows) for world, rows in self.segments.stored.items()}
        other.segments.plans, other.segments.objects = dict(self.segments.plans), dict(self.segments.objects)
        return other

    def states(self, window: timedelta = WINDOW) -> list["World"]:
        """Return the stores after each port call of a whole move, the first one before it."""
        found, calls = [self.copied()], Calls()
        calls.after_each = lambda: found.append(self.copied())
        self.move_all(calls, window)
        return found


def answer_bytes(found: Any) -> bytes:
    return orjson.dumps([each and each.to_answer(NOW) for each in found])


def day(number: float, **changes: float) -> datetime:
    return START + timedelta(days=number, **changes)


def snapshots() -> list[SnapshotRecord]:
    """Return snapshots of three old days, of a day in the window, a late one and one that has just arrived."""
    old = [
        stored(
            f"d{number}.{minute}", as_of=at, created_at=at + timedelta(seconds=1), ttl_sec=86_400, note="é"
        )
        for number in range(3)
        for minute in (0, 1, 700)
        for at in [day(number, minutes=minute)]
    ]
    young = stored("young", as_of=day(40), created_at=day(40), ttl_sec=86_400, stage="live")
    late = stored("late", as_of=day(1, seconds=30), created_at=day(30), ttl_sec=60)
    recent = stored("recent", as_of=day(0, seconds=7), created_at=NOW - timedelta(minutes=5), ttl_sec=86_400)
    return [*old, young, late, recent]


_PAST = SnapshotQuery(WORLD, NOW, include_expired=True, limit=4)
QUERIES = [
    SnapshotQuery(WORLD, NOW),
    SnapshotQuery(WORLD, NOW, limit=50),
    replace(_PAST, limit=50),
    replace(_PAST, newest_first=False),
    replace(_PAST, as_of_to=day(1)),
    replace(_PAST, as_of_from=day(0, minutes=1), newest_first=False),
    replace(_PAST, stage="live"),
    replace(_PAST, known_at=day(1, hours=1), at=day(1, hours=1)),
    SnapshotQuery(WORLD, day(2, minutes=2), known_at=day(2, minutes=2), limit=3),
    SnapshotQuery(WORLD, day(30), known_at=day(30), limit=3),
]
assert FAR_FUTURE > NOW
