"""A segment: one immutable object of history, and the row that commits it.

A segment holds snapshots of one world and of one day (the UTC date of `as_of`), in time order, as compressed
JSON lines. Its id is derived from its content, never from the compressed bytes: those depend on the library.
"""

import gzip
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, Final

import orjson

from functions.hub.domain.ordering import SEPARATOR
from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_contracts.base.limits import TTL_MAX_SECONDS
from risk_hub_contracts.base.times import format_instant

HISTORY_PREFIX: Final = "risk-history"
KIND: Final = "snapshots"
SUFFIX: Final = ".jsonl.gz"
COMPRESSION_LEVEL: Final = 6
# Characters of `2026-01-05` at the beginning of a time order.
DAY_CHARS: Final = 10
ID_DIGEST_CHARS: Final = 12
DIGEST_MODULUS: Final = 2**256
_LINE_BEGINNING: Final = re.compile(
    rb'\{"world_id":"[^"]*","version":"([^"]*)","as_of":"([^"]*)","created_at":"([^"]*)",'
)
CREATED_SPAN_MAX: Final = timedelta(days=3)
"""Upper bound of the time between the first and the last arrival in one segment; see `move_snapshots`."""
EXPIRY_SPAN_MAX: Final = CREATED_SPAN_MAX + timedelta(seconds=TTL_MAX_SECONDS)
"""Upper bound of the time between the first arrival in a segment and its last expiry."""


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """The row of a segment. A segment is part of history once its row is stored, and not before.

    Attributes:
        segment_id: the instant of the first snapshot and the beginning of the digest.
        key: the object's key in the bucket.
        first_order: the least time order in the segment.
        last_order: the greatest time order in the segment; it begins with the segment's day.
        count: number of snapshots.
        size_bytes: size of the object.
        sha256: digest of the object's bytes.
        digest: rolling digest of the content; see `rolling_digest`.
        stages: the stages of the snapshots, sorted.
        retain_until: when the table may remove the row.
    """

    world_id: str
    segment_id: str
    key: str
    first_order: str
    last_order: str
    count: int
    size_bytes: int
    sha256: str
    digest: str
    least_created_at: datetime
    greatest_created_at: datetime
    greatest_expires_at: datetime
    stages: tuple[str, ...]
    retain_until: datetime

    @property
    def day(self) -> str:
        """Return the UTC date of every `as_of` in the segment, such as `2026-01-05`."""
        return day_of(self.last_order)

    @property
    def name(self) -> str:
        """Return the short name by which a tombstone refers to the segment."""
        return f"{self.day}/{self.segment_id}"

    @property
    def segment_order(self) -> str:
        """Return the key that orders the world's segments by their last snapshot."""
        return segment_order(self.last_order, self.segment_id)

    def intersects(self, lower: str, upper: str) -> bool:
        """Return whether a time order between the bounds, both inclusive, may be in the segment."""
        return self.first_order <= upper and lower <= self.last_order


def day_of(order: str) -> str:
    """Return the UTC date at the beginning of a time order."""
    return order[:DAY_CHARS]


def segment_order(last_order: str, segment_id: str) -> str:
    """Return the key that orders the segments of a world by their last snapshot.

    No version has a space, and a space sorts before every character of one: text order is time order.
    """
    return f"{day_of(last_order)}/{last_order} {segment_id}"


def object_key(world_id: str, day: str, segment_id: str) -> str:
    """Return the key of a segment's object: a partition for each world and day."""
    return f"{HISTORY_PREFIX}/{KIND}/world_id={world_id}/day={day}/{segment_id}{SUFFIX}"


def key_of_name(world_id: str, name: str) -> str:
    """Return the key of the object to which a tombstone refers."""
    day, _, segment_id = name.partition("/")
    return object_key(world_id, day, segment_id)


def rolling_digest(content: Iterable[tuple[str, str]]) -> str:
    """Return the digest of versions and content hashes, in hexadecimal digits.

    It is a sum, so it does not depend on the order, and the digest of a day is the sum over its segments.
    """
    return add_digests(
        hashlib.sha256(f"{version}\n{content_hash}".encode()).hexdigest() for version, content_hash in content
    )


def add_digests(digests: Iterable[str]) -> str:
    """Return the sum of digests modulo 2^256."""
    total = reduce(lambda left, digest: (left + int(digest, 16)) % DIGEST_MODULUS, digests, 0)
    return f"{total:064x}"


