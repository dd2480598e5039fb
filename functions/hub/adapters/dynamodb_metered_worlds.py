"""MeteredWorlds on DynamoDB: the first expected worlds by name, read from the registry on first use."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.hub.ports import Clock
from functions.telemetry import log
from risk_hub_contracts.base.limits import METERED_WORLDS_CACHE_MAX_AGE_SECONDS, PER_WORLD_METRICS_MAX_COUNT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CACHE_MAX_AGE = timedelta(seconds=METERED_WORLDS_CACHE_MAX_AGE_SECONDS)
WorldAndStage = tuple[str, str]


class DynamoDBMeteredWorlds:
    """The expected worlds of the `worlds` table: the first `PER_WORLD_METRICS_MAX_COUNT` by name and stage.

    Every process reads the same page of the same table, so all agree on the worlds. Only one page, at most a
    megabyte, is read, because the caller is answering a producer and must not wait for more.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str, clock: Clock, stages: frozenset[str]) -> None:
        """Read `table` through the given client; worlds of other stages than these are not metered."""
        self._dynamodb, self._table, self._clock, self._stages = dynamodb, table, clock, stages
        self._read_at: datetime | None = None
        self._worlds: frozenset[WorldAndStage] = frozenset()

    def __call__(self, world_id: str, stage: str) -> bool:
        """See MeteredWorlds."""
        now = self._clock()
        if self._read_at is None or not timedelta() <= now - self._read_at < CACHE_MAX_AGE:
            self._read_at = now
            self._worlds = self._first_expected()
        return (world_id, stage) in self._worlds

    def _first_expected(self) -> frozenset[WorldAndStage]:
        """Return the worlds, or the previous ones if the read fails: a metric must not fail a request."""
        try:
            answer = self._dynamodb.scan(
                TableName=self._table,
                ProjectionExpression="world_id, #stage",
                FilterExpression="attribute_exists(expectation_since)",
                ExpressionAttributeNames={"#stage": "stage"},
            )
        except (ClientError, BotoCoreError) as error:
            log.warning("the list of worlds with per-world metrics could not be read", error)
            return self._worlds
        named = ((item["world_id"]["S"], item["stage"]["S"]) for item in answer["Items"])
        expected = sorted(world for world in named if world[1] in self._stages)
        return frozenset(expected[:PER_WORLD_METRICS_MAX_COUNT])
