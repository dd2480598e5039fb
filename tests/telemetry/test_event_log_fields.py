"""Event values repeated in a log line: numbers for the owners' dashboard, and no absent values."""

from pathlib import Path
from typing import Any

import pytest

from events.envelope import CloudEvent
from functions.telemetry.headline import headline

SAMPLES = Path(__file__).parents[2] / "events" / "samples"


def sample(name: str) -> CloudEvent:
    return CloudEvent.model_validate_json((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def test_log_line_of_a_risk_report_has_its_99_percent_measures() -> None:
    event = sample("risk_evaluated")
    output = headline(event)
    measures = {(m["measure"], m["confidence_bps"]): m["value"] for m in reversed(event.data["measures"])}
    assert output["world_id"] == event.data["world_id"]
    assert output["value_at_risk"] == measures["value_at_risk", 9900]
    assert output["expected_shortfall"] == measures["expected_shortfall", 9900]


def test_log_line_omits_null_measures() -> None:
    event = sample("risk_evaluated")
    measures: list[dict[str, Any]] = [{**each, "value": None} for each in event.data["measures"]]
    output = headline(event.model_copy(update={"data": {**event.data, "measures": measures}}))
    assert set(output) == {"world_id", "stage", "report_status"}


@pytest.mark.parametrize(
    ("name", "member"), [("risk_evaluated", "report_status"), ("stress_evaluated", "stress_status")]
)
def test_log_line_of_a_report_has_its_status(name: str, member: str) -> None:
    event = sample(name)
    output = headline(event.model_copy(update={"data": {**event.data, "status": "invalid_input"}}))
    assert output[member] == "invalid_input"


@pytest.mark.parametrize("name", ["stress_evaluated", "risk_snapshot_updated", "exit_signal_emitted"])
def test_log_line_of_any_event_has_its_world_id(name: str) -> None:
    assert headline(sample(name))["world_id"] == sample(name).data["world_id"]
