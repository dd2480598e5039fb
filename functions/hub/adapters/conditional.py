"""Conditional DynamoDB writes that return the existing item on failure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.hub.adapters.aws import Item, dependency, error_code
from functions.hub.ports import Dependency, DependencyUnavailableError, WorldFullError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CONDITION_FAILED = "ConditionalCheckFailedException"
COLLECTION_FULL = "ItemCollectionSizeLimitExceededException"
# The error of a canceled transaction, and reasons of its actions.
CANCELED = "TransactionCanceledException"
NO_REASON = "None"
CONDITION = "ConditionalCheckFailed"
CONFLICT = "TransactionConflict"
Reasons = Sequence[Mapping[str, Any]]
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

    Raises:
        WorldFullError: the table has a local index, and the world's items have reached their size limit.
    """
    return _attempt(store, write, request)[0]


def _attempt(
    store: Dependency, write: Callable[..., Any], request: Mapping[str, Any]
) -> tuple[FailedCondition | None, Mapping[str, Any]]:
    """Return the refusal, or None and the answer of the operation."""
    try:
        with dependency(store):
            return None, write(**request)
    except ClientError as error:
        code = error_code(error)
        if code == COLLECTION_FULL:
            raise WorldFullError(store, _world_of(request)) from error
        if code != CONDITION_FAILED:
            raise
        return FailedCondition(error.response.get("Item") or {}), {}  # type: ignore[arg-type]


def _world_of(request: Mapping[str, Any]) -> str:
    """Return the partition key of a put (`Item`) or an update (`Key`); it is the world in every table."""
    world_id: str = (request.get("Item") or request["Key"])["world_id"]["S"]
    return world_id


def put_once(dynamodb: "DynamoDBClient", table: str, store: Dependency, item: Item) -> FailedCondition | None:
    """Put an item under a free key and return None; if the key is taken, return the refusal.

    The refusal has the existing item if the answer contains it, as DynamoDB's does; see `existing_item`.
    """
    return write_if(store, dynamodb.put_item, **_put_request(table, item))


def put_once_measured(
    dynamodb: "DynamoDBClient", table: str, store: Dependency, item: Item
) -> tuple[FailedCondition | None, float | None]:
    """Put as `put_once`, into a table with local indexes; also return the world's size in GB, see `_size_bound`."""
    request = {**_put_request(table, item), "ReturnItemCollectionMetrics": "SIZE"}
    failed, answer = _attempt(store, dynamodb.put_item, request)
    return failed, _size_bound(answer)


def _put_request(table: str, item: Item) -> dict[str, Any]:
    return {
        "TableName": table,
        "Item": item,
        "ConditionExpression": KEY_IS_FREE,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _size_bound(answer: Mapping[str, Any]) -> float | None:
    """Return the upper bound of DynamoDB's estimate of the item collection, in GB; None without an estimate.

    The estimate is a range of two whole numbers: the answer for 1.2 GB is [1, 2]. The upper bound exceeds the real
    size by up to 1 GB, so an alarm at 1.5 GB fires early, from 1 GB on. The lower bound would fire late, at 2 GB,
    which is 80 % of the 2.5 GB that a world may use. An alarm on a limit must not be late.
    """
    bounds = answer.get("ItemCollectionMetrics", {}).get("SizeEstimateRangeGB")
    return float(max(bounds)) if bounds else None


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


def canceled_reasons(error: ClientError) -> Reasons:
    """Return one reason for each action of a canceled transaction; raise any other error again."""
    if error_code(error) != CANCELED:
        raise error
    reasons: Reasons = error.response.get("CancellationReasons", [])
    return reasons


def require_refusal(store: Dependency, reasons: Reasons) -> list[str]:
    """Return the code of each action of a transaction that a condition or another transaction refused.

    Raises:
        DependencyUnavailableError: the transaction was canceled for another reason.
    """
    codes = [reason.get("Code", NO_REASON) for reason in reasons]
    other = [code for code in codes if code not in {NO_REASON, CONDITION, CONFLICT}]
    if other or not codes:
        raise DependencyUnavailableError(store, f"the transaction was canceled: {', '.join(other)}")
    return codes
