"""Queries of local indexes that return whole items on request, as in DynamoDB.

The emulator returns only projected attributes, whatever `Select` asks for.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services import dynamodb

Answer = Callable[..., Any]

_local_index_fetched: ContextVar[str | None] = ContextVar("_local_index_fetched", default=None)


def fetch_through_local_indexes() -> None:
    """Make the emulator of this process fetch items for `Select=ALL_ATTRIBUTES`; call once, before it serves."""
    query: Answer = dynamodb._query  # noqa: SLF001
    project: Answer = dynamodb._apply_index_projection  # noqa: SLF001

    def query_fetching(data: dict[str, Any]) -> Any:  # noqa: ANN401 - the emulator's own answer
        fetches = data.get("Select") == "ALL_ATTRIBUTES"
        token = _local_index_fetched.set(data.get("IndexName") if fetches else None)
        try:
            return query(data)
        finally:
            _local_index_fetched.reset(token)

    def project_unless_fetching(item: Any, table: Any, index_name: str | None) -> Any:  # noqa: ANN401
        wanted = _local_index_fetched.get()
        is_fetched = wanted is not None and wanted == index_name and _is_local(table, wanted)
        return item if is_fetched else project(item, table, index_name)

    dynamodb._query = query_fetching  # noqa: SLF001
    dynamodb._apply_index_projection = project_unless_fetching  # noqa: SLF001


def _is_local(table: dict[str, Any], index_name: str) -> bool:
    return any(each["IndexName"] == index_name for each in table.get("LocalSecondaryIndexes") or [])
