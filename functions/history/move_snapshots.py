"""Move old snapshots of a world from the hot table to history, one segment at a time.

Copy to history, verify, commit, and only then let the table forget. Each step can be repeated, so a run that
stops at any point is continued by the next one from the plan; its content is fixed, because snapshots are
immutable and none arrives with an old `created_at`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.history.hot_window import WINDOW_MIN, hot_window
from functions.history.open_segment import opened, read_segment
from functions.history.plan_segment import due_from, last_due, plan_segment
from functions.history.ports import (
    HotSnapshot,
    HotTable,
    MovePlan,
    SegmentIndex,
    SegmentObjectError,
    SegmentObjects,
)
from functions.history.segment import (
    SegmentRow,
    compress_lines,
    day_of,
    digest_of,
    encode_line,
    object_key,
    segment_order,
    segment_row,
)
from functions.hub.domain.ordering import BEFORE_ALL, SEPARATOR, last_key_at
from functions.hub.ports import Clock, DocumentError


@dataclass(frozen=True, slots=True)
class Move:
    """Result of one step of a move.

    Attributes:
        moved: snapshots that the table forgot.
        segment: the segment that holds them; None if the plan was given up, because its content had changed.
    """

    moved: int
    segment: SegmentRow | None


@dataclass(frozen=True, slots=True)
class MoveSnapshots:
    """Move the oldest snapshots of a world that are outside its window.

    Attributes:
        longest_window: the window of a world that does not fill its share of the table.
        settle: how long a snapshot is left alone after its arrival, far longer than any write takes.
    """

    hot: HotTable
    index: SegmentIndex
    objects: SegmentObjects
    clock: Clock
    longest_window: timedelta
    settle: timedelta

    def __call__(self, world_id: str) -> Move | None:
        """Move one segment, or finish the move that an earlier run began; return None when nothing is due.

        Raises:
            DependencyUnavailableError: a store did not answer; the next run continues.
            DocumentError: a document is damaged, or what was stored is not what was sent; nothing is forgotten.
        """
        plan = self.index.plan(world_id) or self._begin(world_id)
        return None if plan is None else self._carry_out(plan)

    def lag(self, world_id: str) -> timedelta:
        """Return for how long the oldest settled snapshot in the table has been due; zero if none is."""
        now = self.clock()
        window = self._window(world_id, now)
        first = None if window is None else next(self._due(world_id, window, now), None)
        if window is None or first is None:
            return timedelta(0)
        return now - window - due_from(first.record.as_of, window)

    def _begin(self, world_id: str) -> MovePlan | None:
        """Plan the next segment; if another run has just planned one, return None and leave it to that run."""
        now = self.clock()
        window = self._window(world_id, now)
        if window is None:
            return None
        plan = plan_segment(self._due(world_id, window, now), now - self.settle)
        return plan if plan is not None and self.index.begin(plan) else None

    def _window(self, world_id: str, now: datetime) -> timedelta | None:
        """Return the world's window; None if the table holds nothing older."""
        oldest = self.hot.oldest_as_of(world_id)
        if oldest is None or oldest > now - WINDOW_MIN:
            return None
        window = hot_window(self.longest_window, self.hot.newest_load(world_id), now)
        return window if due_from(oldest, window) <= now - window else None

    def _due(self, world_id: str, window: timedelta, now: datetime) -> Iterator[HotSnapshot]:
        before = last_due(now - window, window)
        return self.hot.settled(world_id, BEFORE_ALL, last_key_at(before), now - self.settle)

    def _carry_out(self, plan: MovePlan) -> Move:
        row = self._store(plan) if plan.step == "planned" else self._committed(plan)
        moved = 0 if row is None else self._forget(row)
        self.index.finish(plan)
        return Move(moved, row)

    def _store(self, plan: MovePlan) -> SegmentRow | None:
        """Store, verify and commit the segment; return None if its content has changed since it was planned.

        The content is also incomplete while another run forgets what it has committed; then its row is returned.
        """
        content = self._content(plan)
        if content is None:
            return self._committed(plan)
        snapshots = [each.record for each in content]
        data = compress_lines(map(encode_line, snapshots))
        key = _key(plan)
        self.objects.put_once(key, data, hashlib.sha256(data).hexdigest())
        stored = self._get(plan, key)
        if opened(stored, plan.world_id, key, _version(plan)).snapshots() != snapshots:
            raise DocumentError(plan.world_id, _version(plan), f"its segment {key} differs from the table")
        row = segment_row(snapshots, stored, max(each.retain_until for each in content))
        return row if self.index.commit(plan, row) else self._committed(plan)

    def _content(self, plan: MovePlan) -> list[HotSnapshot] | None:
        """Return the snapshots of the plan, read from the table after the plan was stored.

        If a snapshot has arrived against the rules since then, the object of an earlier attempt, if there is
        one, says which snapshots belong to the plan.
        """
        content = list(self._planned(plan))
        if not _is_content(content, plan):
            versions = self._stored_versions(plan)
            content = [each for each in content if each.record.version in versions]
        return content if _is_content(content, plan) else None

    def _planned(self, plan: MovePlan) -> Iterator[HotSnapshot]:
        settled = self.hot.settled(plan.world_id, plan.first_order, plan.last_order, plan.created_until)
        return (each for each in settled if plan.created_from <= each.record.created_at)

    def _stored_versions(self, plan: MovePlan) -> set[str]:
        key = _key(plan)
        try:
            data = self.objects.get(key)
        except SegmentObjectError:
            return set()
        segment = opened(data, plan.world_id, key, _version(plan))
        return {each.version for each in segment.snapshots()}

    def _get(self, plan: MovePlan, key: str) -> bytes:
        try:
            return self.objects.get(key)
        except SegmentObjectError as error:
            raise DocumentError(plan.world_id, _version(plan), f"its segment {key} {error}") from error

    def _committed(self, plan: MovePlan) -> SegmentRow | None:
        return self.index.row(plan.world_id, segment_order(plan.last_order, plan.segment_id))

    def _forget(self, row: SegmentRow) -> int:
        """Let the table forget what can be read back from history."""
        version = row.first_order.rpartition(SEPARATOR)[2]
        snapshots = read_segment(self.objects, row.world_id, row.key, row.sha256, version)
        return sum(self.hot.forget(snapshot, row) for snapshot in snapshots)


def _is_content(content: list[HotSnapshot], plan: MovePlan) -> bool:
    return len(content) == plan.count and digest_of(each.record for each in content) == plan.digest


def _key(plan: MovePlan) -> str:
    return object_key(plan.world_id, day_of(plan.last_order), plan.segment_id)


def _version(plan: MovePlan) -> str:
    return plan.first_order.rpartition(SEPARATOR)[2]
