"""Table item of a snapshot: what queries and conditions need as attributes, the document as one compressed binary.

An attribute that follows from another one is not stored: `as_of` and the stage follow from the order keys, the
TTL from the instant of expiry. Items of release 1.0, which have all of them as texts, are read too.
"""

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Final

import orjson

from functions.hub.adapters.aws import Item
from functions.hub.domain.ordering import SEPARATOR, expiry_order, with_stage_prefix
from functions.hub.domain.snapshot_record import Document, SnapshotRecord
from functions.hub.ports import SnapshotMovedError
from risk_hub_contracts.base.times import format_instant, parse_instant

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Digits of numbers repeat by chance: longer searches of higher levels make a book larger, not smaller (ADR-0054).
COMPRESSION_LEVEL = 1
# Each call writes a separate frame; sharing the compressor avoids rebuilding its tables.
COMPRESSOR = zstd.ZstdCompressor(COMPRESSION_LEVEL)
# Largest decompressed document in bytes: a guard against a crafted or damaged item.
DOCUMENT_MAX_BYTES = 67_108_864
HASH_PREFIX: Final = "sha256:"
# Attributes of a tombstone: the name of the segment that holds the snapshot, and the digest of its object.
SEGMENT = "segment"
SEGMENT_SHA256 = "segment_sha256"


def compress(document: Document) -> tuple[bytes, int]:
    """Return the document as compressed JSON, and the size of the JSON text in bytes."""
    text = orjson.dumps(document)
    return COMPRESSOR.compress(text, mode=COMPRESSOR.FLUSH_FRAME), len(text)


def decompress(body: bytes) -> Document:
    """Return the document in a compressed body."""
    document: Document = orjson.loads(zstd.ZstdDecompressor().decompress(body, DOCUMENT_MAX_BYTES))
    return document


def to_item(snapshot: SnapshotRecord, body: Item, retain_until: datetime) -> Item:
    """Return the table item; `body` is either the compressed document or the reference to its object."""
    texts = {
        "world_id": snapshot.world_id,
        "version": snapshot.version,
        "time_order": snapshot.order,
        "stage_time_order": with_stage_prefix(snapshot.stage, snapshot.order),
        "expiry_order": expiry_order(snapshot.expires_at, snapshot.version),
        "created_at": format_instant(snapshot.created_at),
        "actor": snapshot.actor,
        "correlation_id": snapshot.correlation_id,
        "trace_header": snapshot.trace_header,
    }
    numbers = {
        "document_bytes": snapshot.document_bytes,
        "retain_until": int(retain_until.timestamp()),
    }
    return {
        **{name: {"S": text} for name, text in texts.items() if text is not None},
        **{name: {"N": str(number)} for name, number in numbers.items()},
        "content_hash": hash_attribute(snapshot.content_hash),
        **body,
    }


def is_tombstone(item: Item) -> bool:
    """Return whether the item is what remains of a snapshot that was moved to history."""
    return SEGMENT in item


def from_item(item: Item, body_of: Callable[[Item, str], bytes]) -> SnapshotRecord:
    """Return the snapshot in a table item.

    Args:
        item: the item in DynamoDB's own JSON form, binaries as bytes.
        body_of: returns the compressed document of an item of this version; see BodyStore.

    Raises:
        SnapshotMovedError: the item is a tombstone.
    """
    version = item["version"]["S"]
    if is_tombstone(item):
        raise SnapshotMovedError(
            item["world_id"]["S"],
            version,
            stored_hash(item),
            item[SEGMENT]["S"],
            item[SEGMENT_SHA256]["B"].hex(),
        )
    stage, as_of, created_at = item["stage_time_order"]["S"].split(SEPARATOR)[:3]
    created = parse_instant(created_at)
    expires_at = parse_instant(item["expiry_order"]["S"].partition(SEPARATOR)[0])
    return SnapshotRecord(
        world_id=item["world_id"]["S"],
        version=version,
        as_of=parse_instant(as_of),
        stage=stage,
        actor=item["actor"]["S"],
        content_hash=stored_hash(item),
        ttl_sec=int((expires_at - created).total_seconds()),
        created_at=created,
        document=decompress(body_of(item, version)),
        document_bytes=int(item["document_bytes"]["N"]),
        correlation_id=item.get("correlation_id", {}).get("S"),
        trace_header=item.get("trace_header", {}).get("S"),
    )


def hash_attribute(content_hash: str) -> Item:
    """Return a content hash as an attribute value: the bytes of a SHA-256, the text of any other."""
    try:
        digest = bytes.fromhex(content_hash.removeprefix(HASH_PREFIX))
    except ValueError:
        return {"S": content_hash}
    return {"B": digest} if content_hash.startswith(HASH_PREFIX) else {"S": content_hash}


def stored_hash(item: Item) -> str:
    """Return the content hash of an item; release 1.0 stored every hash as text."""
    value: Item = item["content_hash"]
    return str(value["S"]) if "S" in value else HASH_PREFIX + value["B"].hex()
