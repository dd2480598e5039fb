"""Check that a stage has stored a world, and list the worlds that it has."""

from typing import TYPE_CHECKING, Final

from infra import names
from infra.recovery.errors import OperateError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NAMED_MAX_COUNT: Final = 10


def require_world(dynamodb: "DynamoDBClient", stage: str, world_id: str) -> None:
    """Check that a stage has a snapshot of a world.

    Raises:
        OperateError: the world has no snapshot; the text names worlds that have one.
    """
    found = dynamodb.query(
        TableName=names.table_name(stage, "snapshots"),
        KeyConditionExpression="world_id = :world",
        ExpressionAttributeValues={":world": {"S": world_id}},
        ProjectionExpression="world_id",
        Limit=1,
    )
    if not found["Items"]:
        raise OperateError(
            f"Stage {stage} has no snapshot of world {world_id!r}. Worlds: {_known_worlds(dynamodb, stage)}."
        )


def _known_worlds(dynamodb: "DynamoDBClient", stage: str) -> str:
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=names.table_name(stage, "worlds"),
        ProjectionExpression="world_id",
        FilterExpression="attribute_exists(head_version)",
    )
    known = sorted({item["world_id"]["S"] for page in pages for item in page["Items"]})
    more = ", ..." if len(known) > NAMED_MAX_COUNT else ""
    return (", ".join(known[:NAMED_MAX_COUNT]) or "none") + more
