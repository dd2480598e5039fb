"""ActivationLog on DynamoDB: one row of the table `policies` per activation, kept permanently."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.evaluation.policies.policy_records import Activation, Author, PolicyKey
from functions.evaluation.store.policy_rows import STORE, put_new, row_key
from functions.hub.adapters.aws import Item, dependency
from risk_hub_contracts.base.times import format_instant, parse_instant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WORLD, ACTIVATION = "world", "activation"
SEQUENCE_DIGITS = 9
"""Digits of a sequence in its key: one width, so that the order of texts is that of the numbers."""


@dataclass(frozen=True, slots=True)
class DynamoDBActivations:
    """Rows `world/<world_id>`, `activation/<sequence>`."""

    dynamodb: "DynamoDBClient"
    table: str

    def append(self, activation: Activation) -> bool:
        """See ActivationLog."""
        return put_new(self.dynamodb, self.table, _row(activation)) is None

    def latest(self, world_id: str) -> Activation | None:
        """See ActivationLog."""
        found = self.page(world_id, None, 1)
        return found[0] if found else None

    def page(self, world_id: str, before: int | None, limit: int) -> Sequence[Activation]:
        """See ActivationLog."""
        last = 10**SEQUENCE_DIGITS - 1 if before is None else before - 1
        with dependency(STORE):
            answer = self.dynamodb.query(
                TableName=self.table,
                KeyConditionExpression="policy_group = :world AND policy_record BETWEEN :first AND :last",
                ExpressionAttributeValues={
                    ":world": _key(world_id, 0)["policy_group"],
                    ":first": _key(world_id, 0)["policy_record"],
                    ":last": _key(world_id, last)["policy_record"],
                },
                ScanIndexForward=False,
                Limit=limit,
                ConsistentRead=True,
            )
        return [_activation(item, world_id) for item in answer["Items"]]


def _key(world_id: str, sequence: int) -> Item:
    return row_key((WORLD, world_id), (ACTIVATION, f"{sequence:0{SEQUENCE_DIGITS}}"))


def _row(activation: Activation) -> Item:
    return {
        **_key(activation.world_id, activation.sequence),
        "sequence": {"N": str(activation.sequence)},
        "policy_id": {"S": activation.key.policy_id},
        "version": {"S": activation.key.version},
        "policy_hash": {"S": activation.policy_hash},
        "reason": {"S": activation.reason},
        "stored_by": {"S": activation.stored_by},
        "activated_at": {"S": format_instant(activation.activated_at)},
        "activated_by": {"S": activation.activated_by.subject},
        "request_id": {"S": activation.activated_by.request_id},
    }


def _activation(item: Item, world_id: str) -> Activation:
    return Activation(
        world_id=world_id,
        sequence=int(item["sequence"]["N"]),
        key=PolicyKey(item["policy_id"]["S"], item["version"]["S"]),
        policy_hash=item["policy_hash"]["S"],
        reason=item["reason"]["S"],
        stored_by=item["stored_by"]["S"],
        activated_at=parse_instant(item["activated_at"]["S"]),
        activated_by=Author(item["activated_by"]["S"], item["request_id"]["S"]),
    )
