"""Building blocks of golden examples."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import EllipsisType
from typing import Any, Final

from risk_hub_contracts.base.problems import ProblemType

WORLD_ID: Final = "us-equities"
ACTOR: Final = "gateway"
STAGE: Final = "paper"
NOW: Final = "2025-01-02T00:00:00Z"
BUCKET: Final = "risk-hub-blobs"
BODY: Final[Mapping[str, Any]] = {
    "version": "rebalance-2025-01-01T00:00:00Z",
    "as_of": "2025-01-01T00:00:00Z",
    "weights": {"AAPL": 0.5, "MSFT": 0.5},
}

Changes = Any | EllipsisType


@dataclass(frozen=True, slots=True)
class Valid:
    """A body that is accepted; the members of one `group` share one content hash."""

    name: str
    why: str
    body: Mapping[str, Any]
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Invalid:
    """A body that is rejected with `problem`, at exactly these pointers (sorted)."""

    name: str
    why: str
    problem: ProblemType
    pointers: tuple[str, ...]
    content: Mapping[str, Any] | str | bytes


def body(**changes: Changes) -> dict[str, Any]:
    """Return the smallest valid body with fields replaced; the value `...` removes a field."""
    return {field: value for field, value in {**BODY, **changes}.items() if value is not ...}


def text(**raw: str) -> str:
    """Return the smallest valid body as JSON text, with fields given as raw JSON text."""
    fields = {field: json.dumps(value) for field, value in BODY.items()} | raw
    return "{" + ", ".join(f"{json.dumps(field)}: {value}" for field, value in fields.items()) + "}"


def example_request(content: Mapping[str, Any] | str | bytes) -> dict[str, Any]:
    """Return the request of an example file; bytes that are not a JSON object become text or base64."""
    request: dict[str, Any] = {
        "world_id": WORLD_ID,
        "headers": {"X-Actor": ACTOR, "X-Stage": STAGE},
        "now": NOW,
        "bucket": BUCKET,
    }
    if isinstance(content, str):
        return request | {"body_text": content}
    if isinstance(content, bytes):
        return request | {"body_base64": base64.b64encode(content).decode()}
    return request | {"body": dict(content)}


def raw_body(request: Mapping[str, Any]) -> bytes:
    """Return the bytes that an example's request sends."""
    if "body_text" in request:
        return str(request["body_text"]).encode()
    if "body_base64" in request:
        return base64.b64decode(request["body_base64"])
    return json.dumps(request["body"], ensure_ascii=False).encode()
