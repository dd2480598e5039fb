"""EvaluationStore on DynamoDB: append-only records, put once each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from botocore.exceptions import ClientError

from functions.hub.adapters.aws import dependency, error_code
from functions.hub.adapters.dynamodb_snapshots import CONDITION_FAILED
from functions.hub.adapters.snapshot_item import Item
from functions.hub.domain.evaluation import Evaluation, risk_evaluation_prefix
from risk_hub_contracts.risk import RiskReport

STORE = "the evaluation store"


def to_item(evaluation: Evaluation, retain_until: datetime) -> Item:
    """Return the table item of one record."""
    item: Item = {
        "world_id": {"S": evaluation.report.world_id},
        "evaluation_id": {"S": evaluation.evaluation_id},
        "content_hash": {"S": evaluation.report.content_hash},
        "report": {"S": orjson.dumps(evaluation.report.model_dump(mode="json")).decode()},
        "retain_until": {"N": str(int(retain_until.timestamp()))},
    }
    if evaluation.correlation_id is not None:
        item["correlation_id"] = {"S": evaluation.correlation_id}
    return item


def from_item(item: Item) -> Evaluation:
    """Return the record in a table item."""
    report = RiskReport.model_validate_json(item["report"]["S"])
    return Evaluation(report, item.get("correlation_id", {}).get("S"))


@dataclass(frozen=True, slots=True)
class DynamoDBEvaluations:
    """The `evaluations` table."""

    dynamodb: Any
    table: str

    def put_once(self, evaluation: Evaluation, retain_until: datetime) -> bool:
        """See EvaluationStore."""
        try:
            with dependency(STORE):
                self.dynamodb.put_item(
                    TableName=self.table,
                    Item=to_item(evaluation, retain_until),
                    ConditionExpression="attribute_not_exists(world_id)",
                )
        except ClientError as error:
            if error_code(error) == CONDITION_FAILED:
                return False
            raise
        return True

    def latest_risk(self, world_id: str, version: str) -> dict[str, Any] | None:
        """See EvaluationStore."""
        values = {":world": world_id, ":prefix": risk_evaluation_prefix(version)}
        with dependency(STORE):
            answer = self.dynamodb.query(
                TableName=self.table,
                KeyConditionExpression="world_id = :world AND begins_with(evaluation_id, :prefix)",
                ExpressionAttributeValues={name: {"S": text} for name, text in values.items()},
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=1,
            )
        if not answer["Items"]:
            return None
        report: dict[str, Any] = orjson.loads(answer["Items"][0]["report"]["S"])
        return report
