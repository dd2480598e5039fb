"""ExitJournal on DynamoDB: a state and its signals are written in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.evaluation.derived_record import DerivedRecord
from functions.evaluation.exit_state import ExitState, state_key
from functions.evaluation.ports import RefusedWrite, StateWrite
from functions.evaluation.store.dynamodb_reports import STORE, from_item, to_item
from functions.hub.adapters.aws import Item, dependency
from functions.hub.adapters.conditional import (
    CONDITION,
    KEY_IS_FREE,
    Reasons,
    canceled_reasons,
    require_refusal,
    write_if,
)
from functions.hub.ports import WorldFullError
from risk_hub_contracts.reports.exit_signal import ExitSignal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

COLLECTION_FULL = "ItemCollectionSizeLimitExceeded"
SAME_REVISION = "revision = :revision"
ONCE = {"ConditionExpression": KEY_IS_FREE}


@dataclass(frozen=True, slots=True)
class DynamoDBExitJournal:
    """States and signals in the `evaluations` table."""

    dynamodb: "DynamoDBClient"
    table: str

    def state(self, world_id: str, stage: str, strategy: str) -> ExitState:
        """See ExitJournal."""
        key = {"world_id": {"S": world_id}, "evaluation_id": {"S": state_key(stage, strategy)}}
        item = self._item(key)
        if item is None:
            return ExitState()
        state = ExitState.model_validate_json(item["state"]["S"])
        return state.model_copy(update={"revision": int(item["revision"]["N"])})

    def commit(
        self, write: StateWrite, signals: Sequence[DerivedRecord[ExitSignal]], retain_until: datetime
    ) -> RefusedWrite | None:
        """See ExitJournal. A state without signals is one conditional put."""
        put = self._state_put(write, retain_until)
        if not signals:
            failed = write_if(STORE, self.dynamodb.put_item, **put)
            return None if failed is None else RefusedWrite()
        items = [to_item(signal, retain_until) for signal in signals]
        puts: list[Any] = [put, *({"TableName": self.table, "Item": item, **ONCE} for item in items)]
        try:
            with dependency(STORE):
                self.dynamodb.transact_write_items(TransactItems=[{"Put": each} for each in puts])
        except ClientError as error:
            reasons = canceled_reasons(error)
            if any(reason.get("Code") == COLLECTION_FULL for reason in reasons):
                raise WorldFullError(STORE, write.world_id) from error
            return self._refused(reasons, items)
        return None

    def _state_put(self, write: StateWrite, retain_until: datetime) -> dict[str, Any]:
        state = write.state
        item = {
            "world_id": {"S": write.world_id},
            "evaluation_id": {"S": state_key(write.stage, write.strategy)},
            "state": {"S": state.model_dump_json(exclude={"revision"}, exclude_defaults=True)},
            "revision": {"N": str(state.revision + 1)},
            "retain_until": {"N": str(int(retain_until.timestamp()))},
        }
        put = {"TableName": self.table, "Item": item}
        if state.revision == 0:
            return {**put, "ConditionExpression": KEY_IS_FREE}
        values = {":revision": {"N": str(state.revision)}}
        return {**put, "ConditionExpression": SAME_REVISION, "ExpressionAttributeValues": values}

    def _refused(self, reasons: Reasons, items: Sequence[Item]) -> RefusedWrite:
        """Return the refusal with the signals whose keys are taken.

        Raises:
            DependencyUnavailableError: the transaction was canceled for another reason than a condition.
        """
        codes = require_refusal(STORE, reasons)
        taken = [item for item, code in zip(items, codes[1:], strict=True) if code == CONDITION]
        found = [self._item({name: item[name] for name in ("world_id", "evaluation_id")}) for item in taken]
        return RefusedWrite(tuple(from_item(item).report for item in found if item is not None))

    def _item(self, key: Item) -> Item | None:
        with dependency(STORE):
            answer = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item