def digest_of(snapshots: Iterable[SnapshotRecord]) -> str:
    """Return the rolling digest of snapshots."""
    return rolling_digest((each.version, each.content_hash) for each in snapshots)


def segment_id(snapshots: Sequence[SnapshotRecord]) -> str:
    """Return the id of the segment that holds these snapshots: the same for the same content."""
    instant = format_instant(snapshots[0].as_of)
    compact = "".join(filter(str.isalnum, instant))
    return f"{compact}-{digest_of(snapshots)[:ID_DIGEST_CHARS]}"


def encode_line(snapshot: SnapshotRecord) -> bytes:
    """Return the line of one snapshot, with its end."""
    line = {
        "world_id": snapshot.world_id,
        "version": snapshot.version,
        "as_of": format_instant(snapshot.as_of),
        "created_at": format_instant(snapshot.created_at),
        "expires_at": format_instant(snapshot.expires_at),
        "stage": snapshot.stage,
        "actor": snapshot.actor,
        "content_hash": snapshot.content_hash,
        "ttl_sec": snapshot.ttl_sec,
        "document_bytes": snapshot.document_bytes,
        "correlation_id": snapshot.correlation_id,
        "trace_header": snapshot.trace_header,
        "document": snapshot.document,
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def order_of_line(line: bytes) -> str:
    """Return the time order of a line, without reading the rest of it.

    Raises:
        ValueError: the line is not one that `encode_line` wrote.
    """
    match = _LINE_BEGINNING.match(line)
    if match is None:
        raise ValueError("a line of a segment begins with world_id, version, as_of and created_at")
    version, as_of, created_at = match.groups()
    return SEPARATOR.join(each.decode() for each in (as_of, created_at, version))


def decode_line(line: bytes) -> SnapshotRecord:
    """Return the snapshot of one line.

    Raises:
        ValueError, KeyError: the line is not one that `encode_line` wrote.
    """
    fields: dict[str, Any] = orjson.loads(line)
    return SnapshotRecord(
        world_id=fields["world_id"],
        version=fields["version"],
        as_of=datetime.fromisoformat(fields["as_of"]),
        stage=fields["stage"],
        actor=fields["actor"],
        content_hash=fields["content_hash"],
        ttl_sec=fields["ttl_sec"],
        created_at=datetime.fromisoformat(fields["created_at"]),
        document=fields["document"],
        document_bytes=fields["document_bytes"],
        correlation_id=fields["correlation_id"],
        trace_header=fields["trace_header"],
    )


def compress_lines(lines: Iterable[bytes]) -> bytes:
    """Return the bytes of a segment's object; they hold no time stamp, so equal lines give equal bytes."""
    return gzip.compress(b"".join(lines), COMPRESSION_LEVEL, mtime=0)


def lines_of(data: bytes) -> list[bytes]:
    """Return the lines in the bytes of a segment's object, in time order.

    Raises:
        EOFError, OSError, zlib.error: the bytes are not whole or not compressed.
    """
    return gzip.decompress(data).splitlines()


def decode_segment(data: bytes) -> list[SnapshotRecord]:
    """Return the snapshots in the bytes of a segment's object, in time order.

    Raises:
        ValueError, KeyError, EOFError, OSError, zlib.error: the bytes are not a whole segment.
    """
    return [decode_line(line) for line in lines_of(data)]


def segment_row(snapshots: Sequence[SnapshotRecord], data: bytes, retain_until: datetime) -> SegmentRow:
    """Return the row of a segment.

    Args:
        snapshots: its content, in time order.
        data: the bytes of its object.
        retain_until: the latest instant until which one of the snapshots must be kept.
    """
    first, last, own_id = snapshots[0], snapshots[-1], segment_id(snapshots)
    return SegmentRow(
        world_id=first.world_id,
        segment_id=own_id,
        key=object_key(first.world_id, day_of(last.order), own_id),
        first_order=first.order,
        last_order=last.order,
        count=len(snapshots),
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        digest=digest_of(snapshots),
        least_created_at=min(each.created_at for each in snapshots),
        greatest_created_at=max(each.created_at for each in snapshots),
        greatest_expires_at=max(each.expires_at for each in snapshots),
        stages=tuple(sorted({each.stage for each in snapshots})),
        retain_until=retain_until,
    )
