"""SegmentObjects on S3: written once, never overwritten."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.history.ports import SegmentObjectError
from functions.hub.adapters.aws import dependency, error_code
from functions.hub.adapters.s3_objects import ARCHIVED_CODE, NOT_FOUND_CODES, get_object, put_object_once
from functions.hub.ports import Dependency
from risk_hub_contracts.base.limits import DOWNLOAD_URL_TTL_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class S3Segments:
    """Segments in the bucket of blobs and bodies."""

    s3: "S3Client"
    bucket: str

    def put_once(self, key: str, data: bytes, sha256: str) -> None:
        """See SegmentObjects."""
        put_object_once(self.s3, self.bucket, key, data, sha256, {})

    def get(self, key: str) -> bytes:
        """See SegmentObjects."""
        try:
            with dependency(Dependency.BLOB_STORE):
                return get_object(self.s3, self.bucket, key)
        except ClientError as error:
            code = error_code(error)
            if code in NOT_FOUND_CODES:
                raise SegmentObjectError("is missing", missing=True) from error
            if code == ARCHIVED_CODE:
                reason = "is archived and cannot be read until an operator restores it"
                raise SegmentObjectError(reason) from error
            raise

    def download_url(self, key: str) -> str:
        """See SegmentLinks."""
        parameters = {"Bucket": self.bucket, "Key": key}
        url: str = self.s3.generate_presigned_url(
            "get_object", parameters, ExpiresIn=DOWNLOAD_URL_TTL_SECONDS
        )
        return url
