"""Documents above DynamoDB's item limit of 400 kB, stored in the bucket under their digest."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.hub.adapters.aws import Item, dependency, error_code
from functions.hub.adapters.s3_objects import ARCHIVED_CODE, NOT_FOUND_CODES, get_object, put_object_once
from functions.hub.ports import Dependency, DocumentError
from risk_hub_contracts.base.limits import ITEM_BODY_MAX_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "risk-bodies"
UNREADABLE = {
    **dict.fromkeys(NOT_FOUND_CODES, "is missing"),
    ARCHIVED_CODE: "is archived and cannot be read until an operator restores it",
}


@dataclass(frozen=True, slots=True)
class BodyStore:
    """Choose by size where a compressed document is stored, and verify it when it is loaded."""

    s3: "S3Client"
    bucket: str

    def place(self, world_id: str, body: bytes) -> Item:
        """Return the attributes that hold the body; store a body too large for an item in the bucket."""
        if len(body) <= ITEM_BODY_MAX_BYTES:
            return {"body": {"B": body}}
        sha256 = hashlib.sha256(body).hexdigest()
        put_object_once(self.s3, self.bucket, _key(world_id, sha256), body, sha256, {})
        return {"body_sha256": {"S": sha256}}

    def body_of(self, item: Item, version: str, record: str = "document") -> bytes:
        """Return the body of an item, from the item or from the bucket, verified by its digest (INV-06).

        Args:
            item: the item in DynamoDB's own JSON form, binaries as bytes.
            version: the snapshot version that an error names.
            record: what the body is of that version, in an error.

        Raises:
            DocumentError: the object is missing, archived, or has another digest.
            UnavailableError: the bucket did not answer.
        """
        if "body" in item:
            body: bytes = item["body"]["B"]
            return body
        return self._load(item["world_id"]["S"], item["body_sha256"]["S"], version, record)

    def _load(self, world_id: str, sha256: str, version: str, record: str) -> bytes:
        key = _key(world_id, sha256)
        try:
            with dependency(Dependency.BLOB_STORE):
                body = get_object(self.s3, self.bucket, key)
        except ClientError as error:
            reason = UNREADABLE.get(error_code(error))
            if reason is None:
                raise
            raise DocumentError(world_id, version, f"its {record} {key} {reason}") from error
        if hashlib.sha256(body).hexdigest() != sha256:
            raise DocumentError(world_id, version, f"its {record} {key} does not match its digest")
        return body


def _key(world_id: str, sha256: str) -> str:
    return f"{PREFIX}/{world_id}/{sha256}"
