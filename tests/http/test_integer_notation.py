"""Integers must be RFC 8259 `int` tokens only where a request's schema has `x-json-token`."""

import json
import re
from typing import Any

import pytest

from risk_hub_contracts.api.schemas import REQUEST_FILES, schema_files
from tests.contracts.published import inner_schemas
from tests.fakes.gateway import Gateway
from tests.fakes.hub import SNAPSHOTS, book

SHA256 = "a" * 64
BLOBS = "/risk-hub/worlds/w1/blobs"
EXPECTATIONS = "/risk-hub/worlds/w1/expectations?stage=paper"
POLICY = "/risk-hub/worlds/w1/exit-policy?stage=paper"
REF = {"ref": f"s3://blobs/risk-blobs/w1/{SHA256}", "sha256": SHA256, "bytes": 7, "kind": "covariance"}
POLICY_BODY = {
    "version": "p1",
    "cool_down_seconds": 7,
    "measures": [
        {
            "measure": "value_at_risk",
            "method": "historical",
            "max_loss": 0.1,
            "confidence_bps": 9_900,
        }
    ],
    "drawdown": [{"window": 30, "max_loss": 0.1}],
    "staleness": {"max_age_seconds": 7},
}
EVALUATION_POLICY = "/risk-hub/policies/us-core/versions/1"
EVALUATION_POLICY_BODY = {
    "policy_id": "us-core",
    "version": "1",
    "owner": "desk",
    "stages": {"live": "live"},
    "profiles": {
        "live": {
            "rules": {
                "best": {"kind": "top_k", "metric": "returns.sharpe", "k": 7},
                "recent": {"kind": "live", "measure": "sharpe", "window_days": 7, "fail": {"min": 0.1}},
            }
        }
    },
    "governance": {"live_promotion": {"cool_down_seconds": 7, "max_live_slots": 7}},
}
# The integers of each request, by schema file and member name: route and body that carry them.
INTEGERS: dict[tuple[str, str], tuple[str, str, dict[str, Any]]] = {
    ("snapshot-request", "ttl_sec"): ("POST", SNAPSHOTS, book(ttl_sec=7)),
    ("snapshot-request", "max_input_age_seconds"): (
        "POST",
        SNAPSHOTS,
        book(returns_meta={"max_input_age_seconds": 7}),
    ),
    ("snapshot-request", "observations"): ("POST", SNAPSHOTS, book(covariance_meta={"observations": 7})),
    ("snapshot-request", "confidences_bps"): ("POST", SNAPSHOTS, book(risk={"confidences_bps": [9500]})),
    ("snapshot-request", "bytes"): ("POST", SNAPSHOTS, book(covariance_ref=REF)),
    ("upload-request", "bytes"): ("POST", BLOBS, {"kind": "stress", "bytes": 7, "sha256": SHA256}),
    ("upload-end", "bytes"): (
        "POST",
        f"{BLOBS}/{SHA256}/complete",
        {"kind": "stress", "bytes": 7, "upload_id": "u"},
    ),
    ("expectation", "warn_seconds"): ("PUT", EXPECTATIONS, {"owner": "desk", "warn_seconds": 7}),
    ("expectation", "critical_seconds"): ("PUT", EXPECTATIONS, {"owner": "desk", "critical_seconds": 700}),
    ("exit-policy", "cool_down_seconds"): ("PUT", POLICY, POLICY_BODY),
    ("exit-policy", "confidence_bps"): ("PUT", POLICY, POLICY_BODY),
    ("exit-policy", "max_age_seconds"): ("PUT", POLICY, POLICY_BODY),
    ("evaluation-policy", "cool_down_seconds"): ("PUT", EVALUATION_POLICY, EVALUATION_POLICY_BODY),
    ("evaluation-policy", "max_live_slots"): ("PUT", EVALUATION_POLICY, EVALUATION_POLICY_BODY),
    ("evaluation-policy", "k"): ("PUT", EVALUATION_POLICY, EVALUATION_POLICY_BODY),
    ("evaluation-policy", "window_days"): ("PUT", EVALUATION_POLICY, EVALUATION_POLICY_BODY),
}


def written(body: dict[str, Any], member: str, ending: str) -> bytes:
    """Return the body as JSON text, with other notation for the integer of one member, or in its list."""
    text, count = re.subn(rf'("{member}": \[?\d+)', rf"\g<1>{ending}", json.dumps(body))
    assert count == 1
    return text.encode()


def test_integer_table_covers_every_field_marked_in_the_schemas() -> None:
    marked = {
        (name, place.split("/")[place.split("/").index("properties") + 1])
        for name in REQUEST_FILES
        for place, schema in inner_schemas(schema_files()[name])
        if "x-json-token" in schema
    }
    assert marked == INTEGERS.keys()


@pytest.mark.parametrize("ending", [".0", "e0", ".0e0"])
@pytest.mark.parametrize("integer", INTEGERS, ids="-".join)
def test_an_integer_with_fraction_or_exponent_is_refused_at_its_member(
    api: Gateway, integer: tuple[str, str], ending: str
) -> None:
    method, path, body = INTEGERS[integer]
    answer = api(method, path, written(body, integer[1], ending))
    assert answer.status == 422, answer.body
    (pointer,) = answer.pointers
    assert integer[1] in pointer.split("/")


@pytest.mark.parametrize("integer", INTEGERS, ids="-".join)
def test_plain_integer_is_not_refused_for_its_notation(api: Gateway, integer: tuple[str, str]) -> None:
    method, path, body = INTEGERS[integer]
    answer = api(method, path, written(body, integer[1], ""))
    assert answer.status in {200, 201} or integer[1] not in {
        pointer.rpartition("/")[2] for pointer in answer.pointers
    }


def test_enumerated_integer_accepts_a_fraction_of_zero(api: Gateway) -> None:
    answer = api("PUT", POLICY, written(POLICY_BODY, "window", ".0"))
    assert answer.status == 201
    assert answer.json["policy"]["drawdown"][0]["window"] == 30
