"""Forecasts on DynamoDB: in the table of the evaluations, compressed, put once each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from functions.evaluation.forecast_key import forecast_bounds, forecast_id, version_of
from functions.evaluation.store.dynamodb_reports import STORE
from functions.hub.adapters.aws import Item, dependency
from functions.hub.adapters.batch_get import batch_get
from functions.hub.adapters.body_store import BodyStore, read_each
from functions.hub.adapters.conditional import put_once
from functions.hub.adapters.query_items import query_items
from functions.hub.adapters.snapshot_item import compress, decompress, hash_attribute
from functions.hub.domain.releases import UNKNOWN_MEMBERS
from risk_hub_contracts.reports.forecast import Forecast

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoDBForecasts:
    """The records `forecast/…` of the `evaluations` table."""

    dynamodb: "DynamoDBClient"
    table: str
    bodies: BodyStore

    def put_once(self, forecast: Forecast, retain_until: datetime) -> bool:
        """See Forecasts."""
        body, _ = compress(forecast.model_dump(mode="json"))
        item = {
            "world_id": {"S": forecast.world_id},
            "evaluation_id": {"S": forecast_id(forecast)},
            "content_hash": hash_attribute(forecast.content_hash),
            "retain_until": {"N": str(int(retain_until.timestamp()))},
            **self.bodies.place(forecast.world_id, body),
        }
        return put_once(self.dynamodb, self.table, STORE, item) is None

    def newest_ids(
        self, world_id: str, stage: str, start: datetime, end: datetime, *, limit: int
    ) -> Sequence[str]:
        """See Forecasts."""
        lower, upper = forecast_bounds(stage, start, end)
        if lower > upper:
            return []
        request = {
            **self._between(world_id, lower, upper),
            "ProjectionExpression": "evaluation_id",
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": limit,
        }
        return [
            item["evaluation_id"]["S"] for item in islice(query_items(self.dynamodb, STORE, request), limit)
        ]

    def count(
        self, world_id: str, stage: str, start: datetime, end: datetime, *, max_pages: int
    ) -> int | None:
        """See Forecasts."""
        lower, upper = forecast_bounds(stage, start, end)
        if lower > upper:
            return 0
        request = {**self._between(world_id, lower, upper), "Select": "COUNT"}
        counted = 0
        for _ in range(max_pages):
            with dependency(STORE):
                answer = self.dynamodb.query(**request)
            counted += answer["Count"]
            if "LastEvaluatedKey" not in answer:
                return counted
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return None

    def load(self, world_id: str, ids: Sequence[str]) -> Sequence[Forecast]:
        """See Forecasts."""
        keys = [{"world_id": {"S": world_id}, "evaluation_id": {"S": each}} for each in ids]
        items = list(batch_get(self.dynamodb, self.table, STORE, keys))
        found = {forecast_id(each): each for each in read_each(self._read, items)}
        return [found[each] for each in ids if each in found]

    def _between(self, world_id: str, lower: str, upper: str) -> dict[str, Any]:
        values = {":world": world_id, ":lower": lower, ":upper": upper}
        return {
            "TableName": self.table,
            "KeyConditionExpression": "world_id = :world AND evaluation_id BETWEEN :lower AND :upper",
            "ExpressionAttributeValues": {name: {"S": text} for name, text in values.items()},
        }

    def _read(self, item: Item) -> Forecast:
        version = version_of(item["evaluation_id"]["S"])
        body = self.bodies.body_of(item, version, "forecast")
        return Forecast.model_validate(decompress(body), extra=UNKNOWN_MEMBERS)
