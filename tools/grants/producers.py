"""Work of snapshot_writer for producers, in scenarios that each fail if the function could not do its part."""

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any

from infra.local.sample.publish import sample_body
from risk_hub_contracts.base.limits import BLOB_SINGLE_PUT_MAX_BYTES
from risk_hub_contracts.blob.write import encode_factor, encode_stress
from tests.fakes.calls import Answer, call
from tests.local_stage.caller import new_world, small_body
from tools.grants.workbench import Workbench

LARGE_BOOK_ASSETS = 8_000
ASSET_ID_BYTES = 45
# The smallest blob that is uploaded in parts.
MULTIPART_BYTES = BLOB_SINGLE_PUT_MAX_BYTES + 1


def factor() -> bytes:
    """Return a covariance that no other scenario has."""
    return encode_factor(["AAPL", "MSFT"], [[0.1], [0.2]], [secrets.randbelow(1_000) / 1e5 + 0.01, 0.02])


def large_body() -> dict[str, Any]:
    """Return a book whose document fits neither a table item nor an event."""
    names = [secrets.token_urlsafe(ASSET_ID_BYTES) for _ in range(LARGE_BOOK_ASSETS)]
    return small_body(weights=dict.fromkeys(names, 1 / LARGE_BOOK_ASSETS))


def publish_to_new_world(bench: Workbench, **changes: Any) -> tuple[str, dict[str, Any]]:
    """Publish a small book to a new world; return the world and what is stored."""
    world = new_world()
    return world, publish(bench, world, small_body(**changes))


def publish(bench: Workbench, world: str, body: dict[str, Any]) -> dict[str, Any]:
    """Publish a book and return what is stored."""
    answer = bench.hub.post(world, body)
    assert answer.status == 201, answer.body
    stored: dict[str, Any] = answer.document()
    return stored


def announce_blob(bench: Workbench, world: str, data: bytes, kind: str) -> dict[str, Any]:
    """Announce a blob and return the hub's answer."""
    digest = hashlib.sha256(data).hexdigest()
    answer = bench.hub.post_to(f"{world}/blobs", {"kind": kind, "bytes": len(data), "sha256": digest})
    assert answer.status == 201, answer.body
    document: dict[str, Any] = answer.document()
    return document


def upload_blob(bench: Workbench, world: str, data: bytes, kind: str) -> dict[str, Any]:
    """Upload a blob directly to the store and return its reference."""
    begun = announce_blob(bench, world, data, kind)
    put = begun["put"]
    answer = call(put["method"], put["url"], put["headers"], data)
    assert answer.status == 200, answer.body
    ref: dict[str, Any] = begun["ref"]
    return ref


def publishes(bench: Workbench) -> None:
    """A small book is stored."""
    publish_to_new_world(bench)


def reads_tokens(bench: Workbench) -> None:
    """A new process reads the tokens before it accepts a request."""
    bench.restart("snapshot_writer")
    publish_to_new_world(bench)


def register_world(bench: Workbench) -> str:
    """Return a new expected world, among the first by name, so that it has separate metrics."""
    world = f"0-{new_world()}"
    answer = bench.hub.put_to(f"{world}/expectations?stage=paper", {"owner": "bench"})
    assert answer.status == 201, answer.body
    return world


def repeats(bench: Workbench) -> None:
    """A repeated snapshot is counted for its registered world."""
    world, body = register_world(bench), small_body()
    bench.restart("snapshot_writer")
    publish(bench, world, body)
    assert bench.hub.post(world, body).status == 200
    bench.require_metric_of("snapshot_writer", world)


def offloads(bench: Workbench) -> None:
    """A large covariance is claimed and stored in the bucket."""
    stored = publish(bench, new_world(), sample_body(datetime.now(tz=UTC)))
    assert "covariance_ref" in stored


def replays_a_large_book(bench: Workbench) -> None:
    """A large document is stored in the bucket, and a repeated request is answered with it."""
    world, body = new_world(), large_body()
    publish(bench, world, body)
    assert bench.hub.post(world, body).status == 200


def verifies_reference(bench: Workbench) -> None:
    """A reference to an uploaded blob is verified."""
    world, data = new_world(), factor()
    ref = upload_blob(bench, world, data, "covariance")
    publish(bench, world, small_body(covariance_ref=ref))


def rejects_missing_blob(bench: Workbench) -> None:
    """A reference to a missing blob is refused as a mistake of the producer."""
    world = new_world()
    missing = announce_blob(bench, world, factor(), "covariance")["ref"]
    answer = bench.hub.post(world, small_body(covariance_ref=missing))
    assert answer.status == 422, answer.body


def completes(bench: Workbench) -> None:
    """Parts that were already assembled become a blob once the store has computed their digest."""
    world, data = new_world(), secrets.token_bytes(MULTIPART_BYTES)
    digest = hashlib.sha256(data).hexdigest()
    bench.s3.put_object(Bucket=bench.bucket, Key=f"risk-uploads/{world}/{digest}", Body=data)
    answer = _end_upload(bench, world, data, "complete", upload_id="completed-before")
    assert answer.status == 200, answer.body


def counts_parts(bench: Workbench) -> None:
    """Completing an upload with missing parts is refused as a mistake of the producer."""
    world, data = new_world(), secrets.token_bytes(MULTIPART_BYTES)
    answer = _end_upload(bench, world, data, "complete", upload_id=_begin_upload(bench, world, data))
    assert answer.status == 422, answer.body


def aborts(bench: Workbench) -> None:
    """An upload is aborted with all its parts."""
    world, data = new_world(), _stress()
    answer = _end_upload(bench, world, data, "abort", upload_id=_begin_upload(bench, world, data))
    assert answer.status == 200, answer.body


def _stress() -> bytes:
    return encode_stress({"crash": {"loss": secrets.randbelow(10**6) / 10**7 + 0.1}})


def _begin_upload(bench: Workbench, world: str, data: bytes) -> str:
    key = f"risk-uploads/{world}/{hashlib.sha256(data).hexdigest()}"
    begun = bench.s3.create_multipart_upload(Bucket=bench.bucket, Key=key, ChecksumAlgorithm="SHA256")
    upload_id: str = begun["UploadId"]
    return upload_id


def _end_upload(bench: Workbench, world: str, data: bytes, how: str, *, upload_id: str) -> Answer:
    end = {"kind": "covariance", "bytes": len(data), "upload_id": upload_id}
    return bench.hub.post_to(f"{world}/blobs/{hashlib.sha256(data).hexdigest()}/{how}", end)
