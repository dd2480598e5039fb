"""Table item of a snapshot: what queries and conditions need as attributes, the document as one compressed binary.

An attribute that follows from others is not stored: `as_of` and the stage follow from the order keys, the TTL
from the instant of expiry, the size from the document. Items of release 1.0, which have all of them, are read too.
"""

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Final

import orjson

from functions.hub.adapters.aws import Item
from functions.hub.domain.ordering import SEPARATOR, with_stage_prefix
from functions.hub.domain.snapshot_record import Document, SnapshotRecord
from functions.hub.ports import SnapshotMovedError
from risk_hub_contracts.base.times import format_instant, parse_instant

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Text that documents begin their search for repetitions with: 200 bytes less for each small book. Stored documents
# need it, so it never changes; those of release 1.0, compressed without it, are read with it too.
DICTIONARY_TEXT: Final = (
    b'{"world_id":"us20","version":"rebalance-2026-01-05T11:59:58Z","as_of":"2026-01-05T11:59:58Z",'
    b'"weights":{"AAPL":0.6,"MSFT":0.4},"covariance":{"ids":["AAPL","MSFT"],"upper":[0.0004,0.0002,0.0003]},'
    b'"realized_returns":{"AAPL":[0.011,-0.024],"MSFT":[0.008,-0.019]},'
    b'"stress":{"crash":{"default":-0.1,"shocks":{"AAPL":-0.35,"MSFT":-0.3}}},"ttl_sec":900,'
    b'"provenance":{"source":"gateway","reason":"rebalance","strategy_id":"momentum","actor":"gateway","stage":"paper"}}'
)
DICTIONARY: Final = zstd.ZstdDict(DICTIONARY_TEXT, is_raw=True)
# Digits of numbers repeat by chance: the searches of most levels above 1 make a book larger, not smaller. Level 15
# saves a write unit of a book that is stored in its item, in one or two milliseconds (ADR-0054). A text of up to
# 1 KiB takes one unit at either level; level 1 compresses it in an eighth of the time.
FAST_LEVEL, SMALL_TEXT_LEVEL = 1, 15
TINY_TEXT_MAX_BYTES, SMALL_TEXT_MAX_BYTES = 1_024, 32_768
# Each call writes a separate frame; sharing the compressors avoids rebuilding their tables.
FAST_COMPRESSOR = zstd.ZstdCompressor(FAST_LEVEL, zstd_dict=DICTIONARY)
SMALL_TEXT_COMPRESSOR = zstd.ZstdCompressor(SMALL_TEXT_LEVEL, zstd_dict=DICTIONARY)
# Largest decompressed document in bytes: a guard against a crafted or damaged item.
DOCUMENT_MAX_BYTES = 67_108_864
HASH_PREFIX: Final = "sha256:"
# Attributes of a tombstone: the name of the segment that holds the snapshot, and the digest of its object.
SEGMENT = "segment"
SEGMENT_SHA256 = "segment_sha256"
# Attribute of an item that an operator copied from the table of release 1.0: it was announced there (ADR-0059).
COPIED_FROM = "copied_from"


def compress(document: Document) -> tuple[bytes, int]:
    """Return the document as compressed JSON, and the size of the JSON text in bytes."""
    text = orjson.dumps(document)
    is_small = TINY_TEXT_MAX_BYTES < len(text) <= SMALL_TEXT_MAX_BYTES
    compressor = SMALL_TEXT_COMPRESSOR if is_small else FAST_COMPRESSOR
    return compressor.compress(text, mode=compressor.FLUSH_FRAME), len(text)


def decompress(body: bytes) -> Document:
    """Return the document in a compressed body."""
    return _document(_text(body))


def _text(body: bytes) -> bytes:
    return zstd.ZstdDecompressor(zstd_dict=DICTIONARY).decompress(body, DOCUMENT_MAX_BYTES)


def _document(text: bytes) -> Document:
    document: Document = orjson.loads(text)
    return document


def to_item(snapshot: SnapshotRecord, body: Item, retain_until: datetime) -> Item:
    """Return the table item; `body` is either the compressed document or the reference to its object."""
    order = snapshot.order
    texts = {
        "world_id": snapshot.world_id,
        "version": snapshot.version,
        "time_order": order,
        "stage_time_order": with_stage_prefix(snapshot.stage, order),
        "expiry_order": format_instant(snapshot.expires_at),
        "created_at": format_instant(snapshot.created_at),
        "actor": snapshot.actor,
        "correlation_id": snapshot.correlation_id,
        "trace_header": snapshot.trace_header,
    }
    return {
        **{name: {"S": text} for name, text in texts.items() if text is not None},
        "retain_until": {"N": str(int(retain_until.timestamp()))},
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
    text = _text(body_of(item, version))
    return SnapshotRecord(
        world_id=item["world_id"]["S"],
        version=version,
        as_of=parse_instant(as_of),
        stage=stage,
        actor=item["actor"]["S"],
        content_hash=stored_hash(item),
        ttl_sec=int((expires_at - created).total_seconds()),
        created_at=created,
        document=_document(text),
        document_bytes=len(text),
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
