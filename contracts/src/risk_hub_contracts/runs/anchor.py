"""Anchors: each hour, one Merkle root over the heads of all chains that moved, linked to the anchor before.

The tree is the one of RFC 6962: the hashed bytes of a leaf begin with 0, those of a node with 1, so no node
can pass for a leaf. Leaves are in the order of their runs.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from risk_hub_contracts.base.canonical import canonical_json
from risk_hub_contracts.base.ids import SHA256_PATTERN
from risk_hub_contracts.base.times import format_instant, parse_instant
from risk_hub_contracts.runs.chain import ChainHead

__all__ = [
    "ANCHOR_HOUR_PATTERN",
    "Anchor",
    "AnchorError",
    "decode_leaves",
    "encode_leaves",
    "following_hour",
    "hour_of",
    "hour_start",
    "is_hour",
    "merkle_root",
    "newest_heads",
    "read_anchor",
]

ANCHOR_HOUR_PATTERN: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}$"
_HOUR_CHARS: Final = len("2026-01-05T12")
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


class AnchorError(ValueError):
    """The bytes are not an anchor, or not the leaves of one."""


class Anchor(BaseModel):
    """The anchor of one hour, which covers the items that were recorded in that hour and in the hour before.

    Each item is in two anchors, so that an item that becomes visible late is in the second one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    hour: Annotated[str, Field(pattern=ANCHOR_HOUR_PATTERN)]
    previous_sha256: Annotated[str, Field(pattern=SHA256_PATTERN)] | None
    root: Annotated[str, Field(pattern=SHA256_PATTERN)]
    count: Annotated[int, Field(ge=0)]

    def data(self) -> bytes:
        """Return the canonical bytes, whose digest the next anchor states."""
        return canonical_json(self.model_dump())


def read_anchor(data: bytes) -> Anchor:
    """Parse an anchor.

    Raises:
        AnchorError: the bytes are not an anchor.
    """
    try:
        return Anchor.model_validate(from_json(data))
    except (ValidationError, ValueError) as error:
        raise AnchorError("the bytes are not an anchor") from error


def hour_of(instant: datetime) -> str:
    """Return the UTC hour of an instant, such as `2026-01-05T12`."""
    return format_instant(instant)[:_HOUR_CHARS]


def hour_start(hour: str) -> datetime:
    """Return the first instant of an hour."""
    return parse_instant(f"{hour}:00:00Z")


def is_hour(text: str) -> bool:
    """Return whether a text names an hour, as `hour_of` writes it."""
    try:
        return hour_of(hour_start(text)) == text
    except ValueError:
        return False


def following_hour(hour: str, count: int = 1) -> str:
    """Return the hour that is `count` hours later."""
    return hour_of(hour_start(hour) + timedelta(hours=count))


def newest_heads(heads: Iterable[ChainHead]) -> list[ChainHead]:
    """Return the head with the greatest sequence of each run, in the order of the runs."""
    newest: dict[str, ChainHead] = {}
    for head in heads:
        known = newest.get(head.key)
        if known is None or known.sequence < head.sequence:
            newest[head.key] = head
    return [newest[key] for key in sorted(newest)]


def encode_leaves(heads: Sequence[ChainHead]) -> bytes:
    """Return the leaves as canonical JSON lines."""
    return b"".join(_line(head) + b"\n" for head in heads)


def decode_leaves(data: bytes) -> list[ChainHead]:
    """Return the heads of JSON lines.

    Raises:
        AnchorError: a line is not a head, or the runs are not in ascending order.
    """
    try:
        heads = [ChainHead(*_checked_types(*from_json(line))) for line in data.splitlines()]
    except (TypeError, ValueError) as error:
        raise AnchorError("the bytes are not the leaves of an anchor") from error
    if any(first.key >= second.key for first, second in pairwise(heads)):
        raise AnchorError("the leaves of an anchor must be in the order of their runs")
    return heads


def merkle_root(heads: Sequence[ChainHead]) -> str:
    """Return the root of the tree over the heads, in hexadecimal digits."""
    level = [hashlib.sha256(_LEAF + _line(head)).digest() for head in heads]
    if not level:
        return hashlib.sha256().hexdigest()
    while len(level) > 1:
        # The last hash of an odd level moves up unchanged, which gives the tree of RFC 6962.
        rest = level[len(level) - len(level) % 2 :]
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hashlib.sha256(_NODE + left + right).digest() for left, right in pairs] + rest
    return level[0].hex()


def _line(head: ChainHead) -> bytes:
    return canonical_json([head.key, head.sequence, head.sha256])


def _checked_types(key: str, sequence: int, sha256: str) -> tuple[str, int, str]:
    if not (type(key) is str and type(sequence) is int and type(sha256) is str):
        raise TypeError("a leaf has the key, the sequence and the digest of a head")
    return key, sequence, sha256
