"""The deployed Gateway's client, unmodified: headers, body and digest, written here from its wire behaviour alone."""

import hashlib
import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from blake3 import blake3

from tests.client.server import Server

VERSION = "rebalance-2025-01-01T00:00:00Z"


def digest(body: dict[str, Any], algorithm: str) -> str:
    """Compute the Gateway's hash of a body."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    made = blake3(text).hexdigest() if algorithm == "blake3" else hashlib.sha256(text).hexdigest()
    return f"{algorithm}:{made}"


def gateway_body(algorithm: str, **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "world_id": "w1",
        "as_of": "2025-01-01T00:00:00Z",
        "version": VERSION,
        "weights": {"AAPL": 0.6, "MSFT": 0.4},
        "ttl_sec": 900,
        "provenance": {
            "source": "gateway",
            "reason": "rebalance",
            "schema_version": "1",
            "actor": "gateway",
            "stage": "paper",
        },
        **fields,
    }
    return {**body, "hash": digest(body, algorithm)}


def push(server: Server, body: dict[str, Any]) -> dict[str, Any]:
    """Send as the Gateway does: raise on any status of 400 or more, else read the JSON."""
    headers = {
        "Authorization": f"Bearer {server.token}",
        "X-Actor": "gateway",
        "X-Stage": "paper",
        "Content-Type": "application/json",
    }
    url = f"{server.url}/risk-hub/worlds/{body['world_id']}/snapshots"
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers=headers, method="POST")  # noqa: S310 - our own server
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        document: dict[str, Any] = json.loads(answer.read())
    return document


RICH: dict[str, Any] = {
    "covariance": {"AAPL,AAPL": 0.0004, "AAPL,MSFT": 0.0002, "MSFT,MSFT": 0.0003},
    "realized_returns": {"AAPL": [0.01, -0.02], "MSFT": [1e-7, 0.5]},
    "stress": {"crash": {"loss": -0.2, "shocks": {"AAPL": -0.3}}},
}


@pytest.mark.parametrize("algorithm", ["sha256", "blake3"])
@pytest.mark.parametrize("fields", [{}, RICH], ids=["bare", "rich"])
def test_gateway_snapshot_is_stored_and_replayed(
    server: Server, algorithm: str, fields: dict[str, Any]
) -> None:
    body = gateway_body(algorithm, **fields)
    first = push(server, body)
    assert (first["version"], first["provenance"]["reason"]) == (VERSION, "rebalance")
    assert first["content_hash"].startswith("sha256:")
    assert push(server, body) == first


def test_gateway_snapshot_with_a_wrong_hash_gets_422(server: Server) -> None:
    body = gateway_body("sha256") | {"ttl_sec": 901}
    with pytest.raises(urllib.error.HTTPError) as caught:
        push(server, body)
    caught.value.close()
    assert caught.value.code == 422


def test_gateway_and_client_snapshots_have_the_same_content_hash(server: Server, client: Any) -> None:
    first = push(server, gateway_body("blake3", **RICH))
    sent = {name: value for name, value in gateway_body("sha256", **RICH).items() if name != "hash"}
    again = client.publish("w1", sent)
    assert (again.outcome, again.content_hash) == ("replayed", first["content_hash"])
    with_claim = client.publish("w1", gateway_body("sha256", **RICH))
    assert with_claim.outcome == "replayed"
