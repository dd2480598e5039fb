"""Table items of snapshots: what they hold, and the form of release 1.0, which an operator may copy."""

import base64
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.hub.adapters.snapshot_item import (
    DICTIONARY_TEXT,
    TINY_TEXT_MAX_BYTES,
    compress,
    decompress,
    from_item,
    stored_hash,
    to_item,
)
from risk_hub_contracts.base.times import parse_instant
from tests.fakes.clock import START
from tests.fakes.samples import stored
from tools.cost.calls import item_bytes
from tools.cost.prices import WRITE_UNIT_BYTES

RELEASED = Path(__file__).parents[2] / "contracts" / "released" / "1.0.0" / "records.json"
Item = dict[str, dict[str, Any]]


def item_of(**fields: Any) -> Item:
    snapshot = stored(**fields)
    body, size = compress(snapshot.document)
    return to_item(snapshot.sized(size), {"body": {"B": body}}, START + timedelta(days=30))


def body_of(item: Item, version: str) -> bytes:
    assert item["version"]["S"] == version
    body: bytes = item["body"]["B"]
    return body


def released_items() -> list[Item]:
    tables = json.loads(RELEASED.read_text(encoding="utf-8"))["tables"]
    with_body = [item for item in tables["snapshots"] if "body" in item]
    return [{**item, "body": {"B": base64.b64decode(item["body"]["B"])}} for item in with_body]


@pytest.mark.parametrize("ttl_sec", [1, 900, 86_400])
def test_item_is_read_as_the_snapshot_that_was_put(ttl_sec: int) -> None:
    snapshot = stored(ttl_sec=ttl_sec, content_hash="sha256:" + "0af7" * 16, stage="live")
    item = item_of(ttl_sec=ttl_sec, content_hash="sha256:" + "0af7" * 16, stage="live")
    assert from_item(item, body_of).sized(0) == snapshot


def test_item_has_no_attribute_that_follows_from_another() -> None:
    given = item_of(content_hash="sha256:" + "0" * 64)
    assert given.keys() == {
        *("world_id", "version", "time_order", "stage_time_order", "expiry_order", "created_at"),
        *("actor", "content_hash", "retain_until", "body"),
    }
    assert given["content_hash"] == {"B": bytes(32)}


@pytest.mark.parametrize("content_hash", ["sha256:" + "0a" * 32, "blake3:" + "0a" * 32, "sha256:short"])
def test_every_content_hash_is_read_as_it_was_put(content_hash: str) -> None:
    assert stored_hash(item_of(content_hash=content_hash)) == content_hash


@pytest.mark.parametrize("text_bytes", [1_023, 1_024, 1_025, 32_767, 32_768, 32_769])
def test_document_of_every_size_is_read_as_it_was_compressed(text_bytes: int) -> None:
    document = {"text": "a" * (text_bytes - len('{"text":""}'))}
    body, size = compress(document)
    assert size == text_bytes
    assert decompress(body) == document


def test_book_of_20_weights_that_is_compressed_fast_takes_one_write_unit() -> None:
    weights = {f"ASSET{number:04}": 0.012_345_678_901_234_5 * (1 + number / 7) for number in range(20)}
    snapshot = stored(weights=weights, content_hash="sha256:" + "0af7" * 16)
    body, size = compress(snapshot.document)
    assert size <= TINY_TEXT_MAX_BYTES
    item = to_item(snapshot.sized(size), {"body": {"B": body}}, START + timedelta(days=30))
    assert item_bytes(item) <= WRITE_UNIT_BYTES


def test_item_of_release_1_0_is_read_with_all_its_fields() -> None:
    items = released_items()
    assert items
    for item in items:
        read = from_item(item, body_of)
        assert read.as_of == parse_instant(item["as_of"]["S"])
        assert read.created_at == parse_instant(item["created_at"]["S"])
        assert read.expires_at == parse_instant(item["expires_at"]["S"])
        assert (read.stage, read.actor) == (item["stage"]["S"], item["actor"]["S"])
        assert (read.ttl_sec, read.content_hash) == (int(item["ttl_sec"]["N"]), item["content_hash"]["S"])
        assert read.document == decompress(item["body"]["B"])


def test_dictionary_of_stored_documents_never_changes() -> None:
    digest = hashlib.sha256(DICTIONARY_TEXT).hexdigest()
    assert digest == "03c18af2893fe3a21288871a75b947209f728bfbb9c9fb3c2ff25549c6bf94e4"
