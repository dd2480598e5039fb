"""Decode the tables' stream records into commits: the stream is the outbox."""

import base64
from dataclasses import dataclass
from typing import Any

from functions.evaluation.derived_record import AnyDerivedRecord
from functions.evaluation.forecast_key import FORECAST, SEPARATOR
from functions.evaluation.input_note import NOTE_PREFIXES
from functions.evaluation.store import dynamodb_reports
from functions.hub.adapters import snapshot_item
from functions.hub.adapters.body_store import BodyStore
from functions.hub.domain.snapshot_record import SnapshotRecord

INSERT = "INSERT"
# Records that are not announced, because they have no consumer: forecasts and notes. Notes include states of
# exit rules and versions of exit policies.
UNANNOUNCED_PREFIXES = (FORECAST + SEPARATOR, *NOTE_PREFIXES)


@dataclass(frozen=True, slots=True)
class StreamRecordDecoder:
    """Decode stream records of both tables."""

    bodies: BodyStore

    def commit(self, record: dict[str, Any]) -> SnapshotRecord | AnyDerivedRecord | None:
        """Return the committed record; None unless it is a new item of an announced kind.

        The copy of an item from the table of release 1.0 is not new: that table's stream has announced it.

        Raises:
            KeyError, ValueError: the record is not one that this hub wrote.
        """
        if record["eventName"] != INSERT:
            return None
        item = {name: _attribute(value) for name, value in record["dynamodb"]["NewImage"].items()}
        if "evaluation_id" in item:
            if item["evaluation_id"]["S"].startswith(UNANNOUNCED_PREFIXES):
                return None
            return dynamodb_reports.from_item(item)
        if snapshot_item.COPIED_FROM in item:
            return None
        return snapshot_item.from_item(item, self.bodies.body_of)


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    """Return an attribute in the form of DynamoDB's client: the stream's JSON has binaries as base64 text."""
    if "B" in value and isinstance(value["B"], str):
        return {"B": base64.b64decode(value["B"])}
    return value
