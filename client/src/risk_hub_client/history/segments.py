"""Segments: their description by the hub, and their lines once their bytes are verified."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from risk_hub_client.history.lines import DamagedHistoryError, Line, RollingDigest, parse_line
from risk_hub_contracts.base.problem_types import counted

__all__ = ["LineSource", "Segment", "segment_lines"]


READ_BYTES: Final = 131_072


@dataclass(frozen=True, slots=True)
class Segment:
    """One object of the history, as the hub describes it.

    Attributes:
        day: the UTC date of every snapshot in it.
        key: the object's key: the segment's name in errors.
        count: the number of lines.
        size_bytes: the size of the object.
        sha256: the digest of the object's bytes.
        digest: the rolling digest of its snapshots.
        first_order: the order of its first line.
        last_order: the order of its last line.
        url: a URL of the object, valid for minutes.
    """

    day: str
    key: str
    count: int
    size_bytes: int
    sha256: str
    digest: str
    first_order: str
    last_order: str
    url: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the segment that an answer describes."""
        texts = (
            str(document[name]) for name in ("sha256", "digest", "first_order", "last_order", "download_url")
        )
        return cls(
            str(document["day"]), str(document["key"]), int(document["count"]), int(document["bytes"]), *texts
        )


class LineSource:
    """Lines in time order, with a look-ahead of one line."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._next = next(lines, None)

    @property
    def is_empty(self) -> bool:
        """Whether every line was taken."""
        return self._next is None

    def take_until(self, order: str) -> Iterator[Line]:
        """Take the lines up to an order, inclusive."""
        while (line := self._next) is not None and line.order <= order:
            yield line
            self._next = next(self._lines, None)


def segment_lines(
    segment: Segment, body: bytes | bytearray, world_id: str, request_id: str
) -> Iterator[Line]:
    """Yield the lines of a segment whose bytes have the expected digest.

    Raises:
        DamagedHistoryError: the bytes, the number of lines or the rolling digest differ from the description.
    """
    found = hashlib.sha256(body).hexdigest()
    if found != segment.sha256:
        size = counted(len(body), "byte")
        message = f"segment {segment.key}: a body of {size} with the sha256 {found} was received, not {segment.sha256}"
        raise DamagedHistoryError(message, request_id)
    return _verified_lines(segment, body, world_id, request_id)


def _verified_lines(
    segment: Segment, body: bytes | bytearray, world_id: str, request_id: str
) -> Iterator[Line]:
    digest, count = RollingDigest(), 0
    try:
        for text in io.BufferedReader(gzip.GzipFile(fileobj=io.BytesIO(body)), READ_BYTES):
            line = parse_line(text[:-1], world_id)
            digest.add(line)
            count += 1
            yield line
    except (ValueError, LookupError, TypeError, OSError, EOFError, zlib.error) as error:
        raise DamagedHistoryError(
            f"segment {segment.key}: {type(error).__name__}: {error}", request_id
        ) from error
    if (count, str(digest)) != (segment.count, segment.digest):
        message = f"segment {segment.key}: it has {counted(count, 'line')}, not the {segment.count} that the hub described"
        raise DamagedHistoryError(message, request_id)
