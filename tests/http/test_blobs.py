"""Blobs over HTTP: announced, uploaded directly to the store, referred to, fetched; and every refusal."""

import hashlib
from typing import Any, NoReturn

import pytest

from functions.hub.ports import BlobError
from functions.hub.use_cases.upload_blobs import DAMAGED_REMEDY
from functions.hub.use_cases.verify_refs import UPLOAD_REMEDY
from risk_hub_contracts.base.limits import BLOB_PART_BYTES, BLOB_SINGLE_PUT_MAX_BYTES
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.write import encode_factor, encode_stress
from tests.fakes.gateway import Gateway
from tests.fakes.hub import Hub, book, post

BLOBS = "/risk-hub/worlds/w1/blobs"
FACTOR = encode_factor(["AAPL", "MSFT"], [[0.1], [0.2]], [0.01, 0.02])
SHA256 = hashlib.sha256(FACTOR).hexdigest()


def announcement(data: bytes = FACTOR, **fields: Any) -> dict[str, Any]:
    digest = hashlib.sha256(data).hexdigest()
    return {"kind": "covariance", "bytes": len(data), "sha256": digest, **fields}


def upload(api: Gateway, hub: Hub, data: bytes = FACTOR, **fields: Any) -> dict[str, Any]:
    answer = api("POST", BLOBS, announcement(data, **fields))
    assert answer.status == 201
    put = answer.json["put"]
    assert hub.uploads.send(put["url"], put["headers"], data) == 200
    ref: dict[str, Any] = answer.json["ref"]
    return ref


def test_a_blob_is_announced_uploaded_referred_to_and_fetched(api: Gateway, hub: Hub) -> None:
    ref = upload(api, hub)
    assert ref["ref"].endswith(f"/risk-blobs/w1/{SHA256}")
    assert post(api, book(covariance_ref=ref)).json["covariance_ref"] == ref
    answer = api("GET", f"{BLOBS}/{SHA256}")
    assert answer.status == 200
    assert answer.json["ref"] == ref
    assert SHA256 in answer.json["download_url"]
    assert answer.json["expires_at"] == "2026-01-05T12:05:00.000000Z"


def test_stored_blob_needs_no_second_upload(api: Gateway, hub: Hub) -> None:
    ref = upload(api, hub)
    answer = api("POST", BLOBS, announcement())
    assert (answer.status, answer.json) == (200, {"ref": ref, "stored": True})


def test_store_refuses_bytes_that_differ_from_the_announcement(api: Gateway, hub: Hub) -> None:
    put = api("POST", BLOBS, announcement()).json["put"]
    assert hub.uploads.send(put["url"], put["headers"], FACTOR[:-1] + b"\x01") == 400
    assert api("GET", f"{BLOBS}/{SHA256}").slug == "blob-not-found"


def test_large_blob_is_uploaded_in_parts(api: Gateway, hub: Hub) -> None:
    data = bytes(BLOB_SINGLE_PUT_MAX_BYTES + 1)
    pieces = [data[start : start + BLOB_PART_BYTES] for start in range(0, len(data), BLOB_PART_BYTES)]
    parts = [hashlib.sha256(part).hexdigest() for part in pieces]
    answer = api("POST", BLOBS, announcement(data, parts=parts))
    assert answer.status == 201
    multipart = answer.json["multipart"]
    end = {"kind": "covariance", "bytes": len(data), "upload_id": multipart["upload_id"]}
    path = f"{BLOBS}/{answer.json['ref']['sha256']}"
    assert api("POST", f"{path}/complete", end).slug == "upload-mismatch"
    for part, signed in zip(pieces, multipart["parts"], strict=True):
        assert data[signed["first_byte"] :][: signed["bytes"]] == part
        assert hub.uploads.send(signed["url"], signed["headers"], part) == 200
    for _ in range(2):
        done = api("POST", f"{path}/complete", end)
        assert (done.status, done.json) == (200, {"ref": answer.json["ref"], "stored": True})
    assert api("GET", path).json["ref"] == answer.json["ref"]


def test_an_aborted_upload_is_not_found(api: Gateway) -> None:
    size = BLOB_SINGLE_PUT_MAX_BYTES + 1
    requested = {"kind": "stress", "bytes": size, "sha256": SHA256, "parts": [SHA256] * 7}
    begun = api("POST", BLOBS, requested).json
    end = {"kind": "stress", "bytes": size, "upload_id": begun["multipart"]["upload_id"]}
    aborted = api("POST", f"{BLOBS}/{SHA256}/abort", end)
    assert (aborted.status, aborted.json["stored"]) == (200, False)
    assert api("POST", f"{BLOBS}/{SHA256}/complete", end).slug == "upload-not-found"


