"""Queries of local indexes in moto return whole items on request, as in DynamoDB.

moto returns only projected attributes, whatever `Select` asks for.
"""

import functools
from contextvars import ContextVar
from typing import Any

from moto.dynamodb.models.table import LocalSecondaryIndex
from moto.dynamodb.responses import DynamoHandler

_whole_items: ContextVar[bool] = ContextVar("_whole_items", default=False)


@functools.cache
def fetch_through_local_indexes() -> None:
    """Make moto fetch unprojected attributes of a local index for `Select=ALL_ATTRIBUTES`; repeatable."""
    query, project = DynamoHandler.query, LocalSecondaryIndex.project

    def query_fetching(handler: Any) -> Any:
        token = _whole_items.set(handler.body.get("Select") == "ALL_ATTRIBUTES")
        try:
            return query(handler)
        finally:
            _whole_items.reset(token)

    def project_unless_fetching(index: Any, item: Any) -> Any:
        return item if _whole_items.get() else project(index, item)

    setattr(DynamoHandler, "query", query_fetching)  # noqa: B010 - moto's own class
    setattr(LocalSecondaryIndex, "project", project_unless_fetching)  # noqa: B010 - moto's own class
