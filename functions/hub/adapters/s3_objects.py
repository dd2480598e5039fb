"""Immutable objects in S3: written once under their digest, never overwritten."""

import base64
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.hub.adapters.aws import dependency, error_code
from functions.hub.ports import Dependency

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

ALREADY_EXISTS_CODES = frozenset({"PreconditionFailed", "412"})
NOT_FOUND_CODES = frozenset({"NoSuchKey", "NotFound", "404"})
# S3's answer to a read of an object in an archive storage class.
ARCHIVED_CODE = "InvalidObjectState"
CONFLICT_CODES = frozenset({"ConditionalRequestConflict", "409"})
CONFLICT_MAX_ATTEMPTS = 3


def put_object_once(  # noqa: PLR0913, PLR0917  (an object is named by bucket, key, bytes and digest)
    s3: "S3Client",
    bucket: str,
    key: str,
    data: bytes,
    sha256: str,
    metadata: dict[str, str],
    store: Dependency = Dependency.BLOB_STORE,
    **parameters: Any,  # noqa: ANN401  (further parameters of the request, such as a lock)
) -> None:
    """Store the object unless it already exists; S3 itself verifies the digest on arrival.

    Raises:
        DependencyUnavailableError: S3 did not answer; the error names `store`.
    """
    checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
    for attempt in range(CONFLICT_MAX_ATTEMPTS):
        try:
            with dependency(store):
                s3.put_object(
                    Bucket=bucket,
                    Key=key,
                    Body=data,
                    IfNoneMatch="*",
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum,
                    Metadata=metadata,
                    **parameters,
                )
        except ClientError as error:
            if error_code(error) in ALREADY_EXISTS_CODES:
                return
            if error_code(error) not in CONFLICT_CODES or attempt + 1 == CONFLICT_MAX_ATTEMPTS:
                raise
        else:
            return


def get_object(s3: "S3Client", bucket: str, key: str) -> bytes:
    """Return the object's bytes."""
    data: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return data


def get_range(s3: "S3Client", bucket: str, key: str, first_byte: int, count: int) -> "GetObjectOutputTypeDef":
    """Return S3's answer to a request for `count` bytes of an object, starting at `first_byte`."""
    wanted = f"bytes={first_byte}-{first_byte + count - 1}"
    return s3.get_object(Bucket=bucket, Key=key, Range=wanted, ChecksumMode="ENABLED")


def total_size_bytes(answer: "GetObjectOutputTypeDef") -> int:
    """Return the size of the whole object from the answer to a ranged request.

    A store that ignores ranges sends the whole object.
    """
    total: str = answer.get("ContentRange", "").rpartition("/")[2]
    return int(total) if total.isdigit() else int(answer["ContentLength"])


def checksum_as_hex(checksum: str | None) -> str | None:
    """Return S3's base64 checksum as hex, or None for a checksum made of part checksums."""
    return None if checksum is None or "-" in checksum else base64.b64decode(checksum).hex()
