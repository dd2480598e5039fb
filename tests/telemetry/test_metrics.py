"""Metric lines: the Embedded Metric Format as Powertools writes it, for any number of values."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.metrics import EphemeralMetrics

from functions.telemetry.metrics import MAX_VALUES, joined, write
from infra.local.emf_bridge import metric_data
from risk_hub_contracts.base import metrics as m

NAMESPACE = "RiskSignalHub/test"


@pytest.fixture(autouse=True)
def _namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE)
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


def write_both(worker: str, stage: str = "paper") -> None:
    write([(m.REPORTS, 1)], {m.STAGE: stage, m.STATUS: "complete", m.WORKER: worker})
    write([(m.WORKER_PROCESSED, 1), (m.QUEUE_AGE, 0.5)], {m.WORKER: worker})


def test_joined_lines_are_one_line_with_the_same_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    write_both("risk_engine")
    first, second = written(capsys)
    with joined():
        write_both("risk_engine")
        assert not written(capsys)
    (together,) = written(capsys)
    at = {"Timestamp": 0}
    alone, joint = (
        [entry for line in lines for entry in metric_data(line | {"_aws": line["_aws"] | at})[NAMESPACE]]
        for lines in ([first, second], [together])
    )
    assert joint == alone
    assert len(joint) == 3


@pytest.mark.parametrize(("worker", "stage"), [("stress_engine", "paper"), ("risk_engine", "live")])
def test_lines_with_another_dimension_or_the_same_metric_are_not_joined(
    capsys: pytest.CaptureFixture[str], worker: str, stage: str
) -> None:
    with joined():
        write_both("risk_engine")
        write_both(worker, stage)
    first, second = written(capsys)
    assert (first[m.WORKER], first[m.STAGE]) == ("risk_engine", "paper")
    assert (second[m.WORKER], second[m.STAGE]) == (worker, stage)
    assert first[m.WORKER_PROCESSED.name] == second[m.WORKER_PROCESSED.name] == [1]


def test_joined_lines_are_printed_when_the_block_fails(capsys: pytest.CaptureFixture[str]) -> None:
    def fail_after_writing() -> None:
        with joined():
            write_both("risk_engine")
            raise RuntimeError("for a test")

    with pytest.raises(RuntimeError):
        fail_after_writing()
    assert len(written(capsys)) == 1
    write_both("risk_engine")
    assert len(written(capsys)) == 2
