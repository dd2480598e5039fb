"""EvaluationStore on DynamoDB: append-only records, put once each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from functions.hub.adapters.aws import dependency
from functions.hub.adapters.conditional import put_once
from functions.hub.adapters.snapshot_item import Item
from functions.hub.domain.evaluation import (
    Record,
    engine_order,
    evaluation_from,
    risk_evaluation_prefix,
)

STORE = "the evaluation store"
ORIGIN_ATTRIBUTES = ("correlation_id", "causation_id", "trace_header")


def to_item(evaluation: Record, retain_until: datetime) -> Item:
    """Return the table item of one record of any kind; its key says which."""
    texts = {
        "world_id": evaluation.report.world_id,
        "evaluation_id": evaluation.evaluation_id,
        "content_hash": evaluation.report.content_hash,
        "report": orjson.dumps(evaluation.document()).decode(),
        **{name: getattr(evaluation, name) for name in ORIGIN_ATTRIBUTES},
    }
    return {
        **{name: {"S": text} for name, text in texts.items() if text is not None},
        "retain_until": {"N": str(int(retain_until.timestamp()))},
    }


def from_item(item: Item) -> Record:
    """Return the record in a table item."""
    origin = {name: item[name]["S"] for name in ORIGIN_ATTRIBUTES if name in item}
    return evaluation_from(item["evaluation_id"]["S"], orjson.loads(item["report"]["S"]), **origin)


@dataclass(frozen=True, slots=True)
class DynamoDBEvaluations:
    """The `evaluations` table."""

    dynamodb: Any
    table: str

    def put_once(self, evaluation: Record, retain_until: datetime) -> bool:
        """See EvaluationStore."""
        return put_once(self.dynamodb, self.table, STORE, to_item(evaluation, retain_until)) is None

    def get(self, world_id: str, evaluation_id: str) -> Record | None:
        """See StoredEvaluations."""
        key = {"world_id": {"S": world_id}, "evaluation_id": {"S": evaluation_id}}
        with dependency(STORE):
            answer = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    def latest_risk(self, world_id: str, version: str) -> dict[str, Any] | None:
        """See EvaluationStore. One page: engine versions are few, and their text does not order them."""
        values = {":world": world_id, ":prefix": risk_evaluation_prefix(version)}
        with dependency(STORE):
            answer = self.dynamodb.query(
                TableName=self.table,
                KeyConditionExpression="world_id = :world AND begins_with(evaluation_id, :prefix)",
                ExpressionAttributeValues={name: {"S": text} for name, text in values.items()},
                ConsistentRead=True,
            )
        if not answer["Items"]:
            return None
        newest = max(answer["Items"], key=lambda item: engine_order(item["evaluation_id"]["S"]))
        report: dict[str, Any] = orjson.loads(newest["report"]["S"])
        return report
