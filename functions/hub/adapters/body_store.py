"""Documents that cost less in the bucket than in an item, stored there under their digest."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from botocore.exceptions import ClientError

from functions.hub.adapters.aws import Item, dependency, error_code
from functions.hub.adapters.s3_objects import ARCHIVED_CODE, NOT_FOUND_CODES, get_object, put_object_once
from functions.hub.ports import Dependency, DocumentError
from risk_hub_contracts.base.limits import ITEM_BODY_MAX_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "risk-bodies"
# Number of concurrent loads; fewer than the 10 connections that a client keeps.
LOADS_AT_ONCE: Final = 8
PARALLEL_FROM_COUNT: Final = 3
Record = TypeVar("Record")
UNREADABLE = {
    **dict.fromkeys(NOT_FOUND_CODES, "is missing"),
    ARCHIVED_CODE: "is archived and cannot be read until an operator restores it",
}


@dataclass(frozen=True, slots=True)
class BodyStore:
    """Choose by price where a compressed document is stored, and verify it when it is loaded."""

    s3: "S3Client"
    bucket: str

    def place(self, world_id: str, body: bytes) -> Item:
        """Return the attributes that hold the body; store a body above ITEM_BODY_MAX_BYTES in the bucket."""
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


def read_each(read: Callable[[Item], Record], items: Sequence[Item]) -> list[Record]:
    """Return `read(item)` for each item; the bodies in the bucket are loaded concurrently.

    The first of them is loaded alone: it creates the client, which is not safe in several threads.
    """
    stored = [number for number, item in enumerate(items) if "body" not in item]
    if len(stored) < PARALLEL_FROM_COUNT:
        return [read(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - most requests need no thread

    first = read(items[stored[0]])
    with ThreadPoolExecutor(LOADS_AT_ONCE) as threads:
        rest = threads.map(read, [items[number] for number in stored[1:]])
        loaded = dict(zip(stored, [first, *rest], strict=True))
    return [loaded[number] if number in loaded else read(item) for number, item in enumerate(items)]


def _key(world_id: str, sha256: str) -> str:
    return f"{PREFIX}/{world_id}/{sha256}"
