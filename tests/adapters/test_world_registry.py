"""One suite for every WorldRegistry: registrations share the relay's rows, and neither overwrites the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.hub.adapters.dynamodb_registry import DynamoDBRegistry
from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from functions.hub.domain.freshness import WorldRow
from functions.hub.ports import Head
from functions.hub.world_ports import NoteKind, NoteWrite, NoteWriteResult, StoredNote, WorldRegistry
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY
from risk_hub_contracts.worlds.expectation import Expectation
from tests.adapters.conftest import create_table
from tests.fakes.clock import START
from tests.fakes.registry import MemoryRegistry
from tests.fakes.samples import WORLD, stored
from tests.fakes.stores import MemoryWorlds

LATER = START + timedelta(hours=1)
WANTED = Expectation(owner="desk-a", warn_seconds=5)
TEXT = WANTED.model_dump_json(by_alias=True)
NOTES: dict[NoteKind, str] = {"expectation": TEXT, "exit_policy": DEFAULT_POLICY.model_dump_json()}


@dataclass
class Rows:
    """The registry, and the worlds' store that shares its table."""

    registry: WorldRegistry
    worlds: MemoryWorlds | DynamoDBWorlds

    def expect(self, world_id: str = WORLD, stage: str = "paper") -> NoteWriteResult:
        return self.registry.put(world_id, stage, "expectation", NoteWrite(TEXT, START, "t1"))

    def all(self) -> list[WorldRow]:
        return sorted(self.registry.rows(), key=lambda row: (row.world_id, row.stage))


@pytest.fixture(params=["memory", "dynamodb"])
def rows(request: pytest.FixtureRequest) -> Iterator[Rows]:
    if request.param == "memory":
        memory = MemoryWorlds()
        yield Rows(MemoryRegistry(memory), memory)
        return
    with mock_aws():
        dynamodb, table = boto3.client("dynamodb"), create_table("worlds")
        yield Rows(DynamoDBRegistry(dynamodb, table), DynamoDBWorlds(dynamodb, table))


@pytest.mark.parametrize("note", NOTES)
def test_registry_entry_is_returned_as_it_was_put(rows: Rows, note: NoteKind) -> None:
    assert rows.registry.get(WORLD, "paper", note) is None
    put = rows.registry.put(WORLD, "paper", note, NoteWrite(NOTES[note], START, "t1"))
    assert put.created
    assert (
        put.stored_note
        == StoredNote(NOTES[note], START, START, "t1")
        == rows.registry.get(WORLD, "paper", note)
    )
    assert rows.registry.get(WORLD, "live", note) is None


def test_last_write_wins_and_since_keeps_the_first_date(rows: Rows) -> None:
    rows.expect()
    other = Expectation(owner="desk-b").model_dump_json(by_alias=True)
    again = rows.registry.put(WORLD, "paper", "expectation", NoteWrite(other, LATER, "t2"))
    assert again == NoteWriteResult(StoredNote(other, since=START, set_at=LATER, set_by="t2"), created=False)
    assert rows.registry.get(WORLD, "paper", "expectation") == again.stored_note


