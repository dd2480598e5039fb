"""BlobUploads on S3: presigned PUTs, and multipart uploads verified by a digest of the whole object.

For a multipart upload S3 keeps only a checksum of the parts' checksums. So the parts are completed under
`risk-uploads/`. A copy there (the proof) makes S3 compute the SHA-256 of the whole, and only a proof with the
right digest is copied to the blob's name. S3 may cancel a copy whose client disconnects, and a copy of 512
MiB takes seconds: each call looks for a proof first, starts a copy only if enough time is left for it, and
leaves the rest to the next call. The bucket's lifecycle removes leftovers under `risk-uploads/`.

A copy is never made by parts: S3 computes the SHA-256 of a whole object only in a single copy; its checksums
of whole multipart objects are CRCs. If S3 cancels every copy that takes longer than the read time-out, each
call ends as unavailable, and the upload is never completed: 512 MiB in 9 s are 57 MiB/s (ADR-0018). A blob
that is small enough for one PUT is not copied.
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.hub.adapters.aws import COPYING_READ_TIMEOUT_SECONDS, dependency, error_code
from functions.hub.adapters.s3_objects import ALREADY_EXISTS_CODES, NOT_FOUND_CODES, checksum_as_hex
from functions.hub.blob_ports import (
    SignedPut,
    UploadInProgressError,
    UploadMismatchError,
    UploadNotFoundError,
)
from functions.hub.ports import Dependency
from risk_hub_contracts.base.limits import UPLOAD_URL_TTL_SECONDS
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.blob.refs import BLOB_PREFIX, BlobRef
from risk_hub_contracts.blob.uploads import PartSpan, part_spans

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        CompletedPartTypeDef,
        CopySourceTypeDef,
        HeadObjectOutputTypeDef,
        PartTypeDef,
    )

UPLOAD_PREFIX = "risk-uploads"
STORE = Dependency.BLOB_STORE
NO_UPLOAD_CODE = "NoSuchUpload"
INVALID_PARTS_CODES = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall"})
SHA256: Final = "SHA256"
# The share of the writer's 14 seconds for one completion; the rest is for its other requests.
COMPLETION_BUDGET_SECONDS = 12.0


class Budget:
    """Time for one completion, used for copies that are expected to end within it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start the time limit of one completion at the time of `clock`."""
        self._clock = clock
        self._end = clock() + COMPLETION_BUDGET_SECONDS
        self._expected: float = COPYING_READ_TIMEOUT_SECONDS

    def copy(self, copy: Callable[[], None]) -> None:
        """Run a copy, or raise UploadInProgressError if it is not expected to end in time.

        A first copy may take as long as the read time-out; a second copy of the same bytes takes about as
        long as the first.
        """
        began = self._clock()
        if began + self._expected > self._end:
            raise UploadInProgressError("the blob store is still assembling the blob")
        copy()
        self._expected = self._clock() - began


@dataclass(frozen=True, slots=True)
class S3Uploads:
    """Uploads under `risk-uploads/<world>/<sha256>`, blobs under `risk-blobs/<world>/<sha256>`."""

    s3: "S3Client"
    bucket: str
    clock: Callable[[], float] = time.monotonic

    def ref(self, world_id: str, sha256: str) -> str:
        """See BlobUploads."""
        return f"s3://{self.bucket}/{BLOB_PREFIX}/{world_id}/{sha256}"

    def sign_put(self, ref: BlobRef) -> SignedPut:
        """See BlobUploads."""
        headers = {
            **_signed_headers(ref.bytes or 0, ref.sha256),
            "If-None-Match": "*",
            "x-amz-meta-kind": ref.kind,
            "x-amz-sdk-checksum-algorithm": "SHA256",
        }
        parameters = {
            "Key": self._key(ref),
            "IfNoneMatch": "*",
            "Metadata": {"kind": ref.kind},
            "ChecksumAlgorithm": SHA256,
        }
        return self._sign("put_object", parameters, headers)

    def begin(self, ref: BlobRef) -> str:
        """See BlobUploads."""
        with dependency(STORE):
            begun = self.s3.create_multipart_upload(
                Bucket=self.bucket, Key=self._upload_key(ref), ChecksumAlgorithm=SHA256
            )
        upload_id: str = begun["UploadId"]
        return upload_id

    def sign_part(self, ref: BlobRef, upload_id: str, part: PartSpan, sha256: str) -> SignedPut:
        """See BlobUploads."""
        parameters = {"Key": self._upload_key(ref), "UploadId": upload_id, "PartNumber": part.number}
        return self._sign("upload_part", parameters, _signed_headers(part.size_bytes, sha256))

    def complete(self, ref: BlobRef, upload_id: str) -> None:
        """See BlobUploads."""
        if not list(part_spans(ref.bytes or 0)):
            raise UploadNotFoundError(
                f"a blob of {counted(ref.bytes or 0, 'byte')} is uploaded by one PUT: no multipart upload of it exists"
            )
        budget = Budget(self.clock)
        etag = self._proof_etag(ref)
        if etag is None:
            self._complete_multipart(ref, upload_id)
            budget.copy(lambda: self._copy_to_proof(ref))
            etag = self._require_proof(ref)
        proved = etag
        budget.copy(lambda: self._copy_to_blob(ref, proved))

    def abort(self, ref: BlobRef, upload_id: str) -> None:
        """See BlobUploads."""
        try:
            with dependency(STORE):
                self.s3.abort_multipart_upload(
                    Bucket=self.bucket, Key=self._upload_key(ref), UploadId=upload_id
                )
        except ClientError as error:
            if error_code(error) != NO_UPLOAD_CODE:
                raise

    def _complete_multipart(self, ref: BlobRef, upload_id: str) -> None:
        """Complete the upload; an unknown upload may have been completed before."""
        at: dict[str, Any] = {"Bucket": self.bucket, "Key": self._upload_key(ref), "UploadId": upload_id}
        try:
            with dependency(STORE):
                listed = self.s3.list_parts(**at).get("Parts", [])
                _require_announced_parts(ref, listed)
                parts = [_part(part) for part in sorted(listed, key=lambda part: part["PartNumber"])]
                self.s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
        except ClientError as error:
            if error_code(error) in INVALID_PARTS_CODES:
                raise UploadMismatchError(
                    f"the blob store cannot assemble the parts: {error_code(error)}"
                ) from error
            if error_code(error) != NO_UPLOAD_CODE:
                raise

    def _proof_etag(self, ref: BlobRef) -> str | None:
        """Return the ETag of the proof if it has the announced size and digest, else None."""
        found = self._proof_head(ref)
        if found is None or _size_and_digest(found) != (ref.bytes, ref.sha256):
            return None
        return str(found["ETag"])

    def _require_proof(self, ref: BlobRef) -> str:
        found = self._proof_head(ref)
        if found is None:
            raise UploadInProgressError("the verified copy of the blob is missing from the store")
        size_bytes, sha256 = _size_and_digest(found)
        if (size_bytes, sha256) != (ref.bytes, ref.sha256):
            raise UploadMismatchError(
                f"an object of {counted(size_bytes, 'byte')} with the sha256 {sha256} was uploaded"
            )
        return str(found["ETag"])

    def _proof_head(self, ref: BlobRef) -> "HeadObjectOutputTypeDef | None":
        try:
            with dependency(STORE):
                head = self.s3.head_object(
                    Bucket=self.bucket, Key=self._proof_key(ref), ChecksumMode="ENABLED"
                )
        except ClientError as error:
            if error_code(error) in NOT_FOUND_CODES:
                return None
            raise
        return head

    def _copy_to_proof(self, ref: BlobRef) -> None:
        """Make S3 compute the digest of the whole by a copy."""
        try:
            with dependency(STORE):
                self.s3.copy_object(
                    Bucket=self.bucket,
                    Key=self._proof_key(ref),
                    CopySource=self._source(self._upload_key(ref)),
                    ChecksumAlgorithm=SHA256,
                )
        except ClientError as error:
            if error_code(error) in NOT_FOUND_CODES:
                raise UploadNotFoundError("this upload is unknown or was aborted") from error
            raise

    def _copy_to_blob(self, ref: BlobRef, etag: str) -> None:
        """Copy the proof with this ETag to the blob's name."""
        try:
            with dependency(STORE):
                self.s3.copy_object(
                    Bucket=self.bucket,
                    Key=self._key(ref),
                    CopySource=self._source(self._proof_key(ref)),
                    CopySourceIfMatch=etag,
                    MetadataDirective="REPLACE",
                    Metadata={"kind": ref.kind},
                    ChecksumAlgorithm=SHA256,
                )
        except ClientError as error:
            if error_code(error) in NOT_FOUND_CODES | ALREADY_EXISTS_CODES:
                raise UploadInProgressError("another completion of this upload is running") from error
            raise

    def _sign(self, operation: str, parameters: dict[str, Any], headers: dict[str, str]) -> SignedPut:
        signed_parameters = {
            "Bucket": self.bucket,
            "ContentLength": int(headers["Content-Length"]),
            "ChecksumSHA256": headers["x-amz-checksum-sha256"],
        }
        url = self.s3.generate_presigned_url(
            operation, {**parameters, **signed_parameters}, ExpiresIn=UPLOAD_URL_TTL_SECONDS
        )
        return SignedPut(url, headers)

    def _key(self, ref: BlobRef) -> str:
        return ref.ref.removeprefix(f"s3://{self.bucket}/")

    def _upload_key(self, ref: BlobRef) -> str:
        return self._key(ref).replace(BLOB_PREFIX, UPLOAD_PREFIX, 1)

    def _proof_key(self, ref: BlobRef) -> str:
        return f"{self._upload_key(ref)}.whole"

    def _source(self, key: str) -> "CopySourceTypeDef":
        return {"Bucket": self.bucket, "Key": key}


