"""ReconcileNotes on DynamoDB: one item of each world in the table of segments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.history.adapters.segment_item import key
from functions.history.reconcile import ReconcileNote, Tally
from functions.history.segment import DAY_CHARS
from functions.hub.adapters.aws import Item, dependency
from functions.hub.ports import Dependency
from risk_hub_contracts.base.times import format_instant, parse_instant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Rows of segments begin with a date, so this sort key is behind them.
NOTE: Final = "reconcile"
COUNT_BYTES: Final = 8
DIGEST_BYTES: Final = 32
ENDING: Final = b"e"
LASTING: Final = b"-"
DAY_BYTES: Final = DAY_CHARS + COUNT_BYTES + DIGEST_BYTES + len(ENDING)
"""Bytes of one day's tally: an unfinished note of 7,000 days stays below DynamoDB's limit of 400 KB."""


@dataclass(frozen=True, slots=True)
class DynamoDBReconcileNotes:
    """The notes in the `segments` table."""

    dynamodb: "DynamoDBClient"
    table: str

    def note(self, world_id: str) -> ReconcileNote:
        """See ReconcileNotes."""
        with dependency(Dependency.HISTORY):
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=key(world_id, NOTE), ConsistentRead=True
            )
        item = answer.get("Item")
        return ReconcileNote(world_id) if item is None else _note(world_id, item)

    def write(self, note: ReconcileNote) -> None:
        """See ReconcileNotes."""
        texts = {
            "finished_at": None if note.finished_at is None else format_instant(note.finished_at),
            "after_version": note.after,
            "checked": note.checked,
        }
        item = {
            **key(note.world_id, NOTE),
            **{name: {"S": text} for name, text in texts.items() if text is not None},
            "days": {"B": b"".join(_packed(note.days))},
        }
        with dependency(Dependency.HISTORY):
            self.dynamodb.put_item(TableName=self.table, Item=item)


def _note(world_id: str, item: Item) -> ReconcileNote:
    finished_at = item.get("finished_at")
    return ReconcileNote(
        world_id,
        finished_at=None if finished_at is None else parse_instant(finished_at["S"]),
        after=item.get("after_version", {}).get("S"),
        days=dict(_unpacked(item["days"]["B"])),
        checked=item["checked"]["S"],
    )


def _packed(days: Mapping[str, Tally]) -> Iterator[bytes]:
    for day, tally in days.items():
        yield day.encode() + tally.count.to_bytes(COUNT_BYTES) + tally.digest.to_bytes(DIGEST_BYTES)
        yield ENDING if tally.ending else LASTING


def _unpacked(data: bytes) -> Iterator[tuple[str, Tally]]:
    for start in range(0, len(data), DAY_BYTES):
        one = data[start : start + DAY_BYTES]
        count, digest = one[DAY_CHARS : DAY_CHARS + COUNT_BYTES], one[DAY_CHARS + COUNT_BYTES : -1]
        tally = Tally(int.from_bytes(count), int.from_bytes(digest), ending=one[-1:] == ENDING)
        yield one[:DAY_CHARS].decode(), tally
