"""InputNotes on DynamoDB: small records in the table of the evaluations, put once each."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from functions.evaluation.input_note import InputNote
from functions.evaluation.store.dynamodb_reports import STORE
from functions.hub.adapters.aws import Item, dependency
from functions.hub.adapters.conditional import existing_item, put_once

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoDBInputNotes:
    """The records `psd/…` and `seen/…` of the `evaluations` table."""

    dynamodb: "DynamoDBClient"
    table: str

    def get(self, world_id: str, note_id: str) -> InputNote | None:
        """See InputNotes. Eventually consistent, at half the price.

        A note never changes, and `put_once` returns the stored one if this read misses it.
        """
        with dependency(STORE):
            answer = self.dynamodb.get_item(TableName=self.table, Key=_key(world_id, note_id))
        return _note(answer["Item"]) if "Item" in answer else None

    def put_once(self, world_id: str, note_id: str, note: InputNote, retain_until: datetime) -> InputNote:
        """See InputNotes."""
        item = {
            **_key(world_id, note_id),
            "note": {"S": orjson.dumps(asdict(note)).decode()},
            "retain_until": {"N": str(int(retain_until.timestamp()))},
        }
        taken = put_once(self.dynamodb, self.table, STORE, item)
        if taken is None:
            return note
        return _note(existing_item(taken, self.dynamodb, self.table, STORE, _key(world_id, note_id)))


def _key(world_id: str, note_id: str) -> Item:
    return {"world_id": {"S": world_id}, "evaluation_id": {"S": note_id}}


def _note(item: Item) -> InputNote:
    """Return the note without members that a newer release added, as `UNKNOWN_MEMBERS` requires."""
    stored = orjson.loads(item["note"]["S"])
    return InputNote(
        **{field.name: stored[field.name] for field in fields(InputNote) if field.name in stored}
    )
