"""BlobStore on S3."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.hub.adapters.aws import dependency, error_code
from functions.hub.adapters.s3_objects import (
    ARCHIVED_CODE,
    NOT_FOUND_CODES,
    checksum_as_hex,
    get_object,
    get_range,
    put_object_once,
    total_size_bytes,
)
from functions.hub.ports import BlobError, BlobHead, BlobStat, Dependency
from risk_hub_contracts.base.limits import BLOB_FIRST_READ_BYTES, DOWNLOAD_URL_TTL_SECONDS
from risk_hub_contracts.blob.refs import BLOB_PREFIX, BlobRef
from risk_hub_contracts.blob.types import BlobKind

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

KIND_METADATA = "kind"
# S3's answer to a range of an empty object; a blob is never empty.
EMPTY_OBJECT_CODES = frozenset({"InvalidRange", "416"})


@dataclass(frozen=True, slots=True)
class S3Blobs:
    """Blobs of the worlds, content-addressed under `risk-blobs/<world>/<sha256>`."""

    s3: "S3Client"
    bucket: str

    def put(self, world_id: str, kind: BlobKind, sha256: str, data: bytes) -> BlobRef:
        """See BlobStore."""
        key = f"{BLOB_PREFIX}/{world_id}/{sha256}"
        put_object_once(self.s3, self.bucket, key, data, sha256, {KIND_METADATA: kind})
        return BlobRef(ref=f"s3://{self.bucket}/{key}", sha256=sha256, bytes=len(data), kind=kind)

    def stat(self, ref: BlobRef) -> BlobStat | None:
        """See BlobStore."""
        try:
            with dependency(Dependency.BLOB_STORE):
                head = self.s3.head_object(Bucket=self.bucket, Key=self._key(ref), ChecksumMode="ENABLED")
        except ClientError as error:
            if error_code(error) in NOT_FOUND_CODES:
                return None
            raise
        return BlobStat(
            sha256=checksum_as_hex(head.get("ChecksumSHA256")),
            size_bytes=head["ContentLength"],
            kind=head.get("Metadata", {}).get(KIND_METADATA),
        )

    def head(self, ref: BlobRef, max_bytes: int) -> BlobHead | None:
        """See BlobStore: one ranged request, and a second for a first line longer than the first range."""
        first = self._range(ref, 0, min(BLOB_FIRST_READ_BYTES, max_bytes))
        if first is None:
            return None
        data, size_bytes = first["Body"].read(), total_size_bytes(first)
        wanted_bytes = min(size_bytes, max_bytes)
        if b"\n" not in data and len(data) < wanted_bytes:
            rest = self._range(ref, len(data), wanted_bytes - len(data))
            if rest is None:
                return None
            data += rest["Body"].read()
        return BlobHead(
            size_bytes,
            first.get("Metadata", {}).get(KIND_METADATA),
            _known_digest(first, data, size_bytes),
            data,
        )

    def _range(self, ref: BlobRef, first_byte: int, count: int) -> "GetObjectOutputTypeDef | None":
        try:
            with dependency(Dependency.BLOB_STORE):
                return get_range(self.s3, self.bucket, self._key(ref), first_byte, count)
        except ClientError as error:
            if error_code(error) in NOT_FOUND_CODES | EMPTY_OBJECT_CODES:
                return None
            _raise_if_archived(ref, error)
            raise

    def load(self, ref: BlobRef) -> bytes:
        """See BlobStore."""
        try:
            with dependency(Dependency.BLOB_STORE):
                data = get_object(self.s3, self.bucket, self._key(ref))
        except ClientError as error:
            if error_code(error) in NOT_FOUND_CODES:
                raise BlobError(ref, "the blob is missing") from error
            _raise_if_archived(ref, error)
            raise
        found = hashlib.sha256(data).hexdigest()
        if found != ref.sha256:
            raise BlobError(ref, f"the blob's sha256 is {found}, not {ref.sha256}")
        return data

    def download_url(self, ref: BlobRef) -> str:
        """See BlobStore."""
        parameters = {"Bucket": self.bucket, "Key": self._key(ref)}
        url: str = self.s3.generate_presigned_url(
            "get_object", parameters, ExpiresIn=DOWNLOAD_URL_TTL_SECONDS
        )
        return url

    def _key(self, ref: BlobRef) -> str:
        return ref.ref.removeprefix(f"s3://{self.bucket}/")


def _raise_if_archived(ref: BlobRef, error: ClientError) -> None:
    """Raise BlobError if S3 refused to read the object because of its storage class."""
    if error_code(error) == ARCHIVED_CODE:
        reason = "the blob is archived and cannot be read until an operator restores it in the blob store"
        raise BlobError(ref, reason) from error


def _known_digest(answer: "GetObjectOutputTypeDef", data: bytes, size_bytes: int) -> str | None:
    """Return the digest of a blob that was read whole, else the store's own digest if sent with a range."""
    if len(data) == size_bytes:
        return hashlib.sha256(data).hexdigest()
    return checksum_as_hex(answer.get("ChecksumSHA256"))
