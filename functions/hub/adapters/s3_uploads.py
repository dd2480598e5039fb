"""BlobUploads on S3: presigned PUTs, and multipart uploads whose whole digest S3 computes before they become a blob.

S3 keeps of a multipart upload only a checksum of its parts' checksums. So parts are put together beside the blobs; one
copy makes S3 compute the SHA-256 of the whole, and only a copy of what that proved gets the blob's name. What stays beside
is removed by the bucket's lifecycle.
"""

import base64
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from functions.hub.adapters.aws import dependency, error_code
from functions.hub.adapters.s3_objects import NOT_THERE, sha256_of
from functions.hub.blob_ports import NoUploadError, SignedPut, UploadMismatchError
from risk_hub_contracts.limits import UPLOAD_URL_TTL_SECONDS
from risk_hub_contracts.refs import BLOB_PREFIX, BlobRef
from risk_hub_contracts.uploads import PartSpan, part_spans

UPLOAD_PREFIX = "risk-uploads"
STORE = "the blob store"
NO_UPLOAD = "NoSuchUpload"
BAD_PARTS = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall"})
SHA256 = {"ChecksumAlgorithm": "SHA256"}


@dataclass(frozen=True, slots=True)
class S3Uploads:
    """Uploads under `risk-uploads/<world>/<sha256>`, blobs under `risk-blobs/<world>/<sha256>`."""

    s3: Any
    bucket: str

    def ref(self, world_id: str, sha256: str) -> str:
        """See BlobUploads."""
        return f"s3://{self.bucket}/{BLOB_PREFIX}/{world_id}/{sha256}"

    def sign_put(self, ref: BlobRef) -> SignedPut:
        """See BlobUploads."""
        headers = {
            **_bound(ref.bytes or 0, ref.sha256),
            "If-None-Match": "*",
            "x-amz-meta-kind": ref.kind,
            "x-amz-sdk-checksum-algorithm": "SHA256",
        }
        parameters = {"Key": self._key(ref), "IfNoneMatch": "*", "Metadata": {"kind": ref.kind}, **SHA256}
        return self._sign("put_object", parameters, headers)

    def begin(self, ref: BlobRef) -> str:
        """See BlobUploads."""
        with dependency(STORE):
            begun = self.s3.create_multipart_upload(Bucket=self.bucket, Key=self._beside(ref), **SHA256)
        upload_id: str = begun["UploadId"]
        return upload_id

    def sign_part(self, ref: BlobRef, upload_id: str, part: PartSpan, sha256: str) -> SignedPut:
        """See BlobUploads."""
        parameters = {"Key": self._beside(ref), "UploadId": upload_id, "PartNumber": part.number}
        return self._sign("upload_part", parameters, _bound(part.size_bytes, sha256))

    def complete(self, ref: BlobRef, upload_id: str) -> None:
        """See BlobUploads."""
        self._put_together(ref, upload_id)
        etag = self._proved(ref)
        with dependency(STORE):
            self.s3.copy_object(
                Bucket=self.bucket,
                Key=self._key(ref),
                CopySource=self._source(self._proof(ref)),
                CopySourceIfMatch=etag,
                MetadataDirective="REPLACE",
                Metadata={"kind": ref.kind},
                **SHA256,
            )

    def abort(self, ref: BlobRef, upload_id: str) -> None:
        """See BlobUploads."""
        try:
            with dependency(STORE):
                self.s3.abort_multipart_upload(Bucket=self.bucket, Key=self._beside(ref), UploadId=upload_id)
        except ClientError as error:
            if error_code(error) != NO_UPLOAD:
                raise

    def _put_together(self, ref: BlobRef, upload_id: str) -> None:
        """Complete the upload; one that is unknown may have been completed before."""
        at = {"Bucket": self.bucket, "Key": self._beside(ref), "UploadId": upload_id}
        try:
            with dependency(STORE):
                listed = self.s3.list_parts(**at).get("Parts", [])
                _require_all(ref, listed)
                parts = [_part(part) for part in listed]
                self.s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
        except ClientError as error:
            if error_code(error) in BAD_PARTS:
                raise UploadMismatchError(f"the parts do not fit together: {error_code(error)}") from error
            if error_code(error) != NO_UPLOAD:
                raise

    def _proved(self, ref: BlobRef) -> str:
        """Let S3 compute the digest of the whole, and return the ETag of the copy that has the right one."""
        try:
            with dependency(STORE):
                self.s3.copy_object(
                    Bucket=self.bucket,
                    Key=self._proof(ref),
                    CopySource=self._source(self._beside(ref)),
                    **SHA256,
                )
                head = self.s3.head_object(Bucket=self.bucket, Key=self._proof(ref), ChecksumMode="ENABLED")
        except ClientError as error:
            if error_code(error) in NOT_THERE:
                raise NoUploadError("this upload is unknown, or was aborted") from error
            raise
        found = (head["ContentLength"], sha256_of(head.get("ChecksumSHA256")))
        if found != (ref.bytes, ref.sha256):
            raise UploadMismatchError(f"{found[0]} bytes with the sha256 {found[1]} were uploaded")
        etag: str = head["ETag"]
        return etag

    def _sign(self, operation: str, parameters: dict[str, Any], headers: dict[str, str]) -> SignedPut:
        bound = {
            "Bucket": self.bucket,
            "ContentLength": int(headers["Content-Length"]),
            "ChecksumSHA256": headers["x-amz-checksum-sha256"],
        }
        url = self.s3.generate_presigned_url(
            operation, {**parameters, **bound}, ExpiresIn=UPLOAD_URL_TTL_SECONDS
        )
        return SignedPut(url, headers)

    def _key(self, ref: BlobRef) -> str:
        return ref.ref.removeprefix(f"s3://{self.bucket}/")

    def _beside(self, ref: BlobRef) -> str:
        return self._key(ref).replace(BLOB_PREFIX, UPLOAD_PREFIX, 1)

    def _proof(self, ref: BlobRef) -> str:
        return f"{self._beside(ref)}.whole"

    def _source(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": key}


def _bound(size_bytes: int, sha256: str) -> dict[str, str]:
    checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
    return {"Content-Length": str(size_bytes), "x-amz-checksum-sha256": checksum}


def _require_all(ref: BlobRef, listed: list[dict[str, Any]]) -> None:
    wanted = {span.number: span.size_bytes for span in part_spans(ref.bytes or 0)}
    found = {part["PartNumber"]: part["Size"] for part in listed}
    missing = sorted(number for number in wanted if found.get(number) != wanted[number])
    if missing or len(found) != len(wanted):
        raise UploadMismatchError(f"parts {missing} of {len(wanted)} have not arrived in their size")


def _part(listed: dict[str, Any]) -> dict[str, Any]:
    return {name: listed[name] for name in ("PartNumber", "ETag", "ChecksumSHA256") if name in listed}
