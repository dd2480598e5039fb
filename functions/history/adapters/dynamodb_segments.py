"""SegmentIndex on DynamoDB: the table of segments, which has no index and therefore no limit of size."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.history.adapters.segment_item import (
    DONE,
    PLAN,
    STEP,
    expiry_key,
    expiry_order,
    key,
    plan_item,
    plan_of,
    row_bounds,
    row_item,
    row_of,
)
from functions.history.ports import MovePlan
from functions.history.segment import SegmentRow
from functions.hub.adapters.aws import Item, dependency, error_code
from functions.hub.adapters.conditional import KEY_IS_FREE, write_if
from functions.hub.domain.ordering import AFTER_ALL
from functions.hub.ports import Dependency, DependencyUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STORE = Dependency.HISTORY
CANCELED = "TransactionCanceledException"
CONDITION = "ConditionalCheckFailed"
NO_REASON = "None"
# Most reads need one or two rows; a read that needs many takes them in pages that grow.
FIRST_PAGE_ROWS = 8
PAGE_GROWTH = 4
PAGE_MAX_ROWS = 512
SAME_PLAN = "segment_id = :segment_id"


@dataclass(frozen=True, slots=True)
class DynamoDBSegments:
    """The `segments` table."""

    dynamodb: "DynamoDBClient"
    table: str

    def rows(self, world_id: str, lower: str, upper: str, *, newest_first: bool) -> Iterator[SegmentRow]:
        """See SegmentIndex."""
        first, last = row_bounds(lower, upper)
        rows = self._rows(world_id, first, last, newest_first=newest_first) if first <= last else iter(())
        return (row for row in rows if row.intersects(lower, upper))

    def rows_by_expiry(
        self, world_id: str, after: datetime | None, until: datetime | None
    ) -> Iterator[SegmentRow]:
        """See SegmentIndex."""
        lower, upper = expiry_key(after, "" if after is None else AFTER_ALL), expiry_key(until, AFTER_ALL)
        return self._rows(world_id, lower, upper, newest_first=True) if lower <= upper else iter(())

    def row(self, world_id: str, segment_order: str) -> SegmentRow | None:
        """See SegmentIndex."""
        item = self._item(world_id, segment_order)
        return None if item is None else row_of(item)

    def plan(self, world_id: str) -> MovePlan | None:
        """See SegmentIndex."""
        item = self._item(world_id, PLAN)
        return None if item is None or item[STEP] == DONE else plan_of(item)

    def begin(self, plan: MovePlan) -> bool:
        """See SegmentIndex."""
        refused = write_if(
            STORE,
            self.dynamodb.put_item,
            TableName=self.table,
            Item=plan_item(plan),
            ConditionExpression=f"{KEY_IS_FREE} OR {STEP} = :done",
            ExpressionAttributeValues={":done": DONE},
        )
        return refused is None

    def commit(self, plan: MovePlan, row: SegmentRow) -> bool:
        """See SegmentIndex."""
        once = {"TableName": self.table, "ConditionExpression": KEY_IS_FREE}
        writes: list[Any] = [
            {"Put": {**once, "Item": row_item(row, row.segment_order)}},
            {"Put": {**once, "Item": row_item(row, expiry_order(row))}},
            {"Update": self._advance(plan)},
        ]
        try:
            with dependency(STORE):
                self.dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if error_code(error) != CANCELED:
                raise
            _require_failed_condition(error)
            return False
        return True

    def finish(self, plan: MovePlan) -> None:
        """See SegmentIndex. The item of the plan stays: no role can delete an item of history (INV-10)."""
        write_if(
            STORE,
            self.dynamodb.update_item,
            TableName=self.table,
            Key=key(plan.world_id, PLAN),
            UpdateExpression=f"SET {STEP} = :done",
            ConditionExpression=SAME_PLAN,
            ExpressionAttributeValues={":segment_id": {"S": plan.segment_id}, ":done": DONE},
        )

    def _advance(self, plan: MovePlan) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Key": key(plan.world_id, PLAN),
            "UpdateExpression": f"SET {STEP} = :stored",
            "ConditionExpression": f"{SAME_PLAN} AND {STEP} = :planned",
            "ExpressionAttributeValues": {
                ":segment_id": {"S": plan.segment_id},
                ":planned": {"S": "planned"},
                ":stored": {"S": "stored"},
            },
        }

    def _rows(self, world_id: str, lower: str, upper: str, *, newest_first: bool) -> Iterator[SegmentRow]:
        request: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "world_id = :world AND segment_order BETWEEN :lower AND :upper",
            "ExpressionAttributeValues": {
                ":world": {"S": world_id},
                ":lower": {"S": lower},
                ":upper": {"S": upper},
            },
            "ScanIndexForward": not newest_first,
            "ConsistentRead": True,
            "Limit": FIRST_PAGE_ROWS,
        }
        while True:
            with dependency(STORE):
                answer = self.dynamodb.query(**request)
            yield from map(row_of, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            larger = min(request["Limit"] * PAGE_GROWTH, PAGE_MAX_ROWS)
            request |= {"ExclusiveStartKey": answer["LastEvaluatedKey"], "Limit": larger}

    def _item(self, world_id: str, sort_key: str) -> Item | None:
        with dependency(STORE):
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=key(world_id, sort_key), ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        return item


def _require_failed_condition(error: ClientError) -> None:
    """Raise unless a condition of the transaction did not hold.

    Raises:
        DependencyUnavailableError: the transaction was canceled for another reason, such as a conflict.
    """
    reasons: list[dict[str, str]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]
    codes = {reason.get("Code", NO_REASON) for reason in reasons}
    if CONDITION not in codes:
        found = ", ".join(sorted(codes - {NO_REASON}))
        raise DependencyUnavailableError(STORE, f"the transaction was canceled: {found}")
