"""DynamoDB writes that happen under a condition, and what stood there where it did not hold."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from functions.hub.adapters.aws import dependency, error_code
from functions.hub.adapters.snapshot_item import Item

CONDITION_FAILED = "ConditionalCheckFailedException"
# Both keys of every table are there or neither is.
KEY_IS_FREE = "attribute_not_exists(world_id)"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A write whose condition did not hold.

    Attributes:
        item: what stood there; empty where the request did not ask for it.
    """

    item: Item


def write_if(store: str, write: Callable[..., object], **request: Any) -> Refusal | None:  # noqa: ANN401
    """Write under the request's condition; return None when it held.

    Args:
        store: what the table is called where it is unavailable.
        write: the client's operation.
        request: its parameters, a ConditionExpression among them.
    """
    try:
        with dependency(store):
            write(**request)
    except ClientError as error:
        if error_code(error) != CONDITION_FAILED:
            raise
        return Refusal(error.response.get("Item", {}))  # type: ignore[arg-type]
    return None


def put_once(dynamodb: Any, table: str, store: str, item: Item) -> Refusal | None:  # noqa: ANN401
    """Put an item under a key that is free; return None then, and else the item that has the key."""
    return write_if(
        store,
        dynamodb.put_item,
        TableName=table,
        Item=item,
        ConditionExpression=KEY_IS_FREE,
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
