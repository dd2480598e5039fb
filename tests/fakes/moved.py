"""Snapshots in segments, as the mover leaves them: committed in the segments, gone from the hot table."""

from collections.abc import Sequence
from datetime import timedelta

from functions.history.ports import SegmentIndex, SegmentObjects
from functions.history.segment import SegmentRow, compress_lines, day_of, encode_line, segment_row
from functions.hub.domain.snapshot_record import SnapshotRecord
from tests.fakes.history import MemorySegments, plan_of
from tests.fakes.stores import MemorySnapshots

RETENTION = timedelta(days=30)


def segments_of(snapshots: Sequence[SnapshotRecord], size: int) -> list[Sequence[SnapshotRecord]]:
    """Return the snapshots in time order, cut into segments of one day each and of at most `size` snapshots."""
    cut: list[list[SnapshotRecord]] = []
    for each in sorted(snapshots, key=lambda snapshot: snapshot.order):
        if not cut or len(cut[-1]) == size or day_of(cut[-1][0].order) != day_of(each.order):
            cut.append([])
        cut[-1].append(each)
    return list(cut)


def commit(segments: MemorySegments, snapshots: Sequence[SnapshotRecord]) -> SegmentRow:
    """Store snapshots as one segment and commit it; they stay in the hot table."""
    return commit_through(segments, segments, snapshots)


def commit_through(
    index: SegmentIndex, objects: SegmentObjects, snapshots: Sequence[SnapshotRecord]
) -> SegmentRow:
    """Store snapshots as one segment and commit it by the steps of a move; they stay in the hot table."""
    data = compress_lines(map(encode_line, snapshots))
    row = segment_row(snapshots, data, max(each.retain_until(RETENTION) for each in snapshots))
    objects.put_once(row.key, data, row.sha256)
    plan = plan_of(row)
    assert index.begin(plan)
    assert index.commit(plan, row)
    index.finish(plan)
    return row


def move(hot: MemorySnapshots, segments: MemorySegments, snapshots: Sequence[SnapshotRecord]) -> SegmentRow:
    """Move snapshots: commit their segment, then remove them from the hot table."""
    row = commit(segments, [hot.rows.get((each.world_id, each.version), each) for each in snapshots])
    for each in snapshots:
        hot.rows.pop((each.world_id, each.version), None)
    return row
