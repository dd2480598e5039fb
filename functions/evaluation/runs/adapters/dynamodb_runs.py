"""The ports of runs on DynamoDB: an item and its list entry are written in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.evaluation.runs.adapters.run_rows import (
    HEAD_SEQUENCE,
    SEPARATOR,
    chain_head,
    head_row,
    is_marker_key,
    item_row,
    marker_key,
    marker_row,
    readable_head,
    row_key,
    sequence_text,
    snapshot_partition,
    stored_head,
    stored_item,
    stored_marker,
)
from functions.evaluation.runs.evaluation_marker import EvaluationMarker
from functions.evaluation.runs.ports import ChainWrite, RefusedAppend, StoredChain
from functions.evaluation.runs.run_head import RunHead
from functions.evaluation.runs.run_query import RunPage, RunQuery
from functions.hub.adapters.aws import Item, dependency
from functions.hub.adapters.batch_get import batch_get
from functions.hub.adapters.conditional import CONDITION, canceled_reasons, require_refusal
from functions.hub.adapters.query_items import query_items
from functions.hub.ports import Dependency
from risk_hub_contracts.runs.chain import ChainHead, StoredItem
from risk_hub_contracts.runs.run_item import FIRST_SEQUENCE
from risk_hub_contracts.runs.run_key import RunKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STORE: Final = Dependency.RUN_STORE
KEY_IS_FREE: Final = "attribute_not_exists(run_key)"
SAME_SEQUENCE: Final = "last_sequence = :previous"
BY_HOUR: Final = "by_hour"
BY_SNAPSHOT: Final = "by_snapshot"
FILTERED_READ_MAX_COUNT: Final = 1_000
"""Entries of one strategy that one request reads to select a stage or a status: about 250 kB."""


@dataclass(frozen=True, slots=True)
class DynamoDBRuns:
    """The table of runs. No operation updates or deletes a row; only list entries are put again."""

    dynamodb: "DynamoDBClient"
    table: str

    def append(self, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        """See RunStore."""
        return self._append(writes, None)

    def begin(self, marker: EvaluationMarker, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        """See RunStore."""
        return self._append(writes, marker)

    def _append(self, writes: Sequence[ChainWrite], marker: EvaluationMarker | None) -> RefusedAppend | None:
        puts: list[Any] = [{"Put": put} for write in writes for put in self._puts(write)]
        if marker is not None:
            puts.append({"Put": self._new(marker_row(marker))})
        try:
            with dependency(STORE):
                self.dynamodb.transact_write_items(TransactItems=puts)
        except ClientError as error:
            reasons = canceled_reasons(error)
            codes = require_refusal(STORE, reasons)
            items = slice(0, 2 * len(writes), 2)
            existing = None
            if marker is not None and codes[-1] == CONDITION:
                existing = self._refusing_marker(marker, reasons[-1])
            return RefusedAppend(self._refused(writes, reasons[items], codes[items]), existing)
        return None

    def _new(self, row: Item) -> dict[str, Any]:
        """Return the put of a row under a free key."""
        return {
            "TableName": self.table,
            "Item": row,
            "ConditionExpression": KEY_IS_FREE,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _refusing_marker(
        self, marker: EvaluationMarker, reason: Mapping[str, Any]
    ) -> EvaluationMarker | None:
        row = reason.get("Item")
        return stored_marker(row) if row else self.marker(marker.world_id, marker.evaluation_id)

    def marker(self, world_id: str, evaluation_id: str) -> EvaluationMarker | None:
        """See RunStore."""
        key = marker_key(world_id, evaluation_id)
        with dependency(STORE):
            answer = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return stored_marker(answer["Item"]) if "Item" in answer else None

    def first_items(self, keys: Sequence[RunKey]) -> Mapping[RunKey, StoredItem]:
        """See RunStore."""
        wanted = [row_key(key, sequence_text(FIRST_SEQUENCE)) for key in keys]
        rows = batch_get(self.dynamodb, self.table, STORE, wanted)
        return {RunKey.parse(row["run_key"]["S"]): stored_item(row) for row in rows}

    def _puts(self, write: ChainWrite) -> Iterator[dict[str, Any]]:
        """Yield the put of the item, and the put of the list entry that follows the previous one."""
        yield self._new(item_row(write.item))
        entry = {"TableName": self.table, "Item": head_row(write.head)}
        if write.head.sequence == FIRST_SEQUENCE:
            yield {**entry, "ConditionExpression": KEY_IS_FREE}
        else:
            previous = {":previous": {"N": str(write.head.sequence - 1)}}
            yield {
                **entry,
                "ConditionExpression": SAME_SEQUENCE,
                "ExpressionAttributeValues": previous,
            }

    def _refused(
        self, writes: Sequence[ChainWrite], reasons: Sequence[Mapping[str, Any]], codes: Sequence[str]
    ) -> dict[RunKey, StoredItem]:
        """Return the stored items that refused an item, by run."""
        existing = {}
        for write, reason, code in zip(writes, reasons, codes, strict=True):
            if code == CONDITION:
                row = reason.get("Item") or self._row(write)
                if row:
                    existing[write.item.item.key] = stored_item(row)
        return existing

    def _row(self, write: ChainWrite) -> Item | None:
        """Return the row that refused an item; some emulators leave it out of the refusal."""
        item = write.item.item
        with dependency(STORE):
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=row_key(item.key, sequence_text(item.sequence)), ConsistentRead=True
            )
        return answer.get("Item")

    def chain(self, key: RunKey) -> StoredChain:
        """See RunStore."""
        return _chain(key, self._rows(key, "run_key = :run", {}))

    def items(self, key: RunKey, after: int, limit: int) -> Sequence[StoredItem]:
        """See RunStore. A page above 1 MB takes further requests."""
        found: list[StoredItem] = []
        condition = "run_key = :run AND run_sequence > :after"
        for row in self._rows(key, condition, {":after": {"S": sequence_text(after)}}, Limit=limit):
            found.append(stored_item(row))
            if len(found) == limit:
                break
        return found

    def _rows(self, key: RunKey, condition: str, values: Item, **parameters: Any) -> Iterator[Item]:  # noqa: ANN401
        request = {
            "TableName": self.table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": {":run": {"S": key.text}, **values},
            "ConsistentRead": True,
            **parameters,
        }
        return query_items(self.dynamodb, STORE, request)

    def page(self, query: RunQuery) -> RunPage:
        """See RunStore."""
        index, attribute, value = _index_of(query)
        filtered = query.strategy_id is not None and (query.stage, query.status) != (None, None)
        lower, upper = query.bounds()
        if lower > upper:
            return RunPage((), None)
        with dependency(STORE):
            answer = self.dynamodb.query(
                TableName=self.table,
                IndexName=index,
                KeyConditionExpression=f"{attribute} = :value AND created_order BETWEEN :lower AND :upper",
                ExpressionAttributeValues={
                    ":value": {"S": value},
                    ":lower": {"S": lower},
                    ":upper": {"S": upper},
                },
                ScanIndexForward=not query.newest_first,
                Limit=max(query.limit + 1, FILTERED_READ_MAX_COUNT if filtered else 0),
            )
        heads = [head for head in map(stored_head, answer["Items"]) if query.matches(head)]
        if len(heads) > query.limit:
            return RunPage(heads[: query.limit], heads[query.limit - 1].order)
        last: Item = answer.get("LastEvaluatedKey") or {}
        return RunPage(heads, last["created_order"]["S"] if last else None)

    def computed_from(self, world_id: str, snapshot: str, limit: int) -> Sequence[RunHead]:
        """See RunsOfSnapshots."""
        request = {
            "TableName": self.table,
            "IndexName": BY_SNAPSHOT,
            "KeyConditionExpression": "list_snapshot = :snapshot",
            "ExpressionAttributeValues": {":snapshot": {"S": snapshot_partition(world_id, snapshot)}},
            "Limit": limit,
        }
        rows = query_items(self.dynamodb, STORE, request)
        return [stored_head(row) for row in islice(rows, limit)]

    def chains(self) -> Iterator[StoredChain]:
        """See RunStore. A scan returns the rows of one run together, in the order of their sort keys."""
        for text, rows in groupby(
            self._scanned(ConsistentRead=True), key=lambda row: str(row["run_key"]["S"])
        ):
            if is_marker_key(text):
                continue
            yield _chain(RunKey.parse(text), rows)

    def _scanned(self, **parameters: Any) -> Iterator[Item]:  # noqa: ANN401  (parameters of the request)
        request: dict[str, Any] = {"TableName": self.table, **parameters}
        while True:
            with dependency(STORE):
                answer = self.dynamodb.scan(**request)
            yield from answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def recorded_in(self, hour: str) -> Iterator[ChainHead]:
        """See MovedHeads."""
        request = {
            "TableName": self.table,
            "IndexName": BY_HOUR,
            "KeyConditionExpression": "recorded_hour = :hour",
            "ExpressionAttributeValues": {":hour": {"S": hour}},
        }
        return map(chain_head, query_items(self.dynamodb, STORE, request))

    def recorded(self) -> Iterator[ChainHead]:
        """See MovedHeads."""
        return map(chain_head, self._scanned(IndexName=BY_HOUR))


def _chain(key: RunKey, rows: Iterator[Item]) -> StoredChain:
    head, items = None, []
    for row in rows:
        if row["run_sequence"]["S"] == HEAD_SEQUENCE:
            head = readable_head(row)
        else:
            items.append(stored_item(row))
    return StoredChain(key, tuple(items), head)


def _index_of(query: RunQuery) -> tuple[str, str, str]:
    """Return the index that answers a query, its partition key and the value."""
    world, stage, status = query.world_id, query.stage, query.status
    if query.strategy_id is not None:
        return "by_strategy", "list_strategy", SEPARATOR.join((world, query.strategy_id))
    if stage is not None and status is not None:
        return "by_stage_and_status", "list_stage_status", SEPARATOR.join((world, stage, status))
    if stage is not None:
        return "by_stage", "list_stage", SEPARATOR.join((world, stage))
    if status is not None:
        return "by_status", "list_status", SEPARATOR.join((world, status))
    return "by_world", "list_world", world
