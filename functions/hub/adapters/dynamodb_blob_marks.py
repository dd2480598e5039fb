"""BlobMarks on DynamoDB: one row per claim and one per deletion lease, all under the blob's digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.hub.adapters.aws import Item, dependency
from functions.hub.adapters.conditional import write_if
from functions.hub.adapters.query_items import query_items
from functions.hub.domain.blob_marks import Claim
from functions.hub.ports import Dependency
from risk_hub_contracts.base.times import format_instant, parse_instant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STORE = Dependency.BLOB_MARK_STORE
# Not a valid world id: ids begin with a letter or a digit.
POSITION_KEY = {"world_id": {"S": "#reaper"}, "mark": {"S": "place"}}


@dataclass(frozen=True, slots=True)
class DynamoDBBlobMarks:
    """The `blob-marks` table."""

    dynamodb: "DynamoDBClient"
    table: str

    def claim(self, world_id: str, sha256: str, claim: Claim, retain_until: datetime) -> None:
        """See BlobMarks."""
        texts = {
            "claimed_at": format_instant(claim.at),
            "version": claim.version,
            "content_hash": claim.content_hash,
        }
        present = {name: {"S": text} for name, text in texts.items() if text is not None}
        found = {"found": {"BOOL": True}} if claim.found else {}
        retained = {"retain_until": {"N": str(int(retain_until.timestamp()))}}
        self._put({**_claim_key(world_id, sha256, claim), **present, **found, **retained})

    def is_leased(self, world_id: str, sha256: str, now: datetime) -> bool:
        """See BlobMarks."""
        lease = self._get(_lease_key(world_id, sha256))
        return lease is not None and parse_instant(lease["doomed_until"]["S"]) > now

    def claims(self, world_id: str, sha256: str) -> Sequence[Claim]:
        """See BlobMarks."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "world_id = :world AND begins_with(mark, :prefix)",
            "ExpressionAttributeValues": {":world": {"S": world_id}, ":prefix": {"S": f"{sha256}/claim/"}},
            "ConsistentRead": True,
        }
        return [_claim(item) for item in query_items(self.dynamodb, STORE, request)]

    def lease(self, world_id: str, sha256: str, owner: str, now: datetime, until: datetime) -> bool:
        """See BlobMarks."""
        lease = {
            "doomed_by": {"S": owner},
            "doomed_until": {"S": format_instant(until)},
            "retain_until": {"N": str(int(until.timestamp()))},
        }
        failed = write_if(
            STORE,
            self.dynamodb.put_item,
            TableName=self.table,
            Item={**_lease_key(world_id, sha256), **lease},
            ConditionExpression="attribute_not_exists(mark) OR doomed_until <= :now OR doomed_by = :owner",
            ExpressionAttributeValues={":now": {"S": format_instant(now)}, ":owner": {"S": owner}},
        )
        return failed is None

    def release(self, world_id: str, sha256: str, owner: str) -> None:
        """See BlobMarks."""
        self._delete_if(_lease_key(world_id, sha256), "doomed_by = :owner", {":owner": {"S": owner}})

    def remove_claim(self, world_id: str, sha256: str, claim: Claim) -> None:
        """See BlobMarks."""
        key, at = _claim_key(world_id, sha256, claim), format_instant(claim.at)
        self._delete_if(key, "claimed_at = :at", {":at": {"S": at}})

    def position(self) -> str | None:
        """See BlobMarks."""
        kept = self._get(POSITION_KEY)
        return kept["after"]["S"] if kept is not None and "after" in kept else None

    def save_position(self, position: str | None) -> None:
        """See BlobMarks."""
        self._put({**POSITION_KEY, **({} if position is None else {"after": {"S": position}})})

    def _get(self, key: Item) -> Item | None:
        with dependency(STORE):
            answer = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item

    def _put(self, item: Item) -> None:
        with dependency(STORE):
            self.dynamodb.put_item(TableName=self.table, Item=item)

    def _delete_if(self, key: Item, condition: str, values: Item) -> None:
        write_if(
            STORE,
            self.dynamodb.delete_item,
            TableName=self.table,
            Key=key,
            ConditionExpression=condition,
            ExpressionAttributeValues=values,
        )


def _claim_key(world_id: str, sha256: str, claim: Claim) -> Item:
    return {"world_id": {"S": world_id}, "mark": {"S": f"{sha256}/claim/{claim.key}"}}


def _lease_key(world_id: str, sha256: str) -> Item:
    return {"world_id": {"S": world_id}, "mark": {"S": f"{sha256}/doom"}}


def _claim(item: Item) -> Claim:
    version, content_hash = item.get("version"), item.get("content_hash")
    return Claim(
        version=None if version is None else version["S"],
        content_hash=None if content_hash is None else content_hash["S"],
        at=parse_instant(item["claimed_at"]["S"]),
        found="found" in item,
    )
