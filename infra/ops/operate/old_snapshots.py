"""Copy the snapshots of release 1.0 into the table of this release, under the same keys (ADR-0059).

An item is put only if its key is free in the new table, so a repeated copy changes nothing.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from botocore.exceptions import ClientError

from infra import names
from infra.recovery.errors import OperateError, error_code
from risk_hub_contracts.base.limits import ITEM_BODY_MAX_BYTES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

Item = dict[str, Any]
State = Literal["missing", "copied", "moved", "different"]

PAGE_MAX_ITEMS: Final = 100
"""What one BatchGetItem may ask for."""
WRITERS: Final = 16
HASH_PREFIX: Final = "sha256:"
# Attributes of release 1.0 that follow from another one.
DERIVED: Final = frozenset({"as_of", "expires_at", "stage", "ttl_sec", "document_bytes"})
# Between the parts of an order key. In release 1.0 the order of expiry also ended with the version.
SEPARATOR: Final = "|"
# Attribute of a tombstone: what remains in the table of a snapshot that was moved to history.
SEGMENT: Final = "segment"


@dataclass(frozen=True, slots=True)
class Pair:
    """An item of the old table, and the item with its key in the new table, or None if the new table has none."""

    old: Item
    new: Item | None

    @property
    def state(self) -> State:
        """Return the state of the item's copy: missing, copied, moved to history, or different in content."""
        if self.new is None:
            return "missing"
        if SEGMENT in self.new:
            return "moved" if content_hash(self.old) == content_hash(self.new) else "different"
        copied = {name: value for name, value in self.new.items() if name != names.COPIED_FROM}
        return "copied" if copied == new_form(self.old) else "different"


@dataclass(frozen=True, slots=True)
class SnapshotTables:
    """The table of release 1.0, the table of this release, and the bucket of a stage."""

    dynamodb: "DynamoDBClient"
    s3: "S3Client"
    old: str
    new: str
    bucket: str

    def pages(self, after: Mapping[str, Any] | None, limit: int, at: datetime) -> Iterator[list[Pair]]:
        """Yield the pairs, page by page, behind a key; items whose retention has ended are left out."""
        start: Any = {"ExclusiveStartKey": after} if after else {}
        while True:
            page = self.dynamodb.scan(TableName=self.old, ConsistentRead=True, Limit=limit, **start)
            yield self._pairs(
                [item for item in page["Items"] if int(item[names.TTL_ATTRIBUTE]["N"]) > at.timestamp()]
            )
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def copy(self, pairs: Sequence[Pair]) -> int:
        """Put the copies that are missing; return how many were put."""
        missing = [pair.old for pair in pairs if pair.state == "missing"]
        with ThreadPoolExecutor(WRITERS) as writers:
            return sum(writers.map(self._put, missing))

    def require(self) -> None:
        """Check that both tables exist.

        Raises:
            OperateError: one does not.
        """
        for table, remedy in (
            (self.old, "The stage never ran release 1.0, or the table was deleted"),
            (self.new, "Deploy the data stack of this release with OLD_SNAPSHOTS=kept first"),
        ):
            try:
                self.dynamodb.describe_table(TableName=table)
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                raise OperateError(f"There is no table {table}. {remedy}.") from error

    def _pairs(self, items: Sequence[Item]) -> list[Pair]:
        found: dict[str, Item] = {}
        wanted: Any = [key_of(item) for item in items]
        while wanted:
            answer: Any = self.dynamodb.batch_get_item(
                RequestItems={self.new: {"Keys": wanted, "ConsistentRead": True}}
            )
            found |= {path(item): item for item in answer["Responses"].get(self.new, [])}
            wanted = answer.get("UnprocessedKeys", {}).get(self.new, {}).get("Keys", [])
        return [Pair(item, found.get(path(item))) for item in items]

    def _put(self, old: Item) -> bool:
        """Put one copy unless its key is taken; return whether it was put."""
        item = {**new_form(old), names.COPIED_FROM: {"S": self.old}}
        if "body" in old and "body" not in item:
            self._put_body(old["world_id"]["S"], item["body_sha256"]["S"], old["body"]["B"])
        try:
            self.dynamodb.put_item(
                TableName=self.new, Item=item, ConditionExpression="attribute_not_exists(world_id)"
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _put_body(self, world_id: str, sha256: str, body: bytes) -> None:
        """Put a body into the bucket under its digest, unless it is there already."""
        try:
            self.s3.put_object(
                Bucket=self.bucket,
                Key=f"{names.BODY_PREFIX}{world_id}/{sha256}",
                Body=body,
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
            )
        except ClientError as error:
            if error_code(error) not in {"PreconditionFailed", "412"}:
                raise


def new_form(old: Item) -> Item:
    """Return an item of release 1.0 as this release stores it; the compressed document keeps its bytes."""
    kept = {name: value for name, value in old.items() if name not in DERIVED}
    kept["expiry_order"] = {"S": old["expiry_order"]["S"].partition(SEPARATOR)[0]}
    digest = content_hash(old)
    if digest.startswith(HASH_PREFIX):
        kept["content_hash"] = {"B": bytes.fromhex(digest.removeprefix(HASH_PREFIX))}
    if "body" in kept and len(kept["body"]["B"]) > ITEM_BODY_MAX_BYTES:
        kept["body_sha256"] = {"S": hashlib.sha256(kept.pop("body")["B"]).hexdigest()}
    return kept


def content_hash(item: Item) -> str:
    """Return the content hash of an item of either form."""
    value = item["content_hash"]
    return str(value["S"]) if "S" in value else HASH_PREFIX + value["B"].hex()


def key_of(item: Item) -> Item:
    """Return the key of an item."""
    return {name: item[name] for name in names.TABLE_KEYS["snapshots"]}


def path(item: Item) -> str:
    """Return `world/version` of an item; no id contains a slash."""
    return f"{item['world_id']['S']}/{item['version']['S']}"
