"""Lines of the data set: one snapshot each, as JSON, and their rolling digest."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final, NamedTuple

from risk_hub_client.errors import HubError
from risk_hub_client.instants import convert_instant
from risk_hub_client.labels import violation_error
from risk_hub_client.reads import Instant
from risk_hub_client.results import StoredSnapshot
from risk_hub_contracts.base.times import format_instant

__all__ = [
    "AFTER_ALL",
    "PERIOD_BOUND",
    "DamagedHistoryError",
    "Line",
    "RollingDigest",
    "line_of_row",
    "parse_line",
    "period_bound",
    "row_members",
    "to_snapshot",
]

AFTER_ALL: Final = "~"
PERIOD_BOUND: Final = "a day (2026-01-05, in UTC) or an instant with a time zone (2026-01-05T21:00:00Z)"
SEPARATOR: Final = "|"
# Positions of names, and of the values that are read, in a line that is split at its quotes. An escaped quote
# shifts the names after it or leaves a backslash at the end of one; such a line is parsed as JSON.
_NAMES: Final = ((1, b"world_id"), (5, b"version"), (9, b"as_of"), (13, b"created_at"), (29, b"content_hash"))
_WORLD, _VERSION, _AS_OF, _CREATED_AT, _CONTENT_HASH = 3, 7, 11, 15, 31
_SPLITS: Final = _CONTENT_HASH + 1
# Begins the last member of a line. Quotes within a text are escaped, so no text before it contains these bytes.
_DOCUMENT: Final = b',"document":'
_DIGEST_MODULUS: Final = 2**256
_DIGEST_DIGITS: Final = 64


class DamagedHistoryError(HubError):
    """A segment is missing, or differs from its description by the hub: the history is not complete without it."""


class Line(NamedTuple):
    """One snapshot as a line of a segment.

    Attributes:
        order: `as_of|created_at|version`: unique within the world; compared as text.
        digest: SHA-256(version, line feed, content hash) as a number: its summand in the rolling digest.
        text: the JSON object, without an end of line.
    """

    order: str
    digest: int
    text: bytes


def parse_line(text: bytes, world_id: str) -> Line:
    """Return the line of a segment; only the members before the document are parsed.

    Raises:
        ValueError, KeyError: it is not a line of this world.
    """
    parts = text.split(b'"', _SPLITS)
    if len(parts) <= _SPLITS or any(parts[place] != name for place, name in _NAMES):
        return _line_of(json.loads(text[: text.index(_DOCUMENT)] + b"}"), text, world_id)
    if parts[_WORLD] != world_id.encode():
        raise ValueError(f"a line belongs to world {parts[_WORLD]!r}")
    order = b"|".join((parts[_AS_OF], parts[_CREATED_AT], parts[_VERSION])).decode()
    return Line(order, _digest(parts[_VERSION], parts[_CONTENT_HASH]), text)


def row_members(line: Line) -> tuple[dict[str, Any], str]:
    """Return the members of a line before the document, and the document as JSON text."""
    head, _, document = line.text.partition(_DOCUMENT)
    return json.loads(head + b"}"), document[:-1].decode()


def line_of_row(row: Mapping[str, Any]) -> Line:
    """Return the line of a row of the hot table: the same JSON value as its line in a segment."""
    text = json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()
    return _line_of(row, text, row["world_id"])


def _line_of(head: Mapping[str, Any], text: bytes, world_id: str) -> Line:
    if head["world_id"] != world_id:
        raise ValueError(f"a line belongs to world {head['world_id']!r}")
    order = SEPARATOR.join((head["as_of"], head["created_at"], head["version"]))
    return Line(order, _digest(head["version"].encode(), head["content_hash"].encode()), text)


def _digest(version: bytes, content_hash: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"%b\n%b" % (version, content_hash)).digest())


def to_snapshot(line: Line, now: datetime) -> StoredSnapshot:
    """Return a line as the snapshot that a read would have returned at an instant."""
    row = json.loads(line.text)
    answer = {
        **row["document"],
        "as_of_utc": row["as_of"],
        "content_hash": row["content_hash"],
        "created_at": row["created_at"],
        "expires_at": row["expires_at"],
        "expired": row["expires_at"] <= format_instant(now),
    }
    return StoredSnapshot.of(answer)


def period_bound(bound: Instant | date, name: str, *, end: bool = False) -> str:
    """Return an inclusive bound of `as_of` in the form of an order: a day counts from its first to its last instant.

    Raises:
        InvalidSnapshotError: it is neither a day nor an instant with a time zone.
    """
    if isinstance(bound, str):
        bound = _parsed_bound(bound, name)
    if not isinstance(bound, date):
        raise violation_error(f"/{name}", f"must be {PERIOD_BOUND}, not {type(bound).__name__}")
    if not isinstance(bound, datetime):
        bound = datetime.combine(bound, time.max if end else time.min, tzinfo=UTC)
    return format_instant(convert_instant(bound, f"/{name}"))


def _parsed_bound(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-05") else datetime.fromisoformat(text)
    except ValueError:
        raise violation_error(f"/{name}", f"must be {PERIOD_BOUND}, not {text!a:.60}") from None


class RollingDigest:
    """The sum modulo 2^256 of SHA-256(version, line feed, content hash): the order does not matter."""

    def __init__(self, text: str = "0") -> None:
        """Continue from a digest in hexadecimal digits."""
        self._sum = int(text, 16)

    def add(self, line: Line) -> None:
        """Add one snapshot."""
        self._sum += line.digest

    def __str__(self) -> str:
        """Return the digest in hexadecimal digits."""
        return f"{self._sum % _DIGEST_MODULUS:0{_DIGEST_DIGITS}x}"
