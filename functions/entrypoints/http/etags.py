"""Strong entity tags of snapshots: two answers to one URL with different bodies never have the same tag."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from functions.entrypoints.http.request import Request
from functions.hub.domain.snapshot_record import SnapshotRecord

EXPIRED = "expired"
EXPANDED = "expanded"


def snapshot_etag(stored: SnapshotRecord, at: datetime, *differences: str) -> str:
    """Return the content hash in quotes, with a suffix for each difference between body and document.

    Args:
        stored: the snapshot.
        at: the instant by which the answer judges expiry.
        differences: other differences of the body, such as EXPANDED.
    """
    state = (EXPIRED,) if stored.is_expired(at) else ()
    return f'"{";".join((stored.content_hash, *state, *differences))}"'


def body_tag(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a body, for a tag that no other body has."""
    return hashlib.sha256(orjson.dumps(document)).hexdigest()


def matches_if_none_match(request: Request, etag: str) -> bool:
    """Return whether `If-None-Match` names this tag (RFC 9110, weak comparison); our tags have no comma.

    `*` stands for every tag only as the whole value (13.1.2): in a list it is ignored.
    """
    candidates = [each.strip() for each in ",".join(request.headers("If-None-Match")).split(",")]
    return candidates == ["*"] or any(each.removeprefix("W/") == etag for each in candidates)
