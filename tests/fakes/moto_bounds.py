"""Queries of moto refuse bounds in the wrong order, as DynamoDB does.

moto answers them with no items, which would hide a query that DynamoDB refuses with a ValidationException.
"""

import functools
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler

BOUNDS = "BETWEEN :lower AND :upper"
"""How every query of this project writes its bounds."""


@functools.cache
def refuse_reversed_bounds() -> None:
    """Make moto refuse a query whose lower bound is above its upper one; repeatable."""
    query = DynamoHandler.query

    def query_in_order(handler: Any) -> Any:
        condition, values = handler.body["KeyConditionExpression"], handler.body["ExpressionAttributeValues"]
        if BOUNDS in condition and values[":lower"]["S"] > values[":upper"]["S"]:
            raise MockValidationException(
                "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or "
                "equal to lower bound"
            )
        return query(handler)

    setattr(DynamoHandler, "query", query_in_order)  # noqa: B010 - moto's own class
