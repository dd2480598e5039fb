"""Metric lines: the Embedded Metric Format as Powertools writes it, for any number of values."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.metrics import EphemeralMetrics

from functions.telemetry.metrics import MAX_VALUES, write
from risk_hub_contracts.base import metrics as m


@pytest.fixture(autouse=True)
def _namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub/test")
    monkeypatch.delenv("POWERTOOLS_SERVICE_NAME", raising=False)


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def without_time(line: dict[str, Any]) -> dict[str, Any]:
    directives = line["_aws"]["CloudWatchMetrics"]
    return {**line, "_aws": directives}


def test_metric_line_equals_the_powertools_output(capsys: pytest.CaptureFixture[str]) -> None:
    theirs = EphemeralMetrics()
    theirs.service = ""
    theirs.add_dimension(name=m.REASON, value="unauthenticated")
    theirs.add_dimensions(**{m.STATUS: "401"})
    theirs.add_metric(name=m.HTTP_REFUSED.name, unit=m.HTTP_REFUSED.unit, value=1)
    theirs.flush_metrics()
    write([(m.HTTP_REFUSED, 1)], {m.REASON: "unauthenticated"}, {m.STATUS: "401"})
    expected, found = written(capsys)
    assert without_time(found) == without_time(expected)
    assert 0 <= found["_aws"]["Timestamp"] - expected["_aws"]["Timestamp"] < 60_000


def test_metric_values_past_the_line_limit_are_written_to_a_second_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    values = [(m.WORKER_PROCESSED, float(number)) for number in range(MAX_VALUES + 1)]
    write([*values, (m.SNAPSHOT_DEDUPE, 7)], {m.WORKER: "risk_engine"})
    first, second = written(capsys)
    name = m.WORKER_PROCESSED.name
    assert first[name] + second[name] == list(range(MAX_VALUES + 1))
    assert (len(first[name]), len(second[name])) == (MAX_VALUES, 1)
    assert first[m.SNAPSHOT_DEDUPE.name] == [7]
    assert [each["Name"] for each in second["_aws"]["CloudWatchMetrics"][0]["Metrics"]] == [name]


def test_empty_metrics_write_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    write([], {m.WORKER: "risk_engine"})
    assert not written(capsys)
