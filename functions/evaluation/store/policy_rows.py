"""Rows of the table `policies`: versions of evaluation policies, activations and rollout changes of worlds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.hub.adapters.aws import Item, dependency
from functions.hub.adapters.conditional import FailedCondition, write_if
from functions.hub.ports import Dependency

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STORE = Dependency.POLICY_STORE
KEY_IS_FREE = "attribute_not_exists(policy_group)"
SEPARATOR = "/"
SEQUENCE_DIGITS = 9
"""Digits of a sequence in its key: one width, so that the order of texts is that of the numbers."""


def row_key(group: tuple[str, str], record: tuple[str, str]) -> Item:
    """Return the primary key of a row, each part of it as `<kind>/<name>`."""
    return {
        "policy_group": {"S": SEPARATOR.join(group)},
        "policy_record": {"S": SEPARATOR.join(record)},
    }


def put_new(dynamodb: "DynamoDBClient", table: str, row: Item) -> FailedCondition | None:
    """Put a row under a free key and return None; if the key is taken, return the refusal."""
    return write_if(
        STORE,
        dynamodb.put_item,
        TableName=table,
        Item=row,
        ConditionExpression=KEY_IS_FREE,
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )


@dataclass(frozen=True, slots=True)
class NumberedRows:
    """Rows `<group>/<name>`, `<kind>/<sequence>`: an append-only list for each name."""

    dynamodb: "DynamoDBClient"
    table: str
    group: str
    kind: str

    def key(self, name: str, sequence: int) -> Item:
        """Return the primary key of a row."""
        return row_key((self.group, name), (self.kind, f"{sequence:0{SEQUENCE_DIGITS}}"))

    def append(self, name: str, sequence: int, members: Item) -> bool:
        """Put a row; return False, without a change, if its sequence is taken."""
        row = {**self.key(name, sequence), "sequence": {"N": str(sequence)}, **members}
        return put_new(self.dynamodb, self.table, row) is None

    def page(self, name: str, before: int | None, limit: int) -> Sequence[Item]:
        """Return at most `limit` rows below `before`, the greatest sequence first."""
        first = self.key(name, 0)
        last = self.key(name, 10**SEQUENCE_DIGITS - 1 if before is None else before - 1)
        with dependency(STORE):
            answer = self.dynamodb.query(
                TableName=self.table,
                KeyConditionExpression="policy_group = :group AND policy_record BETWEEN :first AND :last",
                ExpressionAttributeValues={
                    ":group": first["policy_group"],
                    ":first": first["policy_record"],
                    ":last": last["policy_record"],
                },
                ScanIndexForward=False,
                Limit=limit,
                ConsistentRead=True,
            )
        return answer["Items"]
