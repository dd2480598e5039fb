"""The events' contract: schemas, samples and envelope, compared with the events of the real code."""

import json
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.v1.event import CloudEvent as ReferenceEvent
from jsonschema_rs import Draft202012Validator

from events.envelope import CloudEvent, EventType
from events.generate import event_schema, history_row_schema, schema_texts
from events.models import EVENT_MODELS
from tools.event_samples.emitted import ROOT, emitted

TYPES: list[EventType] = sorted(EVENT_MODELS)


def schema(event_type: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "schemas" / f"{event_type}.json").read_text(encoding="utf-8"))
    return loaded


def is_valid(event_type: EventType, event: dict[str, Any], *, closed: bool = False) -> bool:
    """Return whether an event meets the published schema, or the closed one; `format` counts."""
    found = event_schema(event_type, closed=True) if closed else schema(event_type)
    return Draft202012Validator(found, validate_formats=True).is_valid(event)


def sample(event_type: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "samples" / f"{event_type}.json").read_text(encoding="utf-8"))
    return loaded


def with_a_member_more(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with an unknown member in its envelope and in its data."""
    return {**event, "addedlater": "x", "data": {**event["data"], "added_later": {"deep": 1}}}


@pytest.mark.parametrize("path", sorted(schema_texts()), ids=lambda path: Path(path).name)
def test_committed_event_schema_matches_the_models(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == schema_texts()[path]


@pytest.mark.parametrize(("name", "content"), sorted(emitted().items()), ids=sorted(emitted()))
def test_committed_event_sample_matches_the_emitted_event(name: str, content: Any) -> None:
    assert json.loads((ROOT / name).read_text(encoding="utf-8")) == content


@pytest.mark.parametrize("event_type", TYPES)
def test_event_sample_matches_its_open_and_closed_schema(event_type: EventType) -> None:
    assert is_valid(event_type, sample(event_type))
    assert is_valid(event_type, sample(event_type), closed=True)


@pytest.mark.parametrize("event_type", TYPES)
def test_published_event_schema_allows_unknown_members(event_type: EventType) -> None:
    widened = with_a_member_more(sample(event_type))
    assert is_valid(event_type, widened)
    assert not is_valid(event_type, widened, closed=True)


@pytest.mark.parametrize("event_type", TYPES)
def test_an_instant_that_is_not_rfc_3339_fails_the_schema(event_type: EventType) -> None:
    assert not is_valid(event_type, {**sample(event_type), "time": "5 January 2026"})


@pytest.mark.parametrize("event_type", TYPES)
@pytest.mark.parametrize("attribute", ["specversion", "id", "source", "type", "subject", "data", "time"])
def test_a_sample_without_a_required_attribute_fails_its_schema(
    event_type: EventType, attribute: str
) -> None:
    broken = {name: value for name, value in sample(event_type).items() if name != attribute}
    assert not is_valid(event_type, broken)


@pytest.mark.parametrize(("event_type", "other"), list(permutations(TYPES, 2)))
def test_sample_of_another_event_type_fails_the_schema(event_type: EventType, other: str) -> None:
    assert not is_valid(event_type, sample(other))


@pytest.mark.parametrize("event_type", TYPES)
def test_envelope_is_accepted_by_the_cloudevents_library(event_type: str) -> None:
    attributes = sample(event_type)
    data = attributes.pop("data")
    attributes["time"] = datetime.fromisoformat(attributes["time"])
    event = ReferenceEvent(attributes, data)
    assert event.get_type() == event_type
    assert event.get_subject() == "us2"
    assert event.get_extension("correlationid") == "rebalance-42"


@pytest.mark.parametrize("event_type", TYPES)
def test_event_round_trips_through_the_consumer_models(event_type: EventType) -> None:
    event = CloudEvent.model_validate(sample(event_type))
    assert json.loads(event.to_detail()) == sample(event_type)
    assert EVENT_MODELS[event_type].model_validate(sample(event_type)).id == event.id


def test_events_of_one_snapshot_share_a_correlation_id_and_have_unique_ids() -> None:
    samples = [sample(event_type) for event_type in TYPES]
    assert {each["correlationid"] for each in samples} == {"rebalance-42"}
    assert len({each["id"] for each in samples}) == len(TYPES)


@pytest.mark.parametrize(
    ("event_type", "cause"),
    [
        ("risk_evaluated", "risk_snapshot_updated"),
        ("stress_evaluated", "risk_snapshot_updated"),
        ("exit_signal_emitted", "stress_evaluated"),
    ],
)
def test_derived_event_carries_the_id_of_its_causing_event(event_type: str, cause: str) -> None:
    assert sample(event_type)["causationid"] == sample(cause)["id"]


def test_snapshot_event_has_no_causation_id() -> None:
    assert "causationid" not in sample("risk_snapshot_updated")


@pytest.mark.parametrize("event_type", TYPES)
def test_only_replayed_events_carry_the_replay_flag(event_type: EventType) -> None:
    assert "replay" not in sample(event_type)
    repeated = {**sample(event_type), "replay": True}
    assert is_valid(event_type, repeated, closed=True)
    assert json.loads(CloudEvent.model_validate(repeated).to_detail()) == repeated


def history_row() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "samples" / "history_row.json").read_text(encoding="utf-8"))
    return loaded


def is_valid_row(row: dict[str, Any], *, closed: bool = False) -> bool:
    found = history_row_schema(closed=True) if closed else schema("history_row")
    return Draft202012Validator(found, validate_formats=True).is_valid(row)


def test_history_row_sample_matches_its_open_and_closed_schema() -> None:
    assert is_valid_row(history_row())
    assert is_valid_row(history_row(), closed=True)


def test_published_history_row_schema_allows_unknown_members() -> None:
    widened = {**history_row(), "added_later": 1}
    assert is_valid_row(widened)
    assert not is_valid_row(widened, closed=True)


@pytest.mark.parametrize("member", sorted(history_row()))
def test_a_history_row_without_a_member_fails_its_schema(member: str) -> None:
    assert not is_valid_row({name: value for name, value in history_row().items() if name != member})
