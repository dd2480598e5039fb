"""The plan of the next segment: which of a world's oldest snapshots are moved together."""

import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from functions.history.ports import HotSnapshot, MovePlan
from functions.history.segment import (
    COMPRESSION_LEVEL,
    compress_lines,
    day_of,
    digest_of,
    encode_line,
    segment_id,
)
from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_contracts.base.limits import SEGMENT_MAX_BYTES, SEGMENT_MAX_COUNT

# The compressor buffers less than this of its output before it writes it.
COMPRESSOR_DELAY_BYTES = 131_072
DAY = timedelta(days=1)
# From this window on, whole UTC days are moved.
WHOLE_DAYS_MIN = timedelta(days=2)
INSTANT = timedelta(microseconds=1)
# Arrivals from one day before the day of `as_of` to one after it belong together: a span of three days.
ON_TIME_DAYS = 3


def plan_segment(settled: Iterable[HotSnapshot], cut: datetime) -> MovePlan | None:
    """Return the plan of a segment from the first of these snapshots on; None without any.

    Args:
        settled: the oldest snapshots of a world, in time order.
        cut: no later snapshot has an older `created_at`.
    """
    snapshots: list[SnapshotRecord] = []
    arrivals = (datetime.max.replace(tzinfo=UTC), cut)
    gauge, size_bytes = zlib.compressobj(COMPRESSION_LEVEL), 0
    for record in (each.record for each in settled):
        if not snapshots:
            arrivals = arrivals_in_segment_of(record, cut)
        if day_of(record.order) != day_of((snapshots or [record])[0].order):
            break
        if arrivals[0] <= record.created_at <= arrivals[1]:
            snapshots.append(record)
            size_bytes += len(gauge.compress(encode_line(record)))
        if len(snapshots) == SEGMENT_MAX_COUNT or size_bytes > SEGMENT_MAX_BYTES - COMPRESSOR_DELAY_BYTES:
            break
    return _plan_of(_that_fit(snapshots), arrivals) if snapshots else None


def due_from(as_of: datetime, window: timedelta) -> datetime:
    """Return the instant that must be outside the window before a snapshot moves: `as_of`, or the end of its day.

    A window of several days moves whole UTC days, so a segment of a world that publishes rarely holds a day, and
    not what was published between two runs of the mover.
    """
    return as_of if window < WHOLE_DAYS_MIN else start_of_day(as_of) + DAY


def last_due(outside: datetime, window: timedelta) -> datetime:
    """Return the latest `as_of` that is due when `outside` is the last instant outside the window."""
    return outside if window < WHOLE_DAYS_MIN else start_of_day(outside) - INSTANT


def start_of_day(instant: datetime) -> datetime:
    """Return the beginning of an instant's UTC day."""
    return datetime.combine(instant.date(), time(0), UTC)


def arrivals_in_segment_of(snapshot: SnapshotRecord, cut: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last arrival, both inclusive, of the snapshots that share a segment with this one.

    A snapshot that arrives near the day of its `as_of` shares a segment with the others of that day; a later one
    shares it with those that arrived on the same day. So the expiries in a segment are close to each other, and a
    read finds the unexpired snapshots in few rows.
    """
    start = start_of_day(snapshot.as_of) - DAY
    end = start + ON_TIME_DAYS * DAY
    if not start <= snapshot.created_at < end:
        start = start_of_day(snapshot.created_at)
        end = start + DAY
    return start, min(cut, end - INSTANT)


def _that_fit(snapshots: list[SnapshotRecord]) -> list[SnapshotRecord]:
    """Return the first snapshots whose object has at most SEGMENT_MAX_BYTES; at least one."""
    while len(snapshots) > 1 and len(compress_lines(map(encode_line, snapshots))) > SEGMENT_MAX_BYTES:
        snapshots = snapshots[:-1]
    return snapshots


def _plan_of(snapshots: list[SnapshotRecord], arrivals: tuple[datetime, datetime]) -> MovePlan:
    return MovePlan(
        world_id=snapshots[0].world_id,
        segment_id=segment_id(snapshots),
        first_order=snapshots[0].order,
        last_order=snapshots[-1].order,
        created_from=arrivals[0],
        created_until=arrivals[1],
        count=len(snapshots),
        digest=digest_of(snapshots),
    )
