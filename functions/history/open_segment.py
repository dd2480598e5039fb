"""Open a segment: verify its object, and decode its lines when they are asked for."""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from functions.history.ports import SegmentObjectError, SegmentObjects
from functions.history.segment import decode_line, lines_of, order_of_line
from functions.hub.domain.ordering import SEPARATOR
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import DocumentError


@dataclass(frozen=True, slots=True)
class OpenSegment:
    """The lines of a segment, in time order. Every method may raise DocumentError for a line it decodes.

    Attributes:
        world_id: the world that every snapshot must belong to.
        key: the object's key.
        version: a version in the segment, which an error names.
    """

    world_id: str
    key: str
    version: str
    lines: Sequence[bytes]

    def snapshots(self) -> list[SnapshotRecord]:
        """Return all snapshots."""
        return [self._decode(line) for line in self.lines]

    def between(self, lower: str, upper: str, *, newest_first: bool) -> Iterator[SnapshotRecord]:
        """Yield the snapshots between two time orders, both inclusive."""
        for line in reversed(self.lines) if newest_first else self.lines:
            if lower <= self._order(line) <= upper:
                yield self._decode(line)

    def find(self, version: str) -> SnapshotRecord | None:
        """Return the snapshot of a version, or None."""
        ending = SEPARATOR + version
        return next((self._decode(line) for line in self.lines if self._order(line).endswith(ending)), None)

    def _order(self, line: bytes) -> str:
        try:
            return order_of_line(line)
        except ValueError as error:
            raise self._unreadable() from error

    def _decode(self, line: bytes) -> SnapshotRecord:
        try:
            snapshot = decode_line(line)
        except (ValueError, KeyError, TypeError) as error:
            raise self._unreadable() from error
        if snapshot.world_id != self.world_id:
            reason = f"its segment {self.key} holds snapshots of another world"
            raise DocumentError(self.world_id, self.version, reason)
        return snapshot

    def _unreadable(self) -> DocumentError:
        return DocumentError(self.world_id, self.version, f"its segment {self.key} is not readable")


def open_segment(objects: SegmentObjects, world_id: str, key: str, sha256: str, version: str) -> OpenSegment:
    """Return a segment, verified by the digest of its object (INV-06).

    Args:
        objects: the store of the objects.
        world_id: the world that all snapshots must belong to.
        key: the object's key.
        sha256: the digest of the object's bytes.
        version: a version in the segment, which an error names.

    Raises:
        DocumentError: the object is missing, archived or damaged.
    """
    try:
        data = objects.get(key)
    except SegmentObjectError as error:
        raise DocumentError(world_id, version, f"its segment {key} {error}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DocumentError(world_id, version, f"its segment {key} does not match its digest")
    return opened(data, world_id, key, version)


def opened(data: bytes, world_id: str, key: str, version: str) -> OpenSegment:
    """Return the segment in the bytes of an object.

    Raises:
        DocumentError: the bytes are not whole.
    """
    try:
        return OpenSegment(world_id, key, version, lines_of(data))
    except (EOFError, OSError, zlib.error) as error:
        raise DocumentError(world_id, version, f"its segment {key} is not readable") from error


def read_segment(
    objects: SegmentObjects, world_id: str, key: str, sha256: str, version: str
) -> list[SnapshotRecord]:
    """Return all snapshots of a segment, verified; see `open_segment`."""
    return open_segment(objects, world_id, key, sha256, version).snapshots()