def test_since_restarts_when_a_registry_entry_comes_into_force(rows: Rows) -> None:
    written: list[NoteWriteResult] = []
    for hours, in_force in enumerate((False, False, True, True, False, True)):
        writing = NoteWrite(TEXT, START + timedelta(hours=hours), "t1", in_force=in_force)
        written.append(rows.registry.put(WORLD, "paper", "expectation", writing))
        assert rows.registry.get(WORLD, "paper", "expectation") == written[-1].stored_note
    since = [(each.stored_note.since - START) // timedelta(hours=1) for each in written]
    assert since == [0, 1, 2, 2, 4, 5]
    assert [each.created for each in written] == [True, False, False, False, False, False]


def test_removed_expectation_starts_over_when_put_again(rows: Rows) -> None:
    rows.expect()
    rows.registry.remove(WORLD, "paper", "expectation")
    rows.registry.remove(WORLD, "paper", "expectation")
    assert rows.registry.get(WORLD, "paper", "expectation") is None
    again = rows.registry.put(WORLD, "paper", "expectation", NoteWrite(TEXT, LATER, "t2"))
    assert (again.stored_note.since, again.created) == (LATER, True)


def test_registered_world_is_known_until_its_expectation_is_removed(rows: Rows) -> None:
    rows.registry.remove(WORLD, "paper", "expectation")
    assert list(rows.worlds.heads(WORLD)) == []
    rows.expect()
    assert list(rows.worlds.heads(WORLD)) == [None]
    rows.registry.remove(WORLD, "paper", "expectation")
    assert list(rows.worlds.heads(WORLD)) == []


def test_registry_entries_and_head_do_not_overwrite_each_other(rows: Rows) -> None:
    rows.expect()
    rows.worlds.advance_head(stored("v1"))
    rows.registry.put(WORLD, "paper", "exit_policy", NoteWrite(NOTES["exit_policy"], START, "t1"))
    assert rows.worlds.exit_policy(WORLD, "paper") == DEFAULT_POLICY
    rows.registry.remove(WORLD, "paper", "exit_policy")
    rows.registry.remove(WORLD, "paper", "expectation")
    assert list(rows.worlds.heads(WORLD)) == [Head(WORLD, "paper", stored("v1").order)]
    assert rows.worlds.exit_policy(WORLD, "paper") is None


def test_registry_scan_returns_every_row_with_head_and_expectation(rows: Rows) -> None:
    rows.expect("expected")
    rows.worlds.advance_head(stored("v1", world_id="published"))
    rows.expect("published")
    rows.worlds.advance_head(stored("v1", world_id="unasked", stage="live"))
    expected, published, unasked = rows.all()
    assert (expected.head, expected.expectation, expected.expected_since) == (None, WANTED, START)
    assert published.head is not None
    assert (published.head.version, published.head.as_of) == ("v1", START)
    assert published.head.expires_at == START + timedelta(seconds=900)
    assert published.expectation == WANTED
    assert (unasked.stage, unasked.expectation, unasked.expected_since) == ("live", None, None)


def test_registry_pages_return_every_row_once(rows: Rows) -> None:
    for number in range(7):
        rows.expect(f"w{number}")
    seen: list[str] = []
    page = rows.registry.page(3)
    while True:
        seen += [row.world_id for row in page.rows]
        assert len(page.rows) <= 3
        if page.after is None:
            break
        page = rows.registry.page(3, page.after)
    assert sorted(seen) == [f"w{number}" for number in range(7)]


@pytest.mark.parametrize("note", NOTES)
def test_row_without_head_and_expectation_is_not_listed(rows: Rows, note: NoteKind) -> None:
    """The remains of a registration, or only a policy, do not make a world that publishes unexpectedly."""
    rows.registry.put(WORLD, "paper", note, NoteWrite(NOTES[note], START, "t1"))
    rows.registry.remove(WORLD, "paper", note)
    rows.registry.put("w2", "paper", "exit_policy", NoteWrite(NOTES["exit_policy"], START, "t1"))
    assert rows.all() == []
    assert list(rows.registry.page(9).rows) == []


KEY = {"world_id": {"S": WORLD}, "stage": {"S": "paper"}}
HEAD = {
    "head_version": {"S": "v1"},
    "head_as_of": {"S": "2026-01-05T12:00:00.000000Z"},
    "head_created_at": {"S": "2026-01-05T12:00:00.000000Z"},
    "head_expires_at": {"S": "2026-01-05T12:15:00.000000Z"},
}


@pytest.mark.parametrize(
    ("damage", "limits", "has_head"),
    [
        ({"expectation": {"S": "{}"}}, (600, 1_800), True),
        ({"expectation": {"S": "not JSON"}}, (600, 1_800), True),
        ({"expectation": {"N": "1"}}, (600, 1_800), True),
        ({"expectation_since": {"S": "yesterday"}}, (5, 1_800), True),
        ({"head_as_of": {"S": "yesterday"}}, (5, 1_800), False),
        ({"head_as_of": {"NULL": True}}, (5, 1_800), False),
        ({"head_version": {"N": "1"}}, (5, 1_800), False),
    ],
)
def test_unreadable_row_is_still_monitored_and_hides_no_other_row(
    damage: dict[str, Any], limits: tuple[int, int], *, has_head: bool
) -> None:
    good = {**HEAD, "expectation": {"S": TEXT}, "expectation_since": {"S": "2026-01-05T12:00:00.000000Z"}}
    with mock_aws():
        dynamodb, table = boto3.client("dynamodb"), create_table("worlds")
        for item in ({**KEY, **good, **damage}, {**KEY, **good, "stage": {"S": "live"}}):
            dynamodb.put_item(TableName=table, Item=item)
        registry = DynamoDBRegistry(dynamodb, table)
        whole, damaged = sorted(registry.rows(), key=lambda row: row.stage)
        assert sorted(registry.page(9).rows, key=lambda row: row.stage) == [whole, damaged]
    assert (whole.readable, whole.expectation) == (True, WANTED)
    assert not damaged.readable
    assert damaged.expectation is not None
    assert (damaged.expectation.warn_seconds, damaged.expectation.critical_seconds) == limits
    assert (damaged.head is not None) == has_head
