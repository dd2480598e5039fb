"""Accepted bodies: the smallest body, bodies at the limits, and different forms of the same content."""

from typing import Any, Final

from risk_hub_contracts.base.canonical import gateway_digest
from risk_hub_contracts.base.limits import (
    ASSET_ID_MAX_CHARS,
    ID_MAX_CHARS,
    INTEGER_MAX_ABS,
    JSON_MAX_DEPTH,
    TTL_MAX_SECONDS,
)
from risk_hub_contracts.golden.cases import Valid, body


def _nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


_CLAIMED: Final = body(provenance={"run": "é/1", "cost": 1e-7})
# A constant, because computing it needs the optional package blake3.
_BLAKE3_CLAIM: Final = "blake3:ee64be9880095e839dde0b35d7b74cd7eff4702b46e37af4c7b67bd5977c4a16"


def _with_claim(claim: str) -> dict[str, Any]:
    return _CLAIMED | {"hash": claim}


def _limit(name: str, why: str, **changes: Any) -> Valid:  # noqa: ANN401 - any JSON
    return Valid(f"limit-{name}", why, body(**changes))


def _same_hash(name: str, why: str, group: str, **changes: Any) -> Valid:  # noqa: ANN401 - any JSON
    return Valid(name, why, body(**changes), group)


_SAME_HASH: Final = (
    _same_hash("minimal", "the three required fields", "minimal"),
    _same_hash("world-in-body", "equal to the path", "minimal", world_id="us-equities"),
    _same_hash("created-at-ignored", "the hub's clock decides", "minimal", created_at="1999-01-01T00:00:00Z"),
    _same_hash("ttl-default", "900 is the default", "minimal", ttl_sec=900),
    _same_hash(
        "provenance-echo",
        "equal to the headers",
        "minimal",
        provenance={"actor": "gateway", "stage": "Paper"},
    ),
    _same_hash("time-zero-offset", "+00:00 is Z", "minimal", as_of="2025-01-01T00:00:00+00:00"),
    _same_hash("time-other-zone", "one instant", "minimal", as_of="2025-01-01T09:00:00+09:00"),
    _same_hash(
        "time-fraction", "zero microseconds equal no fraction", "minimal", as_of="2025-01-01T00:00:00.000Z"
    ),
    _same_hash("time-lower-case", "as RFC 3339 allows", "minimal", as_of="2025-01-01t00:00:00z"),
    _same_hash("key-order", "objects have no order", "minimal", weights={"MSFT": 0.5, "AAPL": 0.5}),
    _same_hash("number-integer", "1 is 1.0", "numbers", weights={"A": 1, "B": 0}, constraints={"cap": 1}),
    _same_hash("number-float", "1.0 is 1", "numbers", weights={"A": 1.0, "B": 0.0}, constraints={"cap": 1.0}),
    _same_hash(
        "number-negative-zero", "-0.0 is 0", "numbers", weights={"A": 1.0, "B": -0.0}, constraints={"cap": 1}
    ),
    Valid(
        "hash-gateway-sha256",
        "the deployed client's digest",
        _with_claim(gateway_digest(_CLAIMED, "sha256")),
        "claimed",
    ),
    Valid("hash-gateway-blake3", "the same, by BLAKE3", _with_claim(_BLAKE3_CLAIM), "claimed"),
)
_LIMITS: Final = (
    _limit("weights-sum-low", "0.999 is within", weights={"AAPL": 0.499, "MSFT": 0.5}),
    _limit("weights-sum-high", "1.001 is within", weights={"AAPL": 0.501, "MSFT": 0.5}),
    _limit("short", "shorts are allowed", weights={"AAPL": 1.5, "MSFT": -0.5}),
    _limit("ttl-shortest", "1 s", ttl_sec=1),
    _limit("ttl-longest", "a day", ttl_sec=TTL_MAX_SECONDS),
    _limit("version-longest", f"{ID_MAX_CHARS} characters", version="v" * ID_MAX_CHARS),
    _limit("version-alphabet", "every character of an id", version="0aZ._:@+-"),
    _limit("asset-longest", f"{ASSET_ID_MAX_CHARS} characters", weights={"A" * ASSET_ID_MAX_CHARS: 1}),
    _limit("asset-unicode", "any script, in NFC", weights={"삼성전자": 0.5, "é 1/2 #": 0.5}),
    _limit("asset-key-order", "sorted as UTF-16", weights={"\U0001f600": 0.5, "\uff21": 0.5}),
    _limit("as-of-ahead", "300 s", as_of="2025-01-02T00:05:00Z"),
    _limit("as-of-oldest", "1990", as_of="1990-01-01T00:00:00Z"),
    _limit("as-of-microsecond", "six digits are kept", as_of="2025-01-01T00:00:00.000001Z"),
    _limit("as-of-offset", "14:00", as_of="2025-01-01T00:00:00-14:00"),
    _limit("integer-largest", "2^53 - 1", constraints={"cap": INTEGER_MAX_ABS, "floor": -INTEGER_MAX_ABS}),
    _limit("number-range", "tiny and huge", constraints={"a": [5e-324, 1e126, 1e21, 1e-7, 123456789.125]}),
    _limit("depth", f"{JSON_MAX_DEPTH} levels", constraints=_nested(JSON_MAX_DEPTH - 1)),
)
VALID_BODIES: Final = (*_SAME_HASH, *_LIMITS)
