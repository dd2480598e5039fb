"""Conditional DynamoDB writes that return the existing item on failure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.hub.adapters.aws import Item, dependency, error_code
from functions.hub.ports import Dependency, DependencyUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CONDITION_FAILED = "ConditionalCheckFailedException"
# An item has both keys of its table, so checking one is enough.
KEY_IS_FREE = "attribute_not_exists(world_id)"


@dataclass(frozen=True, slots=True)
class FailedCondition:
    """A write whose condition did not hold.

    Attributes:
        item: the existing item; empty if the request did not ask for it or the answer lacks it.
    """

    item: Item


def write_if(store: Dependency, write: Callable[..., object], **request: Any) -> FailedCondition | None:  # noqa: ANN401
    """Write under the request's condition; return None when it held.

    Args:
        store: the table's name in DependencyUnavailableError.
        write: the client's operation.
        request: its parameters, including a ConditionExpression.
    """
    try:
        with dependency(store):
            write(**request)
    except ClientError as error:
        if error_code(error) != CONDITION_FAILED:
            raise
        return FailedCondition(error.response.get("Item") or {})  # type: ignore[arg-type]
    return None


def put_once(dynamodb: "DynamoDBClient", table: str, store: Dependency, item: Item) -> FailedCondition | None:
    """Put an item under a free key and return None; if the key is taken, return the refusal.

    The refusal has the existing item if the answer contains it, as DynamoDB's does; see `existing_item`.
    """
    return write_if(
        store,
        dynamodb.put_item,
        TableName=table,
        Item=item,
        ConditionExpression=KEY_IS_FREE,
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )


def existing_item(
    failed: FailedCondition, dynamodb: "DynamoDBClient", table: str, store: Dependency, key: Item
) -> Item:
    """Return the item that has the key, by a strongly consistent read if the refusal lacks it.

    DynamoDB always returns the item. Emulators that ignore `ReturnValuesOnConditionCheckFailure` do not; on
    AWS the writer's role needs no permission for this read.

    Raises:
        DependencyUnavailableError: the item was removed after it had refused the put; the same put may succeed now.
    """
    if failed.item:
        return failed.item
    with dependency(store):
        answer = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)
    item: Item | None = answer.get("Item")
    if item is None:
        raise DependencyUnavailableError(
            store, "the item that blocked a conditional put was removed meanwhile"
        )
    return item
