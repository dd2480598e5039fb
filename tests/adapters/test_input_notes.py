"""One suite for every store of notes on inputs."""

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from functions.announcing.stream_records import StreamRecordDecoder
from functions.evaluation.input_note import InputNote, covariance_note_id, returns_note_id
from functions.evaluation.ports import InputNotes
from functions.evaluation.store.dynamodb_input_notes import DynamoDBInputNotes
from functions.hub.adapters.body_store import BodyStore
from tests.adapters.conftest import create_table
from tests.fakes.clients import as_client
from tests.fakes.clock import START
from tests.fakes.stores import MemoryInputNotes

UNTIL = START + timedelta(days=30)
SHA256 = "0" * 64
KEY = covariance_note_id(SHA256)
NOTE = InputNote("2026-01-05T12:00:00.000000Z", None, 1.25e-7)
REFUSED = InputNote("2026-01-05T12:00:00.000001Z", "covariance_not_psd", None)


@pytest.fixture(params=["memory", "dynamodb"])
def notes(request: pytest.FixtureRequest) -> Iterator[InputNotes]:
    if request.param == "memory":
        yield MemoryInputNotes()
        return
    with mock_aws():
        yield DynamoDBInputNotes(boto3.client("dynamodb"), create_table("evaluations"))


@pytest.mark.parametrize("note", [NOTE, REFUSED, InputNote("2026-01-05T12:00:00.000000Z")])
def test_input_note_round_trips(notes: InputNotes, note: InputNote) -> None:
    assert notes.get("w1", KEY) is None
    assert notes.put_once("w1", KEY, note, UNTIL) == note
    assert notes.get("w1", KEY) == note


def test_inv_05_later_put_returns_the_first_input_note(notes: InputNotes) -> None:
    notes.put_once("w1", KEY, NOTE, UNTIL)
    assert notes.put_once("w1", KEY, REFUSED, UNTIL) == NOTE
    assert notes.get("w1", KEY) == NOTE


def test_input_notes_are_keyed_by_world_digest_and_kind(notes: InputNotes) -> None:
    notes.put_once("w1", KEY, NOTE, UNTIL)
    for world, key in (("w2", KEY), ("w1", covariance_note_id("1" * 64)), ("w1", returns_note_id(SHA256))):
        assert notes.get(world, key) is None
        assert notes.put_once(world, key, REFUSED, UNTIL) == REFUSED


@pytest.mark.parametrize("key", [KEY, returns_note_id(SHA256)])
def test_relay_ignores_input_note_items(key: str) -> None:
    image = {"world_id": {"S": "w1"}, "evaluation_id": {"S": key}}
    record = {"eventName": "INSERT", "dynamodb": {"Keys": image, "NewImage": image}}
    assert StreamRecordDecoder(BodyStore(as_client(None), "")).commit(record) is None
