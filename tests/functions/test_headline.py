"""Event values repeated in a log line: numbers for the owners' dashboard, and no absent values."""

from pathlib import Path
from typing import Any

import pytest

from events.envelope import CloudEvent
from functions.telemetry.headline import headline

SAMPLES = Path(__file__).parents[2] / "events" / "samples"


def sample(name: str) -> CloudEvent:
    return CloudEvent.model_validate_json((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def test_a_risk_report_tells_its_numbers_at_99_percent() -> None:
    event = sample("risk_evaluated")
    told = headline(event)
    measures = {(m["measure"], m["confidence_bps"]): m["value"] for m in reversed(event.data["measures"])}
    assert told["world_id"] == event.data["world_id"]
    assert told["value_at_risk"] == measures["value_at_risk", 9900]
    assert told["expected_shortfall"] == measures["expected_shortfall", 9900]


def test_a_number_that_could_not_be_computed_is_left_out() -> None:
    event = sample("risk_evaluated")
    measures: list[dict[str, Any]] = [{**each, "value": None} for each in event.data["measures"]]
    told = headline(event.model_copy(update={"data": {**event.data, "measures": measures}}))
    assert set(told) == {"world_id", "stage", "report_status"}


@pytest.mark.parametrize(
    ("name", "member"), [("risk_evaluated", "report_status"), ("stress_evaluated", "stress_status")]
)
def test_a_report_tells_its_status_so_that_a_book_without_numbers_is_found_in_the_log(
    name: str, member: str
) -> None:
    event = sample(name)
    told = headline(event.model_copy(update={"data": {**event.data, "status": "invalid_input"}}))
    assert told[member] == "invalid_input"


@pytest.mark.parametrize("name", ["stress_evaluated", "risk_snapshot_updated", "exit_signal_emitted"])
def test_another_event_tells_its_world(name: str) -> None:
    assert headline(sample(name))["world_id"] == sample(name).data["world_id"]
