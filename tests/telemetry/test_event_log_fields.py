"""Event values repeated in a log line: numbers for the owners' dashboard, and no absent values."""

from pathlib import Path
from typing import Any

import pytest

from events.envelope import CloudEvent
from functions.telemetry.headline import headline

SAMPLES = Path(__file__).parents[2] / "events" / "samples"


def sample(name: str) -> CloudEvent:
    return CloudEvent.model_validate_json((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def changed(event: CloudEvent, **members: Any) -> CloudEvent:
    return event.model_copy(update={"data": {**event.data, **members}})


def tail(method: str, value: float | None) -> dict[str, Any]:
    return {"method": method, "confidence_bps": 9900, "value_at_risk": value, "expected_shortfall": value}


def test_log_line_of_a_risk_report_has_its_headline_at_99_percent() -> None:
    rows = [
        {**tail("historical_upper", 0.05), "confidence_bps": 9750},
        tail("historical_upper", 0.04),
        tail("parametric_normal", 0.03),
    ]
    output = headline(changed(sample("risk_evaluated"), tails=rows))
    assert (output["value_at_risk"], output["expected_shortfall"]) == (0.04, 0.04)
    assert output["risk_method"] == "historical_upper"


def test_log_line_has_the_next_method_if_the_headline_is_null() -> None:
    rows = [tail("historical_upper", None), tail("historical", None), tail("parametric_normal", 0.03)]
    output = headline(changed(sample("risk_evaluated"), tails=rows))
    assert (output["risk_method"], output["value_at_risk"]) == ("parametric_normal", 0.03)


def test_log_line_of_a_report_by_an_engine_before_3_0_has_its_measures() -> None:
    event = changed(sample("risk_evaluated"), tails=[])
    measures = {(m["measure"], m["confidence_bps"]): m["value"] for m in reversed(event.data["measures"])}
    output = headline(event)
    assert output["world_id"] == event.data["world_id"]
    assert output["value_at_risk"] == measures["value_at_risk", 9900]
    assert output["expected_shortfall"] == measures["expected_shortfall", 9900]


def test_log_line_omits_null_measures() -> None:
    event = sample("risk_evaluated")
    measures: list[dict[str, Any]] = [{**each, "value": None} for each in event.data["measures"]]
    tails = [{**each, "value_at_risk": None} for each in event.data["tails"]]
    assert set(headline(changed(event, measures=measures, tails=tails))) == {
        "world_id",
        "stage",
        "report_status",
    }


@pytest.mark.parametrize(
    ("name", "member"), [("risk_evaluated", "report_status"), ("stress_evaluated", "stress_status")]
)
def test_log_line_of_a_report_has_its_status(name: str, member: str) -> None:
    event = sample(name)
    output = headline(changed(event, status="invalid_input"))
    assert output[member] == "invalid_input"


@pytest.mark.parametrize("name", ["stress_evaluated", "risk_snapshot_updated", "exit_signal_emitted"])
def test_log_line_of_any_event_has_its_world_id(name: str) -> None:
    assert headline(sample(name))["world_id"] == sample(name).data["world_id"]
