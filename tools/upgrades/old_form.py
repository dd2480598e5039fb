"""Records of this tree in the form in which release 1.0 stores them (ADR-0054).

A rolled-back release reads its own table of snapshots, and no record of the new forms (docs/upgrade.md). Its code can
still be given the content of every record: whether it accepts each member does not depend on the compression.
"""

import base64
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import orjson

from functions.evaluation.store.dynamodb_reports import stored_document
from functions.hub.adapters.body_store import PREFIX
from functions.hub.adapters.snapshot_item import decompress, stored_hash
from tools.upgrades.deployed_hub import Json, unwire, wired
from tools.upgrades.wire import Wire

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 3


def in_old_form(wire: Wire) -> Wire:
    """Return the recording with the snapshots, reports and forecasts of release 1.0, their bodies in the items."""
    bodies = {
        each["key"].rpartition("/")[2]: base64.b64decode(each["base64"])
        for each in wire.records["objects"]
        if each["key"].startswith(f"{PREFIX}/")
    }
    tables = wire.records["tables"]
    old = {
        **tables,
        "snapshots": [wired(old_snapshot(unwire(item), bodies)) for item in tables["snapshots"]],
        "evaluations": [wired(old_evaluation(unwire(item), bodies)) for item in tables["evaluations"]],
    }
    return replace(wire, records={**wire.records, "tables": old})


def old_snapshot(item: Json, bodies: Mapping[str, bytes]) -> Json:
    """Return a snapshot as release 1.0 stores it; `bodies`: those in the bucket, by their digest."""
    stage, as_of, created_at, version = item["stage_time_order"]["S"].split("|")
    expires_at = item["expiry_order"]["S"]
    ttl = datetime.fromisoformat(expires_at) - datetime.fromisoformat(created_at)
    text = orjson.dumps(decompress(_body(item, bodies)))
    texts = {
        "stage": stage,
        "as_of": as_of,
        "expires_at": expires_at,
        "expiry_order": f"{expires_at}|{version}",
        "content_hash": stored_hash(item),
    }
    return {
        **{name: value for name, value in item.items() if name != "body_sha256"},
        **{name: {"S": value} for name, value in texts.items()},
        "ttl_sec": {"N": str(int(ttl.total_seconds()))},
        "document_bytes": {"N": str(len(text))},
        "body": {"B": zstd.compress(text, LEVEL)},
    }


def old_evaluation(item: Json, bodies: Mapping[str, bytes]) -> Json:
    """Return a record of the evaluations as release 1.0 stores it; other kinds than reports and forecasts stay."""
    kept = {name: value for name, value in item.items() if name != "body_sha256"}
    if "content_hash" in item:
        kept["content_hash"] = {"S": stored_hash(item)}
    if "report" in item:
        kept["report"] = {"S": orjson.dumps(stored_document(item)).decode()}
    if "body" in item or "body_sha256" in item:
        kept["body"] = {"B": zstd.compress(orjson.dumps(decompress(_body(item, bodies))), LEVEL)}
    return kept


def _body(item: Json, bodies: Mapping[str, bytes]) -> bytes:
    body: bytes = item["body"]["B"] if "body" in item else bodies[item["body_sha256"]["S"]]
    return body
