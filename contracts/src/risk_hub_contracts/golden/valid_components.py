"""Accepted bodies with large components: all forms of one component have the same hash."""

from typing import Any, Final

from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.blob.write import digest, encode_covariance, encode_returns, encode_stress
from risk_hub_contracts.golden.cases import BUCKET, WORLD_ID, Valid, body

_UPPER: Final = {"ids": ["AAPL", "MSFT"], "upper": [0.04, 0.01, 0.09]}
_RETURNS: Final = {"AAPL": [0.01, -0.02, 0], "MSFT": [0.5]}
_BARE: Final = [0.01, -0.02, 0]
_STRESS: Final = {"crash": {"loss": 0.2, "shocks": {"AAPL": -0.3}, "default": -0.2}, "calm": {}}


def _ref(kind: BlobKind, data: bytes) -> dict[str, Any]:
    sha256 = digest(data)
    uri = f"s3://{BUCKET}/risk-blobs/{WORLD_ID}/{sha256}"
    return {"ref": uri, "sha256": sha256, "bytes": len(data), "kind": kind}


REFERENCED_BLOBS: Final[dict[BlobKind, bytes]] = {
    "covariance": encode_covariance(["AAPL", "MSFT"], [0.04, 0.01, 0.09]),
    "realized_returns": encode_returns(_RETURNS),
    "stress": encode_stress(_STRESS),
}
"""The blobs to which the examples with references refer."""
_COVARIANCE_REF: Final = _ref("covariance", REFERENCED_BLOBS["covariance"])
_RETURNS_REF: Final = _ref("realized_returns", REFERENCED_BLOBS["realized_returns"])
_STRESS_REF: Final = _ref("stress", REFERENCED_BLOBS["stress"])


def _covariance(name: str, why: str, covariance: object) -> Valid:
    return Valid(f"covariance-{name}", why, body(covariance=covariance), "covariance")


_FORMS: Final = (
    _covariance("pairs", "comma", {"AAPL,AAPL": 0.04, "AAPL,MSFT": 0.01, "MSFT,MSFT": 0.09}),
    _covariance("pairs-colon", "colon", {"AAPL:AAPL": 0.04, "AAPL:MSFT": 0.01, "MSFT:MSFT": 0.09}),
    _covariance("pairs-reversed", "other order", {"MSFT,MSFT": 0.09, "MSFT,AAPL": 0.01, "AAPL,AAPL": 0.04}),
    _covariance(
        "pairs-both",
        "each pair in both orders",
        {"AAPL,AAPL": 0.04, "AAPL,MSFT": 0.01, "MSFT,AAPL": 0.01, "MSFT:AAPL": 0.01, "MSFT,MSFT": 0.09},
    ),
    _covariance("matrix", "rows", {"ids": ["AAPL", "MSFT"], "matrix": [[0.04, 0.01], [0.01, 0.09]]}),
    _covariance(
        "matrix-order", "other ids first", {"ids": ["MSFT", "AAPL"], "matrix": [[0.09, 0.01], [0.01, 0.04]]}
    ),
    _covariance("upper", "packed", _UPPER),
    _covariance("upper-order", "other ids first", {"ids": ["MSFT", "AAPL"], "upper": [0.09, 0.01, 0.04]}),
    Valid("covariance-ref", "by reference", body(covariance_ref=_COVARIANCE_REF), "covariance"),
    Valid("covariance-ref-text", "by its text", body(covariance_ref=_COVARIANCE_REF["ref"]), "covariance"),
)
_OTHERS: Final = (
    Valid(
        "covariance-superset",
        "more ids than weights",
        body(covariance={"ids": ["AAPL", "GOOG", "MSFT"], "upper": [1, 0, 0, 1, 0, 1]}),
    ),
    Valid(
        "covariance-zero-variance",
        "cash has no variance",
        body(covariance={"ids": ["AAPL", "MSFT"], "upper": [0, 0, 1]}),
    ),
    Valid(
        "covariance-colon-ids",
        "ids with colons, split by the known ids",
        body(
            weights={"NYSE:A": 0.5, "NYSE:B": 0.5},
            covariance={"NYSE:A:NYSE:A": 1, "NYSE:B:NYSE:A": 0.5, "NYSE:B,NYSE:B": 1},
        ),
    ),
    Valid("returns-map", "lengths may differ", body(realized_returns=_RETURNS), "returns"),
    Valid("returns-ref", "by reference", body(realized_returns_ref=_RETURNS_REF), "returns"),
    Valid("returns-bare", "the portfolio's own series", body(realized_returns=_BARE)),
    Valid("stress", "metrics and shocks", body(stress=_STRESS), "stress"),
    Valid("stress-ref", "by reference", body(stress_ref=_STRESS_REF), "stress"),
    Valid(
        "everything",
        "each part, constraints and provenance",
        body(
            covariance=_UPPER,
            realized_returns=_RETURNS,
            stress=_STRESS,
            constraints={"max_weight": 0.6, "sectors": ["tech"]},
            ttl_sec=3600,
            provenance={"run": "2025-01-01/1", "commit": None},
        ),
    ),
)
VALID_COMPONENTS: Final = (*_FORMS, *_OTHERS)
