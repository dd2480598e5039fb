"""Blob uploads by producers: requests signed for size and digest, and completion of multipart uploads."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from functions.hub.blob_ports import (
    BlobClaims,
    BlobUploads,
    SignedPut,
    UploadInProgressError,
    UploadMismatchError,
    UploadNotFoundError,
)
from functions.hub.domain.blob_marks import UPLOAD_RETENTION, Claim
from functions.hub.ports import BlobError, BlobStore, Clock
from functions.hub.use_cases.claim_blobs import ClaimBlobs
from risk_hub_contracts.base.limits import BLOB_SINGLE_PUT_MAX_BYTES, UPLOAD_URL_TTL_SECONDS
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.problems import (
    REF_INVALID,
    UNAVAILABLE,
    UPLOAD_MISMATCH,
    UPLOAD_NOT_FOUND,
    ProblemError,
)
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.blob.read import KIND_READ_BYTES, says_kind
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.blob.uploads import UploadEnd, UploadRequest, part_spans

Document = dict[str, Any]
DAMAGED_REMEDY = (
    "Ask an operator to restore the stored object or to remove it; an upload never replaces an object. After its "
    "removal, upload the blob again."
)
STORED_REMEDY = "Send the size of the stored object, and the kind that the first line of the file names."
SINGLE_PUT_REMEDY = (
    "Send the `bytes` that you announced. A blob of at most blob_single_put_max_bytes (see /risk-hub/contract) "
    "is uploaded by one PUT and needs no completion."
)


@dataclass(frozen=True, slots=True)
class UploadBlobs:
    """Let a producer upload a blob, before it publishes a snapshot that refers to the blob."""

    blobs: BlobStore
    uploads: BlobUploads
    marks: BlobClaims
    clock: Clock

    def begin(self, world_id: str, upload_request: UploadRequest) -> Document:
        """Return the blob's reference, and, unless it is already stored, the signed requests that store it.

        Raises:
            ProblemError: `ref-invalid` if the stored bytes have another size, digest or kind, `unavailable`
                while the reaper removes the blob.
            DependencyUnavailableError: the store did not answer; the same request may be sent again.
        """
        ref = self._ref(world_id, upload_request.sha256, upload_request.kind, upload_request.bytes)
        if self._claim_and_check_stored(world_id, ref):
            return _stored_answer(ref)
        expires_at = self.clock() + timedelta(seconds=UPLOAD_URL_TTL_SECONDS)
        answer = {"ref": ref.document(), "stored": False, "expires_at": format_instant(expires_at)}
        if upload_request.parts:
            return answer | {"multipart": self._multipart(ref, upload_request.parts)}
        return answer | {"put": _signed_put_document(self.uploads.sign_put(ref))}

    def complete(self, world_id: str, sha256: str, end: UploadEnd) -> Document:
        """Join the uploaded parts to the blob; once it is stored, repeating this changes nothing.

        Raises:
            ProblemError: `upload-not-found`, `upload-mismatch` if the parts differ from the announcement, or
                `unavailable` while the store needs more time; the same request continues where this one
                stopped.
            DependencyUnavailableError: the store did not answer; the same request continues where this one stopped.
        """
        ref = self._ref(world_id, sha256, end.kind, end.bytes)
        if not self._claim_and_check_stored(world_id, ref):
            try:
                self.uploads.complete(ref, end.upload_id)
            except UploadNotFoundError as error:
                remedy = None if end.bytes > BLOB_SINGLE_PUT_MAX_BYTES else SINGLE_PUT_REMEDY
                raise ProblemError(UPLOAD_NOT_FOUND, str(error), remedy=remedy) from error
            except UploadMismatchError as error:
                raise ProblemError(UPLOAD_MISMATCH, str(error)) from error
            except UploadInProgressError as error:
                detail = f"{error}; send the same request again: it continues where this one stopped"
                raise ProblemError(UNAVAILABLE, detail) from error
        return _stored_answer(ref)

    def abort(self, world_id: str, sha256: str, end: UploadEnd) -> Document:
        """Remove the upload and its parts; keep the blob itself if it is stored."""
        ref = self._ref(world_id, sha256, end.kind, end.bytes)
        self.uploads.abort(ref, end.upload_id)
        return {"ref": ref.document(), "stored": self._is_stored(ref)}

    def _claim_and_check_stored(self, world_id: str, ref: BlobRef) -> bool:
        """Claim the blob, so that a snapshot can refer to it for a grace period; return whether it exists.

        If the blob existed before, the claim is marked `found`, so that it never permits the blob's removal.
        """
        found = self._is_stored(ref)
        self._claim(world_id, ref, found=found)
        stored = self._is_stored(ref)
        if found and not stored:
            self._claim(world_id, ref, found=False)
        return stored

    def _claim(self, world_id: str, ref: BlobRef, *, found: bool) -> None:
        now = self.clock()
        needed_until = now if found else now + UPLOAD_RETENTION
        ClaimBlobs(self.marks)(world_id, [ref.sha256], Claim(None, None, now, found), needed_until)

    def _ref(self, world_id: str, sha256: str, kind: BlobKind, size_bytes: int) -> BlobRef:
        return BlobRef(ref=self.uploads.ref(world_id, sha256), sha256=sha256, bytes=size_bytes, kind=kind)

    def _is_stored(self, ref: BlobRef) -> bool:
        stat = self.blobs.stat(ref)
        if stat is None:
            return False
        same_bytes = (stat.sha256, stat.size_bytes) == (ref.sha256, ref.bytes)
        if same_bytes and (stat.kind == ref.kind or self._has_announced_kind(ref)):
            return True
        size = counted(stat.size_bytes, "byte")
        facts = f"kind {stat.kind or 'unknown'}, sha256 {stat.sha256 or 'unknown'}"
        detail = f"{ref.ref}: the stored object has {size}, {facts}"
        remedy = STORED_REMEDY if stat.sha256 == ref.sha256 else DAMAGED_REMEDY
        raise ProblemError(REF_INVALID, detail, remedy=remedy)

    def _has_announced_kind(self, ref: BlobRef) -> bool:
        """Return whether the first line of a stored blob names the announced kind."""
        try:
            head = self.blobs.head(ref, KIND_READ_BYTES)
        except BlobError:
            return False
        return head is not None and says_kind(head.data, ref.kind)

    def _multipart(self, ref: BlobRef, digests: list[str]) -> Document:
        upload_id = self.uploads.begin(ref)
        parts = [
            {
                "number": span.number,
                "first_byte": span.first_byte,
                "bytes": span.size_bytes,
                **_signed_put_document(self.uploads.sign_part(ref, upload_id, span, digest)),
            }
            for span, digest in zip(part_spans(ref.bytes or 0), digests, strict=True)
        ]
        return {"upload_id": upload_id, "parts": parts}


def _stored_answer(ref: BlobRef) -> Document:
    return {"ref": ref.document(), "stored": True}


def _signed_put_document(put: SignedPut) -> Document:
    return {"method": "PUT", "url": put.url, "headers": dict(put.headers)}