def _signed_headers(size_bytes: int, sha256: str) -> dict[str, str]:
    checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
    return {"Content-Length": str(size_bytes), "x-amz-checksum-sha256": checksum}


def _require_announced_parts(ref: BlobRef, listed: "list[PartTypeDef]") -> None:
    """Refuse a set of parts that is not exactly the announced one, each with its size."""
    wanted = {span.number: span.size_bytes for span in part_spans(ref.bytes or 0)}
    found = {part["PartNumber"]: part["Size"] for part in listed}
    missing = sorted(number for number in wanted if found.get(number) != wanted[number])
    if missing:
        raise UploadMismatchError(f"parts {missing} of {len(wanted)} are missing or have the wrong size")
    surplus = sorted(found.keys() - wanted.keys())
    if surplus:
        raise UploadMismatchError(
            f"parts {surplus} are not expected: a blob of {ref.bytes} bytes has {len(wanted)} parts"
        )


def _size_and_digest(head: "HeadObjectOutputTypeDef") -> tuple[int, str | None]:
    """Return the size of an object, and the SHA-256 of the whole if S3 has computed it."""
    return head["ContentLength"], checksum_as_hex(head.get("ChecksumSHA256"))


def _part(listed: "PartTypeDef") -> "CompletedPartTypeDef":
    part: CompletedPartTypeDef = {"PartNumber": listed["PartNumber"], "ETag": listed["ETag"]}
    if "ChecksumSHA256" in listed:
        part["ChecksumSHA256"] = listed["ChecksumSHA256"]
    return part
