"""Read many items of one table by their keys: all of them, or DependencyUnavailableError."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from functions.hub.adapters.aws import Item, dependency
from functions.hub.ports import Dependency, DependencyUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# DynamoDB's own limit of one BatchGetItem call, in items.
BATCH_GET_MAX_ITEMS = 100
BATCH_GET_MAX_ATTEMPTS = 5


def batch_get(
    dynamodb: "DynamoDBClient", table: str, store: Dependency, keys: Sequence[Item]
) -> Iterator[Item]:
    """Yield the existing items in no particular order, strongly consistent.

    Args:
        dynamodb: the client.
        table: the table's name.
        store: the table's name in DependencyUnavailableError.
        keys: whole primary keys, each once.
    """
    for start in range(0, len(keys), BATCH_GET_MAX_ITEMS):
        pending: dict[str, Any] = {
            table: {"Keys": keys[start : start + BATCH_GET_MAX_ITEMS], "ConsistentRead": True}
        }
        for _ in range(BATCH_GET_MAX_ATTEMPTS):
            with dependency(store):
                answer = dynamodb.batch_get_item(RequestItems=pending)
            yield from answer.get("Responses", {}).get(table, [])
            pending = answer.get("UnprocessedKeys") or {}
            if not pending:
                break
        else:
            raise DependencyUnavailableError(store, "it left keys unprocessed")
