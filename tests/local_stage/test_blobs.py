"""Large blobs over HTTP: uploaded directly to the store, referred to, evaluated and fetched."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.local.bring_up import RunningStage
from infra.names import BLOB_GRACE_HOURS, physical_name
from risk_hub_contracts.blob.write import encode_factor, encode_stress
from tests.fakes.calls import Answer, call
from tests.local_stage.caller import Caller, new_world, small_body

RISK_DEADLINE_SECONDS = 30.0
STRESS = encode_stress({"crash": {"loss": 0.2}})
FACTOR = encode_factor(["AAPL", "MSFT"], [[0.1], [0.2]], [0.01, 0.02])


def announce(hub: Caller, world: str, data: bytes, kind: str = "covariance") -> Answer:
    digest = hashlib.sha256(data).hexdigest()
    return hub.post_to(f"{world}/blobs", {"kind": kind, "bytes": len(data), "sha256": digest})


def send(signed: dict[str, Any], data: bytes) -> Answer:
    return call(signed["method"], signed["url"], signed["headers"], data)


def test_blob_is_uploaded_directly_evaluated_and_downloaded(hub: Caller) -> None:
    world = new_world()
    begun = announce(hub, world, FACTOR)
    assert begun.status == 201, begun.body
    assert send(begun.document()["put"], FACTOR).status == 200
    ref = begun.document()["ref"]
    stored = hub.post(world, small_body(covariance_ref=ref))
    assert stored.status == 201, stored.body
    assert hub.risk(world, "v1", within_seconds=RISK_DEADLINE_SECONDS)["version"] == "v1"
    found = hub.get(f"/risk-hub/worlds/{world}/blobs/{ref['sha256']}").document()
    assert found["ref"] == ref
    assert call("GET", found["download_url"]).body == FACTOR


def test_blob_store_rejects_wrong_bytes_checksum_kind_size_and_a_second_upload(hub: Caller) -> None:
    put = announce(hub, new_world(), FACTOR).document()["put"]
    damaged = FACTOR[:-1] + bytes([FACTOR[-1] ^ 1])
    assert send(put, damaged).status == 400
    own_checksum = base64.b64encode(hashlib.sha256(damaged).digest()).decode()
    for header, value in (("x-amz-checksum-sha256", own_checksum), ("x-amz-meta-kind", "stress")):
        assert send({**put, "headers": {**put["headers"], header: value}}, damaged).status == 403
    longer = {**put["headers"], "Content-Length": str(len(FACTOR) + 1)}
    assert send({**put, "headers": longer}, FACTOR + b"\x00").status == 403
    assert [send(put, FACTOR).status, send(put, FACTOR).status] == [200, 412]


def test_snapshot_with_a_missing_or_mismatched_blob_reference_returns_422(hub: Caller) -> None:
    world = new_world()
    ref = announce(hub, world, FACTOR).document()["ref"]
    missing = hub.post(world, small_body(covariance_ref=ref))
    assert missing.status == 422
    assert "upload it first" in missing.document()["detail"]
    begun = announce(hub, world, FACTOR).document()
    assert send(begun["put"], FACTOR).status == 200
    other = hub.post(world, small_body(stress_ref={**begun["ref"], "kind": "stress"}))
    assert other.status == 422
    assert "is of kind covariance, not stress" in other.document()["detail"]


@pytest.mark.parametrize("route", ["complete", "abort"])
def test_completing_an_unknown_upload_returns_404_and_aborting_it_200(hub: Caller, route: str) -> None:
    end = {"kind": "stress", "bytes": 1, "upload_id": "unknown"}
    answer = hub.post_to(f"{new_world()}/blobs/{'a' * 64}/{route}", end)
    assert answer.status == (404 if route == "complete" else 200), answer.body


@pytest.fixture
def reap(stage: RunningStage) -> Iterator[Callable[[], dict[str, int]]]:
    """Return a call of the reaper with a grace period of zero hours."""
    client = stage.aws.client("lambda")
    name = physical_name("local", "blob_reaper")
    given = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def grace(hours: str) -> None:
        variables = {**given, BLOB_GRACE_HOURS: hours}
        client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    def run() -> dict[str, int]:
        answer = client.invoke(FunctionName=name, Payload=b"{}")
        verdicts: dict[str, int] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, verdicts
        return verdicts

    grace("0")
    yield run
    grace(given[BLOB_GRACE_HOURS])


def test_reaper_deletes_only_unreferenced_blobs(hub: Caller, reap: Callable[[], dict[str, int]]) -> None:
    world = new_world()
    kept, orphan = announce(hub, world, FACTOR).document(), announce(hub, world, STRESS, "stress").document()
    assert (send(kept["put"], FACTOR).status, send(orphan["put"], STRESS).status) == (200, 200)
    assert hub.post(world, small_body(covariance_ref=kept["ref"])).status == 201
    assert reap()["reaped"] >= 1
    path = f"/risk-hub/worlds/{world}/blobs"
    assert hub.get(f"{path}/{kept['ref']['sha256']}").status == 200
    assert hub.get(f"{path}/{orphan['ref']['sha256']}").status == 404
    refused = hub.post(world, small_body("v2", stress_ref=orphan["ref"]))
    assert "upload it first" in refused.document()["detail"]
    assert "reaped" not in reap()
