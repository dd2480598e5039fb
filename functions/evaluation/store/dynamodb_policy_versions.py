"""PolicyVersions on DynamoDB: items of the `evaluations` table, kept permanently."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.evaluation.input_note import RETURNS_NOTE
from functions.hub.adapters.aws import Item, dependency
from functions.hub.adapters.conditional import existing_item, put_once
from functions.hub.adapters.query_items import query_items
from functions.hub.ports import Dependency
from functions.hub.world_ports import PolicyVersionNote
from risk_hub_contracts.base.times import format_instant, parse_instant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STORE = Dependency.REPORT_STORE
SEPARATOR = "/"
POLICY_VERSION_KEY_PREFIX = f"{RETURNS_NOTE}/policy"
"""First part of the key of a version: a note's prefix, for the reason that `EXIT_STATE_KEY_PREFIX` states."""


@dataclass(frozen=True, slots=True)
class DynamoDBPolicyVersions:
    """Exit policies by version: `seen/policy/<stage>/<version>`."""

    dynamodb: "DynamoDBClient"
    table: str

    def put_once(self, world_id: str, stage: str, note: PolicyVersionNote) -> PolicyVersionNote:
        """See PolicyVersions."""
        key = _key(world_id, stage, note.version)
        item = {
            **key,
            "policy": {"S": note.text},
            "set_at": {"S": format_instant(note.set_at)},
            "set_by": {"S": note.set_by},
        }
        failed = put_once(self.dynamodb, self.table, STORE, item)
        if failed is None:
            return note
        return _note(existing_item(failed, self.dynamodb, self.table, STORE, key))

    def get(self, world_id: str, stage: str, version: str) -> PolicyVersionNote | None:
        """See PolicyVersions."""
        with dependency(STORE):
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=_key(world_id, stage, version), ConsistentRead=True
            )
        return _note(answer["Item"]) if "Item" in answer else None

    def list(self, world_id: str, stage: str) -> Sequence[PolicyVersionNote]:
        """See PolicyVersions."""
        notes = [_note(item) for item in self._items(world_id, stage)]
        return sorted(notes, key=lambda note: (note.set_at, note.version))

    def _items(self, world_id: str, stage: str) -> Iterator[Item]:
        request = {
            "TableName": self.table,
            "KeyConditionExpression": "world_id = :world AND begins_with(evaluation_id, :prefix)",
            "ProjectionExpression": "evaluation_id, set_at, set_by",
            "ExpressionAttributeValues": {
                ":world": {"S": world_id},
                ":prefix": {"S": _version_key(stage, "")},
            },
            "ConsistentRead": True,
        }
        return query_items(self.dynamodb, STORE, request)


def _version_key(stage: str, version: str) -> str:
    return SEPARATOR.join((POLICY_VERSION_KEY_PREFIX, stage, version))


def _key(world_id: str, stage: str, version: str) -> Item:
    return {"world_id": {"S": world_id}, "evaluation_id": {"S": _version_key(stage, version)}}


def _note(item: Item) -> PolicyVersionNote:
    return PolicyVersionNote(
        version=item["evaluation_id"]["S"].rpartition(SEPARATOR)[2],
        text=item.get("policy", {"S": ""})["S"],
        set_at=parse_instant(item["set_at"]["S"]),
        set_by=item["set_by"]["S"],
    )
