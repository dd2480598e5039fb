"""PolicyStore on DynamoDB: one row of the table `policies` per version, kept permanently."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.evaluation.policies.policy_records import (
    SEPARATOR,
    Author,
    ListPosition,
    PolicyEntry,
    PolicyKey,
    PolicyRecord,
)
from functions.evaluation.policies.read_policies import position_of
from functions.evaluation.store.policy_rows import STORE, put_new, row_key
from functions.hub.adapters.aws import Item, dependency
from functions.hub.adapters.conditional import existing_item
from risk_hub_contracts.base.times import format_instant, parse_instant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

POLICY, VERSION = "policy", "version"
INDEX = "by_policy"
LISTED = "policies"
"""Partition of the index: all versions, because a list may name no policy."""
FIRST, LAST = "!", "~"
"""Characters below and above every character of an id."""


@dataclass(frozen=True, slots=True)
class DynamoDBEvaluationPolicies:
    """Rows `policy/<policy_id>`, `version/<version>`, and an index with the list entries."""

    dynamodb: "DynamoDBClient"
    table: str

    def put_once(self, record: PolicyRecord) -> PolicyRecord:
        """See PolicyStore."""
        failed = put_new(self.dynamodb, self.table, _row(record))
        if failed is None:
            return record
        return _record(
            existing_item(failed, self.dynamodb, self.table, STORE, _key(record.entry.key)), record.entry.key
        )

    def get(self, key: PolicyKey) -> PolicyRecord | None:
        """See PolicyStore."""
        with dependency(STORE):
            answer = self.dynamodb.get_item(TableName=self.table, Key=_key(key), ConsistentRead=True)
        return _record(answer["Item"], key) if "Item" in answer else None

    def page(self, policy_id: str | None, after: ListPosition | None, limit: int) -> Sequence[PolicyEntry]:
        """See PolicyStore."""
        prefix = "" if policy_id is None else policy_id + SEPARATOR
        lower = prefix + FIRST if after is None else after.text + FIRST
        with dependency(STORE):
            answer = self.dynamodb.query(
                TableName=self.table,
                IndexName=INDEX,
                KeyConditionExpression="list_group = :listed AND list_order BETWEEN :lower AND :upper",
                ExpressionAttributeValues={
                    ":listed": {"S": LISTED},
                    ":lower": {"S": lower},
                    ":upper": {"S": prefix + LAST},
                },
                Limit=limit,
            )
        return [_entry(item, _listed_key(item)) for item in answer["Items"]]


def _key(key: PolicyKey) -> Item:
    return row_key((POLICY, key.policy_id), (VERSION, key.version))


def _row(record: PolicyRecord) -> Item:
    entry = record.entry
    return {
        **_key(entry.key),
        "document": {"B": record.document},
        "policy_hash": {"S": entry.policy_hash},
        "owner": {"S": entry.owner},
        "stored_at": {"S": format_instant(entry.stored_at)},
        "stored_by": {"S": entry.stored_by.subject},
        "request_id": {"S": entry.stored_by.request_id},
        "list_group": {"S": LISTED},
        "list_order": {"S": position_of(entry).text},
    }


def _listed_key(item: Item) -> PolicyKey:
    position = ListPosition.parse(item["list_order"]["S"])
    return PolicyKey(position.policy_id, position.version)


def _record(item: Item, key: PolicyKey) -> PolicyRecord:
    return PolicyRecord(_entry(item, key), bytes(item["document"]["B"]))


def _entry(item: Item, key: PolicyKey) -> PolicyEntry:
    return PolicyEntry(
        key=key,
        policy_hash=item["policy_hash"]["S"],
        owner=item["owner"]["S"],
        stored_at=parse_instant(item["stored_at"]["S"]),
        stored_by=Author(item["stored_by"]["S"], item["request_id"]["S"]),
    )
