"""WorldRegistry on DynamoDB: notes are attributes of the row on which the relay keeps the head."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from functions.hub.adapters.aws import dependency
from functions.hub.adapters.conditional import write_if
from functions.hub.domain.freshness import NewestSnapshot, WorldRow
from functions.hub.domain.releases import UNKNOWN_MEMBERS
from functions.hub.ports import Dependency
from functions.hub.world_ports import NoteKind, NoteWrite, NoteWriteResult, RowPage, StoredNote
from risk_hub_contracts.base.times import format_instant, parse_instant
from risk_hub_contracts.worlds.expectation import Expectation

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STORE = Dependency.WORLD_STORE
Item = dict[str, Any]
Parsed = TypeVar("Parsed")
# Every attribute is aliased, because DynamoDB reserves some words.
ROW_ATTRIBUTES = {
    "#w": "world_id",
    "#s": "stage",
    "#v": "head_version",
    "#a": "head_as_of",
    "#c": "head_created_at",
    "#x": "head_expires_at",
    "#e": "expectation",
    "#f": "expectation_since",
}
# A row with neither attribute is not shown: it is left over from a registration, or holds only a policy.
LISTED_ROW_ATTRIBUTES = ("head_as_of", "expectation")
# Replaces an unreadable expectation: the default limits apply to the world.
FALLBACK_EXPECTATION = Expectation(owner="unreadable")


@dataclass(frozen=True, slots=True)
class DynamoDBRegistry:
    """The `worlds` table, as operators see it."""

    dynamodb: "DynamoDBClient"
    table: str

    def put(self, world_id: str, stage: str, note: NoteKind, writing: NoteWrite) -> NoteWriteResult:
        """See WorldRegistry."""
        since = ", #since = if_not_exists(#since, :at)" if writing.in_force else " REMOVE #since"
        with dependency(STORE):
            answer = self.dynamodb.update_item(
                TableName=self.table,
                Key=_key(world_id, stage),
                UpdateExpression=f"SET #n = :text, #at = :at, #by = :by{since}",
                ExpressionAttributeNames=_names(note),
                ExpressionAttributeValues={
                    ":text": {"S": writing.text},
                    ":at": {"S": format_instant(writing.at)},
                    ":by": {"S": writing.by},
                },
                ReturnValues="ALL_OLD",
            )
        before: Item = answer.get("Attributes", {})
        return NoteWriteResult(_note_after_write(note, before, writing), created=note not in before)

    def get(self, world_id: str, stage: str, note: NoteKind) -> StoredNote | None:
        """See WorldRegistry."""
        names = _names(note)
        with dependency(STORE):
            answer = self.dynamodb.get_item(
                TableName=self.table,
                Key=_key(world_id, stage),
                ProjectionExpression=", ".join(names),
                ExpressionAttributeNames=names,
                ConsistentRead=True,
            )
        item: Item = answer.get("Item", {})
        return _stored_note(note, item) if note in item else None

    def remove(self, world_id: str, stage: str, note: NoteKind) -> None:
        """See WorldRegistry. A missing row is not created."""
        names = _names(note)
        write_if(
            STORE,
            self.dynamodb.update_item,
            TableName=self.table,
            Key=_key(world_id, stage),
            UpdateExpression=f"REMOVE {', '.join(names)}",
            ConditionExpression="attribute_exists(#n)",
            ExpressionAttributeNames=names,
        )

    def page(self, limit: int, after: tuple[str, str] | None = None) -> RowPage:
        """See WorldRegistry."""
        start = {} if after is None else {"ExclusiveStartKey": _key(*after)}
        items, last = self._scan({**start, "Limit": limit})
        next_key = None if last is None else (last["world_id"]["S"], last["stage"]["S"])
        return RowPage([_row(item) for item in items if _is_shown(item)], next_key)

    def rows(self) -> Iterator[WorldRow]:
        """See WorldRegistry: a page of the table is one megabyte of rows."""
        last: Item | None = None
        while True:
            items, last = self._scan({} if last is None else {"ExclusiveStartKey": last})
            yield from (_row(item) for item in items if _is_shown(item))
            if last is None:
                return

    def _scan(self, bounds: Item) -> tuple[list[Item], Item | None]:
        with dependency(STORE):
            answer = self.dynamodb.scan(
                TableName=self.table,
                ProjectionExpression=", ".join(ROW_ATTRIBUTES),
                ExpressionAttributeNames=ROW_ATTRIBUTES,
                **bounds,
            )
        return answer["Items"], answer.get("LastEvaluatedKey") or None


def _key(world_id: str, stage: str) -> Item:
    return {"world_id": {"S": world_id}, "stage": {"S": stage}}


def _names(note: NoteKind) -> dict[str, str]:
    return {"#n": note, "#at": f"{note}_set_at", "#by": f"{note}_set_by", "#since": f"{note}_since"}


def _note_after_write(note: NoteKind, before: Item, writing: NoteWrite) -> StoredNote:
    is_kept = writing.in_force and f"{note}_since" in before
    since = parse_instant(before[f"{note}_since"]["S"]) if is_kept else writing.at
    return StoredNote(writing.text, since, writing.at, writing.by)


def _stored_note(note: NoteKind, item: Item) -> StoredNote:
    """Return the note; one written by hand, without its metadata, counts as written at the epoch (1970)."""
    set_at: Item = item.get(f"{note}_set_at", {"S": "1970-01-01T00:00:00Z"})
    return StoredNote(
        text=item[note]["S"],
        since=parse_instant(item.get(f"{note}_since", set_at)["S"]),
        set_at=parse_instant(set_at["S"]),
        set_by=item.get(f"{note}_set_by", {"S": "unknown"})["S"],
    )


def _is_shown(item: Item) -> bool:
    return not item.keys().isdisjoint(LISTED_ROW_ATTRIBUTES)


def _row(item: Item) -> WorldRow:
    """Return a row for any item: one unreadable row must not hide all others from the monitor."""
    expectation, expectation_is_readable = _parse_attribute(
        "expectation", item, _expectation, FALLBACK_EXPECTATION
    )
    since, since_is_readable = _parse_attribute("expectation_since", item, _since, None)
    head, head_is_readable = _parse_attribute("head_as_of", item, _head, None)
    return WorldRow(
        world_id=item["world_id"]["S"],
        stage=item["stage"]["S"],
        head=head,
        expectation=expectation,
        expected_since=since,
        readable=expectation_is_readable and since_is_readable and head_is_readable,
    )


def _parse_attribute(
    attribute: str, item: Item, read: Callable[[Item], Parsed], fallback: Parsed | None
) -> tuple[Parsed | None, bool]:
    """Return the item as `read` parses it, None if the attribute is absent, and whether it was readable."""
    if attribute not in item:
        return None, True
    try:
        return read(item), True
    except (KeyError, ValueError):
        return fallback, False


def _expectation(item: Item) -> Expectation:
    return Expectation.model_validate_json(item["expectation"]["S"], extra=UNKNOWN_MEMBERS)


def _since(item: Item) -> datetime:
    return parse_instant(item["expectation_since"]["S"])


def _head(item: Item) -> NewestSnapshot:
    return NewestSnapshot(
        version=item["head_version"]["S"],
        as_of=parse_instant(item["head_as_of"]["S"]),
        created_at=parse_instant(item["head_created_at"]["S"]),
        expires_at=parse_instant(item["head_expires_at"]["S"]),
    )