def test_a_blob_of_another_kind_is_refused_when_announced_and_when_referred_to(
    api: Gateway, hub: Hub
) -> None:
    ref = upload(api, hub)
    announced = api("POST", BLOBS, {**ref_request(ref), "kind": "stress"})
    assert announced.slug == "ref-invalid"
    assert "kind covariance" in announced.json["detail"]
    assert "the kind that the first line of the file names" in announced.json["remedy"]
    assert api("POST", BLOBS, ref_request(ref)).json["stored"]
    refused = post(api, book(stress_ref={**ref, "kind": "stress"}))
    assert (refused.slug, refused.pointers) == ("ref-invalid", ["/stress_ref"])


def test_remedy_of_a_damaged_blob_is_to_restore_or_remove_it_before_the_next_upload(
    api: Gateway, hub: Hub
) -> None:
    ref = upload(api, hub)
    kind, data = hub.blobs.objects[ref["ref"]]
    hub.blobs.objects[ref["ref"]] = (kind, data[:-1] + b"x")
    for damaged in (api("POST", BLOBS, ref_request(ref)), post(api, book(covariance_ref=ref))):
        assert (damaged.slug, damaged.json["remedy"]) == ("ref-invalid", DAMAGED_REMEDY)
    del hub.blobs.objects[ref["ref"]]
    missing = post(api, book(covariance_ref=ref))
    assert (missing.slug, missing.json["remedy"]) == ("ref-invalid", UPLOAD_REMEDY)
    assert not api("POST", BLOBS, ref_request(ref)).json["stored"]
    upload(api, hub)
    assert api("POST", BLOBS, ref_request(ref)).json["stored"]


def test_a_blob_uploaded_under_a_wrong_kind_is_accepted_under_the_kind_of_its_first_line(
    api: Gateway, hub: Hub
) -> None:
    wrong = upload(api, hub, encode_stress({"crash": {"loss": 0.2}}), kind="covariance")
    assert post(api, book(covariance_ref=wrong)).slug == "blob-malformed"
    announced = api("POST", BLOBS, {**ref_request(wrong), "kind": "stress"})
    right = {**wrong, "kind": "stress"}
    assert (announced.status, announced.json) == (200, {"ref": right, "stored": True})
    assert post(api, book(stress_ref=right)).json["stress_ref"] == right


def test_read_of_a_blob_shows_the_kind_of_its_first_line_and_not_the_stated_one(
    api: Gateway, hub: Hub
) -> None:
    data = encode_stress({"crash": {"loss": 0.2}})
    wrong = upload(api, hub, data, kind="covariance")
    answer = api("GET", f"{BLOBS}/{wrong['sha256']}")
    assert (answer.status, answer.json["ref"]) == (200, {**wrong, "kind": "stress"})


