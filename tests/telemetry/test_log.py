"""Log lines: always JSON for any caller input, with the names that Lambda filters by."""

import json
import re
from typing import Any

import pytest

from functions.telemetry import log


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "snapshot_writer")
    for name in ("POWERTOOLS_LOG_LEVEL", "_X_AMZN_TRACE_ID"):
        monkeypatch.delenv(name, raising=False)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_log_line_has_timestamp_and_service_and_omits_null_fields(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
    log.info("request", status=201, correlation_id=None)
    (line,) = lines(capsys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert line == {
        "level": "INFO",
        "message": "request",
        "service": "snapshot_writer",
        "xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "status": 201,
    }


@pytest.mark.parametrize("sent", ["\ud800", 2**70, {"a": "\udfff"}, object, 'line\nbreak "quoted"'])
def test_any_logged_value_is_one_line_of_json(sent: object, capsys: pytest.CaptureFixture[str]) -> None:
    log.info("request", sent=sent)
    (line,) = lines(capsys)
    assert "sent" in line


def test_exception_is_logged_with_its_name_and_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="form") as raised:
        int("no number in this form")
    log.failure("failure", raised.value)
    log.warning("returned", raised.value)
    failed, returned = lines(capsys)
    assert (failed["level"], returned["level"]) == ("ERROR", "WARNING")
    assert failed["exception_name"] == returned["exception_name"] == "ValueError"
    assert failed["exception"].startswith("Traceback")
    assert __file__ in failed["exception"]


@pytest.mark.parametrize(
    ("least", "written"), [("DEBUG", 3), ("INFO", 3), ("WARNING", 2), ("ERROR", 1), ("CRITICAL", 0)]
)
def test_lines_below_the_configured_log_level_are_not_written(
    least: str, written: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", least)
    log.info("a")
    log.warning("b", None)
    log.failure("c", ValueError())
    assert len(lines(capsys)) == written
