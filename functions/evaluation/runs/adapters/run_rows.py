"""Rows of the table of runs: items, and the list entry with its index keys."""

import sys
from typing import Any, Final

import orjson

from functions.evaluation.runs.evaluation_marker import EvaluationMarker
from functions.evaluation.runs.run_head import RunHead
from functions.hub.adapters.aws import Item
from risk_hub_contracts.base.limits import RUN_ITEM_MAX_BYTES
from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.runs.anchor import hour_of
from risk_hub_contracts.runs.chain import ChainHead, StoredItem
from risk_hub_contracts.runs.run_item import SealedItem
from risk_hub_contracts.runs.run_key import RunKey

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SEQUENCE_DIGITS: Final = 6
HEAD_SEQUENCE: Final = "0" * SEQUENCE_DIGITS
"""Sort key of the list entry: before the first item, so that a query reads it first."""
COMPRESSION_LEVEL: Final = 1
SEPARATOR: Final = "/"
ENTRY_MEMBERS: Final = ("sequence", "sha256", "stage", "status", "created_at", "updated_at")
SNAPSHOT: Final = "snapshot"

MARKER_SEQUENCE: Final = "evaluation"
"""Sort key of the marker of an evaluation, whose partition key is `<world>/<evaluation id>`."""
MARKER_MEMBERS: Final = (
    "request_hash",
    "policy_id",
    "policy_version",
    "policy_hash",
    "snapshot_version",
    "snapshot_hash",
)


def marker_key(world_id: str, evaluation_id: str) -> Item:
    """Return the primary key of a marker."""
    return {
        "run_key": {"S": SEPARATOR.join((world_id, evaluation_id))},
        "run_sequence": {"S": MARKER_SEQUENCE},
    }


def is_marker_key(text: str) -> bool:
    """Return whether a partition key is that of a marker: the key of a run has at least two separators."""
    return text.count(SEPARATOR) == 1


def marker_row(marker: EvaluationMarker) -> Item:
    """Return the row of a marker."""
    members = {name: {"S": getattr(marker, name)} for name in MARKER_MEMBERS}
    return {
        **marker_key(marker.world_id, marker.evaluation_id),
        **members,
        "decider": {"S": marker.decider},
        "rollout_sequence": {"N": str(marker.rollout_sequence)},
    }


def stored_marker(row: Item) -> EvaluationMarker:
    """Return the marker of a row."""
    world_id, _, evaluation_id = row["run_key"]["S"].partition(SEPARATOR)
    return EvaluationMarker(
        world_id,
        evaluation_id,
        **{name: row[name]["S"] for name in MARKER_MEMBERS},
        decider=row["decider"]["S"],
        rollout_sequence=int(row["rollout_sequence"]["N"]),
    )


def sequence_text(sequence: int) -> str:
    """Return the sort key of an item: digits of one width, so that text order is the order of sequences."""
    return f"{sequence:0{SEQUENCE_DIGITS}}"


def row_key(key: RunKey, sequence: str) -> Item:
    """Return the primary key of a row."""
    return {"run_key": {"S": key.text}, "run_sequence": {"S": sequence}}


def item_row(sealed: SealedItem) -> Item:
    """Return the row of an item: its canonical bytes, compressed, and their digest."""
    return {
        **row_key(sealed.item.key, sequence_text(sealed.item.sequence)),
        "body": {"B": zstd.compress(sealed.data, COMPRESSION_LEVEL)},
        "sha256": {"B": bytes.fromhex(sealed.sha256)},
        "recorded_hour": {"S": hour_of(parse_instant(sealed.item.recorded_at))},
    }


def stored_item(row: Item) -> StoredItem:
    """Return the item of a row.

    A damaged row gives an item that no verification accepts: missing bytes, or bytes that cannot be
    decompressed, are empty, and a sort key that is not a sequence is -1.
    """
    text = row["run_sequence"]["S"]
    sequence = int(text) if text.isdecimal() and text == sequence_text(int(text)) else -1
    return StoredItem(sequence, _binary(row, "sha256").hex(), _decompressed(_binary(row, "body")))


def _binary(row: Item, name: str) -> bytes:
    data: bytes = row.get(name, {}).get("B", b"")
    return data


def _decompressed(body: bytes) -> bytes:
    try:
        return zstd.ZstdDecompressor().decompress(body, max_length=RUN_ITEM_MAX_BYTES)
    except zstd.ZstdError:
        return b""


def chain_head(row: Item) -> ChainHead:
    """Return the head that an index entry of an item states."""
    return ChainHead(row["run_key"]["S"], int(row["run_sequence"]["S"]), row["sha256"]["B"].hex())


def head_row(head: RunHead) -> Item:
    """Return the row of a list entry, with the partition key of each index."""
    world, stage, status = head.key.world_id, head.stage, head.status
    indexed = {
        "list_world": world,
        "list_strategy": SEPARATOR.join((world, head.key.strategy_id)),
        "list_stage": SEPARATOR.join((world, stage)),
        "list_status": SEPARATOR.join((world, status)),
        "list_stage_status": SEPARATOR.join((world, stage, status)),
        "created_order": head.order,
        "entry": orjson.dumps(_entry(head)).decode(),
    }
    if head.snapshot is not None:
        indexed["list_snapshot"] = snapshot_partition(world, head.snapshot)
    return {
        **row_key(head.key, HEAD_SEQUENCE),
        **{name: {"S": text} for name, text in indexed.items()},
        "last_sequence": {"N": str(head.sequence)},
    }


def snapshot_partition(world_id: str, snapshot: str) -> str:
    """Return the partition of the index of snapshots; only list entries of runs of a snapshot are in it."""
    return SEPARATOR.join((world_id, snapshot))


def _entry(head: RunHead) -> dict[str, Any]:
    members = {name: getattr(head, name) for name in ENTRY_MEMBERS}
    return members if head.snapshot is None else {**members, SNAPSHOT: head.snapshot}


def readable_head(row: Item) -> RunHead | None:
    """Return the list entry of a row; None if it is damaged."""
    try:
        return stored_head(row)
    except (KeyError, TypeError, ValueError):
        return None


def stored_head(row: Item) -> RunHead:
    """Return the list entry of a row, or of an entry of an index.

    Raises:
        KeyError, TypeError, ValueError: it is damaged.
    """
    entry: dict[str, Any] = orjson.loads(row["entry"]["S"])
    members = {name: entry[name] for name in ENTRY_MEMBERS}
    return RunHead(key=RunKey.parse(row["run_key"]["S"]), **members, snapshot=entry.get(SNAPSHOT))
