"""Blob uploads and downloads as steps; `reads` explains steps."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from risk_hub_client.blobs import Blob
from risk_hub_client.errors import DamagedBlobError, HubError, InvalidSnapshotError, StoreError
from risk_hub_client.reads import Steps, world_path
from risk_hub_client.results import StoredSnapshot
from risk_hub_client.wire import Answer, Call, Chunk
from risk_hub_contracts.base.ids import actor_violation
from risk_hub_contracts.base.limits import BLOB_MAX_BYTES
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.problems import Violation
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.types import BlobFormatError, BlobKind, Decoded
from risk_hub_contracts.snapshot.components import Component
from risk_hub_contracts.snapshot.request import REF_FIELDS

__all__ = ["JSON", "Progress", "fetch", "ignore_progress", "load", "upload"]

JSON: Final = {"Content-Type": "application/json"}
# The store's answer to a PUT of a blob that it already holds.
ALREADY_STORED: Final = 412
FORBIDDEN: Final = 403
EXPIRED: Final = "ExpiredToken"
Progress = Callable[[int, int], None]


def ignore_progress(_sent: int, _total: int) -> None:
    """Do nothing: the default callback for progress."""


def upload(
    world_id: str, blob: Blob, actor: str | None, progress: Progress = ignore_progress
) -> Steps[BlobRef]:
    """Upload a blob, in one PUT or in parts, and return the reference that the hub issued.

    Args:
        world_id: the world that will refer to it.
        blob: the blob to upload.
        actor: the uploading actor.
        progress: called with the bytes sent and the total; a retry begins its piece again.

    Raises:
        InvalidSnapshotError: the actor is missing or malformed; nothing was sent.
    """
    violation = actor_violation(actor) if actor else None
    if violation:
        raise InvalidSnapshotError(f"the actor {violation}", (Violation("/provenance/actor", violation),))
    try:
        return (yield from _upload_once(world_id, blob, actor, progress))
    except StoreError as error:
        if error.status != FORBIDDEN and error.code != EXPIRED:
            raise
    # Signed requests expire: request new ones once.
    return (yield from _upload_once(world_id, blob, actor, progress))


def _upload_once(world_id: str, blob: Blob, actor: str | None, progress: Progress) -> Steps[BlobRef]:
    path = world_path("begin_upload", world_id)
    announced: dict[str, Any] = {"kind": blob.kind, "bytes": blob.size_bytes, "sha256": blob.sha256}
    digests = blob.part_digests()
    answer = yield _post(path, announced | ({"parts": digests} if digests else {}), actor)
    calls, upload_id = answer.read(lambda document: _upload_calls(document, blob, progress))
    if upload_id is None:
        yield from _send_all(calls)
    else:
        end = {"kind": blob.kind, "bytes": blob.size_bytes, "upload_id": upload_id}
        abort = world_path("abort_upload", world_id, sha256=blob.sha256)
        yield from _send_parts(calls, _post(abort, end, actor))
        complete = world_path("complete_upload", world_id, sha256=blob.sha256)
        answer = yield _post(complete, end, actor)
    progress(blob.size_bytes, blob.size_bytes)
    return _verify_issued_ref(blob, answer)


def _upload_calls(
    document: Mapping[str, Any], blob: Blob, progress: Progress
) -> tuple[list[Call], str | None]:
    """Return the signed requests to send, none for a blob already stored, and the multipart upload id."""
    if "put" in document:
        return [_put(document["put"], blob, 0, blob.size_bytes, progress)], None
    if "multipart" not in document:
        return [], None
    parts = document["multipart"]["parts"]
    calls = [_put(part, blob, part["first_byte"], part["bytes"], progress) for part in parts]
    return calls, str(document["multipart"]["upload_id"])


def _send_all(calls: list[Call]) -> Steps[None]:
    for call in calls:  # noqa: UP028 - `yield from` a list cannot receive answers
        yield call


def _send_parts(calls: list[Call], abort: Call) -> Steps[None]:
    try:
        yield from _send_all(calls)
    except HubError:
        # The store drops incomplete parts after a while; the first error is the one to report.
        with suppress(HubError):
            yield abort
        raise


def _post(path: str, document: Mapping[str, Any], actor: str | None) -> Call:
    headers = {**JSON, **({"X-Actor": actor} if actor else {})}
    return Call(
        "POST", path, headers, body=json.dumps(document).encode(), accepted_statuses=frozenset({200, 201})
    )


def _put(signed: Mapping[str, Any], blob: Blob, first_byte: int, size_bytes: int, progress: Progress) -> Call:
    def chunks() -> Iterator[Chunk]:
        sent = first_byte
        for chunk in blob.chunks(first_byte, size_bytes):
            yield chunk
            sent += len(chunk)
            progress(sent, blob.size_bytes)

    accepted_statuses = frozenset({200, 201, 204, ALREADY_STORED})
    return Call(
        str(signed["method"]),
        str(signed["url"]),
        dict(signed["headers"]),
        body=chunks,
        accepted_statuses=accepted_statuses,
        size_bytes=int(size_bytes),
    )


def _verify_issued_ref(blob: Blob, answer: Answer) -> BlobRef:
    ref = answer.read(lambda document: BlobRef.model_validate(document["ref"]))
    if (ref.sha256, ref.bytes, ref.kind) != (blob.sha256, blob.size_bytes, blob.kind):
        raise DamagedBlobError("the hub issued a reference to another blob", answer.request_id)
    return ref


def _parse_download(found: Mapping[str, Any]) -> tuple[str, int]:
    return str(found["download_url"]), min(int(found["ref"]["bytes"]), BLOB_MAX_BYTES)


def load(snapshot: StoredSnapshot, kind: BlobKind) -> Steps[Decoded | None]:
    """Return a large component of a snapshot, inline or fetched; None if the snapshot lacks it."""
    if kind in snapshot.document:
        dates = snapshot.document.get("returns_meta", {}).get("dates") if kind == "realized_returns" else None
        blob = Component.from_document(kind, snapshot.document[kind], dates).blob
        return None if blob is None else decode(blob)
    ref = snapshot.document.get(REF_FIELDS[kind])
    if ref is None:
        return None
    return (yield from fetch(snapshot.world_id, ref["sha256"], kind))


def fetch(world_id: str, sha256: str, kind: BlobKind | None = None) -> Steps[Decoded]:
    """Fetch a blob and verify its bytes and its kind before returning it."""
    answer = yield Call("GET", world_path("read_blob", world_id, sha256=sha256))
    url, size_bytes = answer.read(_parse_download)
    download = yield Call("GET", url, max_bytes=size_bytes, size_bytes=size_bytes)
    digest = hashlib.sha256(download.body).hexdigest()
    if digest != sha256:
        size = counted(len(download.body), "byte")
        message = f"a body of {size} with the sha256 {digest} was received for the blob {sha256}"
        raise DamagedBlobError(message, download.request_id)
    try:
        decoded = decode(download.body)
    except BlobFormatError as error:
        raise DamagedBlobError(
            f"the blob {sha256} is not in the rsh1 format: {error}", answer.request_id
        ) from None
    if kind not in {None, decoded.kind}:
        raise DamagedBlobError(f"the blob {sha256} is of kind {decoded.kind}, not {kind}", answer.request_id)
    return decoded
