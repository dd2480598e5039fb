"""Rows of the table `policies`: versions of evaluation policies, and activations of worlds."""

from typing import TYPE_CHECKING

from functions.hub.adapters.aws import Item
from functions.hub.adapters.conditional import FailedCondition, write_if
from functions.hub.ports import Dependency

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STORE = Dependency.POLICY_STORE
KEY_IS_FREE = "attribute_not_exists(policy_group)"
SEPARATOR = "/"


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
