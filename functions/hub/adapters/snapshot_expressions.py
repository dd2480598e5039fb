"""DynamoDB requests for a snapshot query."""

from datetime import datetime
from typing import Any

from functions.hub.domain.ordering import AFTER_ALL, BEFORE_ALL, last_key_at, with_stage_prefix
from functions.hub.domain.snapshot_query import TTL_MAX, SnapshotQuery
from risk_hub_contracts.base.times import format_instant

BY_AS_OF = "by_as_of"
BY_STAGE = "by_stage"
BY_EXPIRY = "by_expiry"


def index_query(table: str, query: SnapshotQuery) -> dict[str, Any]:
    """Return the request for the first `query.limit` items in the query's order, with filters applied.

    The index holds keys and the filtered attributes; DynamoDB fetches the items within the same request.
    """
    lower, upper = query.bounds()
    index, attribute = BY_AS_OF, "time_order"
    if query.stage is not None:
        index, attribute = BY_STAGE, "stage_time_order"
        lower, upper = with_stage_prefix(query.stage, lower), with_stage_prefix(query.stage, upper)
    values = {":world": query.world_id, ":lower": lower, ":upper": upper}
    conditions = _filters(query, values)
    return {
        "TableName": table,
        "IndexName": index,
        "KeyConditionExpression": f"world_id = :world AND {attribute} BETWEEN :lower AND :upper",
        "ExpressionAttributeValues": {name: {"S": text} for name, text in values.items()},
        "ScanIndexForward": not query.newest_first,
        "Select": "ALL_ATTRIBUTES",
        "ConsistentRead": True,
        "Limit": query.limit,
        **({"FilterExpression": " AND ".join(conditions)} if conditions else {}),
    }


def _filters(query: SnapshotQuery, values: dict[str, str]) -> list[str]:
    """Return the filter's conditions; add their values to `values`."""
    conditions = []
    if not query.include_expired:
        values[":expired"] = last_key_at(query.at)
        conditions.append("expiry_order > :expired")
    if query.known_at is not None:
        values[":known_at"] = format_instant(query.known_at)
        conditions.append("created_at <= :known_at")
    if query.actor is not None:
        values[":actor"] = query.actor
        conditions.append("actor = :actor")
    return conditions


def expiry_window(
    table: str,
    world_id: str,
    after: datetime | None = None,
    *,
    until_known: datetime | None = None,
    newest_first: bool = False,
) -> dict[str, Any]:
    """Return the request for the small index rows of snapshots that expire after an instant.

    Args:
        table: the table's name.
        world_id: the world.
        after: the snapshots must expire later than this; None: all.
        until_known: return only snapshots known by then; those expire at most the greatest TTL later.
        newest_first: whether the latest expiry comes first.
    """
    lower = BEFORE_ALL if after is None else last_key_at(after)
    upper = AFTER_ALL if until_known is None else last_key_at(until_known + TTL_MAX)
    values = {":world": world_id, ":lower": lower, ":upper": upper}
    return {
        "TableName": table,
        "IndexName": BY_EXPIRY,
        "KeyConditionExpression": "world_id = :world AND expiry_order BETWEEN :lower AND :upper",
        "ExpressionAttributeValues": {name: {"S": text} for name, text in values.items()},
        "ScanIndexForward": not newest_first,
        "ConsistentRead": True,
    }


def latest_expiry(table: str, world_id: str, known_at: datetime | None) -> dict[str, Any]:
    """Return the request for the snapshot that expires last, among those known by `known_at` if given."""
    request = expiry_window(table, world_id, until_known=known_at, newest_first=True)
    if known_at is None:
        return {**request, "Limit": 1}
    values = {**request["ExpressionAttributeValues"], ":known_at": {"S": format_instant(known_at)}}
    return {**request, "FilterExpression": "created_at <= :known_at", "ExpressionAttributeValues": values}
