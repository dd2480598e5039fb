"""The events' contract: schemas, samples and envelope, held against what the code really emits."""

import json
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.v1.event import CloudEvent as ReferenceEvent
from jsonschema import Draft202012Validator, FormatChecker

from events.envelope import CloudEvent
from events.generate import schema_texts
from events.models import EVENT_MODELS
from tests.events.emitted import ROOT, emitted

TYPES = sorted(EVENT_MODELS)


def schema(event_type: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "schemas" / f"{event_type}.json").read_text())
    return loaded


def sample(event_type: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "samples" / f"{event_type}.json").read_text())
    return loaded


@pytest.mark.parametrize("path", sorted(schema_texts()), ids=lambda path: Path(path).name)
def test_the_committed_schema_is_what_the_models_say(path: Path) -> None:
    assert path.read_text() == schema_texts()[path]


@pytest.mark.parametrize(("name", "content"), sorted(emitted().items()), ids=sorted(emitted()))
def test_the_committed_sample_is_what_the_code_emits(name: str, content: Any) -> None:
    assert json.loads((ROOT / name).read_text()) == content


@pytest.mark.parametrize("event_type", TYPES)
def test_the_sample_meets_its_schema(event_type: str) -> None:
    Draft202012Validator.check_schema(schema(event_type))
    Draft202012Validator(schema(event_type), format_checker=FormatChecker()).validate(sample(event_type))


@pytest.mark.parametrize("event_type", TYPES)
@pytest.mark.parametrize("attribute", ["id", "subject", "data", "time"])
def test_a_sample_without_a_required_attribute_fails_its_schema(event_type: str, attribute: str) -> None:
    broken = {name: value for name, value in sample(event_type).items() if name != attribute}
    assert not Draft202012Validator(schema(event_type)).is_valid(broken)


@pytest.mark.parametrize(("event_type", "other"), list(permutations(TYPES, 2)))
def test_another_events_sample_fails_the_schema(event_type: str, other: str) -> None:
    assert not Draft202012Validator(schema(event_type)).is_valid(sample(other))


@pytest.mark.parametrize("event_type", TYPES)
def test_the_envelope_is_a_cloud_event_by_the_reference_library(event_type: str) -> None:
    attributes = sample(event_type)
    data = attributes.pop("data")
    attributes["time"] = datetime.fromisoformat(attributes["time"])
    event = ReferenceEvent(attributes, data)
    assert event.get_type() == event_type
    assert event.get_subject() == "us2"
    assert event.get_extension("correlationid") == "rebalance-42"


@pytest.mark.parametrize("event_type", TYPES)
def test_a_consumer_reads_what_the_producer_wrote(event_type: str) -> None:
    event = CloudEvent.model_validate(sample(event_type))
    assert json.loads(event.to_detail()) == sample(event_type)
    assert EVENT_MODELS[event_type].model_validate(sample(event_type)).id == event.id


def test_every_event_of_one_snapshot_carries_the_same_correlation_id_and_an_id_of_its_own() -> None:
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
def test_an_event_names_the_event_that_caused_it(event_type: str, cause: str) -> None:
    assert sample(event_type)["causationid"] == sample(cause)["id"]


def test_a_snapshot_was_caused_by_a_request_and_by_no_event() -> None:
    assert "causationid" not in sample("risk_snapshot_updated")


@pytest.mark.parametrize("event_type", TYPES)
def test_only_a_repetition_asked_for_is_flagged(event_type: str) -> None:
    assert "replay" not in sample(event_type)
    repeated = {**sample(event_type), "replay": True}
    Draft202012Validator(schema(event_type), format_checker=FormatChecker()).validate(repeated)
    assert json.loads(CloudEvent.model_validate(repeated).to_detail()) == repeated