def test_read_of_a_blob_without_a_known_first_line_shows_the_stated_kind(
    api: Gateway, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = upload(api, hub, b"no rsh1 file", kind="covariance")
    assert api("GET", f"{BLOBS}/{ref['sha256']}").json["ref"] == ref

    def unreadable(ref: BlobRef, _: int) -> NoReturn:
        raise BlobError(ref, "the blob is archived")

    monkeypatch.setattr(hub.blobs, "head", unreadable)
    assert api("GET", f"{BLOBS}/{ref['sha256']}").json["ref"] == ref


def test_unreadable_blob_of_another_kind_is_refused_when_announced(
    api: Gateway, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = upload(api, hub)

    def unreadable(ref: BlobRef, _: int) -> NoReturn:
        raise BlobError(ref, "the blob is archived")

    monkeypatch.setattr(hub.blobs, "head", unreadable)
    assert api("POST", BLOBS, {**ref_request(ref), "kind": "stress"}).slug == "ref-invalid"


@pytest.mark.parametrize("size_bytes", [1, BLOB_SINGLE_PUT_MAX_BYTES])
def test_completing_a_blob_that_is_uploaded_by_one_put_says_that_it_needs_no_completion(
    api: Gateway, size_bytes: int
) -> None:
    end = {"kind": "stress", "bytes": size_bytes, "upload_id": "u"}
    answer = api("POST", f"{BLOBS}/{SHA256}/complete", end)
    assert (answer.status, answer.slug) == (404, "upload-not-found")
    assert "needs no completion" in answer.json["remedy"]


def ref_request(ref: dict[str, Any]) -> dict[str, Any]:
    return {name: ref[name] for name in ("kind", "bytes", "sha256")}


def test_a_blob_of_another_world_is_refused_and_not_found(api: Gateway, hub: Hub) -> None:
    ref = upload(api, hub)
    there = "/risk-hub/worlds/w2"
    assert api("POST", f"{there}/snapshots", book(covariance_ref=ref)).slug == "ref-invalid"
    assert api("GET", f"{there}/blobs/{SHA256}").slug == "blob-not-found"


@pytest.mark.parametrize(
    ("change", "status", "slug"),
    [
        ({"headers": {"Authorization": None}}, 401, "unauthenticated"),
        ({"headers": {"X-Actor": None}}, 400, "actor-required"),
        ({"headers": {"Content-Type": "text/plain"}}, 415, "unsupported-media-type"),
        ({"body": b"{"}, 400, "malformed-json"),
        ({"body": b'{"kind": "stress", "kind": "stress"}'}, 400, "duplicate-key"),
        ({"body": b'"' + b"a" * 1_048_576 + b'"'}, 413, "body-too-large"),
        ({"body": {}}, 422, "upload-invalid"),
    ],
)
@pytest.mark.parametrize("route", ["", f"/{SHA256}/complete", f"/{SHA256}/abort"])
def test_all_blob_routes_refuse_invalid_requests_alike(
    api: Gateway, route: str, change: dict[str, Any], status: int, slug: str
) -> None:
    answer = api("POST", BLOBS + route, **{"body": announcement(), **change})
    assert (answer.status, answer.slug) == (status, slug)


def test_upload_needs_the_write_scope_and_fetch_the_read_scope(api: Gateway, hub: Hub) -> None:
    reader = {"Authorization": f"Bearer {hub.tokens.issue(['snapshots:read'])}"}
    writer = {"Authorization": f"Bearer {hub.tokens.issue(['snapshots:write'])}"}
    other = {"Authorization": f"Bearer {hub.tokens.issue(['snapshots:write'], ['engine'])}"}
    assert api("POST", BLOBS, announcement(), headers=reader).slug == "forbidden-scope"
    assert api("POST", BLOBS, announcement(), headers=other).slug == "forbidden-actor"
    assert api("GET", f"{BLOBS}/{SHA256}", headers=writer).slug == "forbidden-scope"


@pytest.mark.parametrize("path", ["/risk-hub/worlds/%2e%2e/blobs", "/risk-hub/worlds/a b/blobs"])
def test_announcement_for_a_malformed_world_id_is_refused(api: Gateway, path: str) -> None:
    assert api("POST", path, announcement()).status in {404, 422}


def test_malformed_blob_digest_is_refused(api: Gateway) -> None:
    answer = api("GET", f"{BLOBS}/{'A' * 64}")
    assert (answer.slug, answer.pointers) == ("contract-violation", ["/sha256"])


def begun_in_parts(api: Gateway, hub: Hub) -> tuple[str, dict[str, Any]]:
    """Begin an upload in parts and send all of them; return the blob's path and the body that completes it."""
    data = bytes(BLOB_SINGLE_PUT_MAX_BYTES + 1)
    pieces = [data[start : start + BLOB_PART_BYTES] for start in range(0, len(data), BLOB_PART_BYTES)]
    begun = api(
        "POST", BLOBS, announcement(data, parts=[hashlib.sha256(part).hexdigest() for part in pieces])
    )
    for part, signed in zip(pieces, begun.json["multipart"]["parts"], strict=True):
        assert hub.uploads.send(signed["url"], signed["headers"], part) == 200
    end = {
        "kind": "covariance",
        "bytes": len(data),
        "upload_id": begun.json["multipart"]["upload_id"],
    }
    return f"{BLOBS}/{begun.json['ref']['sha256']}", end


def test_slow_completion_is_503_until_a_retry_finishes_it(api: Gateway, hub: Hub) -> None:
    path, end = begun_in_parts(api, hub)
    hub.uploads.completions_in_progress = 2
    for _ in range(2):
        answer = api("POST", f"{path}/complete", end)
        assert (answer.status, answer.slug, answer.headers["retry-after"]) == (503, "unavailable", "1")
        assert "it continues where this one stopped" in answer.json["detail"]
    assert api("POST", f"{path}/complete", end).json["stored"] is True


@pytest.mark.parametrize("size_bytes", [1, BLOB_SINGLE_PUT_MAX_BYTES])
def test_completing_a_multipart_upload_with_a_single_put_size_is_404(
    api: Gateway, hub: Hub, size_bytes: int
) -> None:
    path, end = begun_in_parts(api, hub)
    refused = api("POST", f"{path}/complete", {**end, "bytes": size_bytes})
    assert (refused.status, refused.slug) == (404, "upload-not-found")
    assert api("POST", f"{path}/complete", end).json["stored"] is True


@pytest.mark.parametrize(
    "size_bytes", [BLOB_SINGLE_PUT_MAX_BYTES - 1, BLOB_SINGLE_PUT_MAX_BYTES + BLOB_PART_BYTES]
)
def test_completing_a_blob_in_another_size_than_announced_is_refused(
    api: Gateway, hub: Hub, size_bytes: int
) -> None:
    path, end = begun_in_parts(api, hub)
    assert api("POST", f"{path}/complete", {**end, "bytes": size_bytes}).slug in {
        "upload-mismatch",
        "upload-not-found",
    }
