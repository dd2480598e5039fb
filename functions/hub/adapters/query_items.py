"""Read every item of a query: all pages, or DependencyUnavailableError."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from functions.hub.adapters.aws import Item, dependency
from functions.hub.ports import Dependency

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def query_items(dynamodb: "DynamoDBClient", store: Dependency, request: dict[str, Any]) -> Iterator[Item]:
    """Yield the items in the query's order; each page is requested when its first item is.

    Args:
        dynamodb: the client.
        store: the table's name in DependencyUnavailableError.
        request: the parameters of the query.
    """
    while True:
        with dependency(store):
            answer = dynamodb.query(**request)
        yield from answer["Items"]
        if not answer.get("LastEvaluatedKey"):
            return
        request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}
