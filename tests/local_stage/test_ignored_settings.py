"""Stopping or showing a stage needs only its folder: every other invalid setting is named and ignored."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.aws import LocalAws
from infra.local.cli import main
from infra.local.settings import settings_of_folder
from infra.local.stage_record import StageRecord, process_start, read_record, write_record
from infra.ops.operate.stage_access import LOCAL, clients_for

INVALID = [
    ("RISK_HUB_PORT", "abc"),
    ("RISK_HUB_PORT", "99999"),
    ("RISK_HUB_PORT", "9" * 5_000),
    ("RISK_HUB_AWS_PORT", "-1"),
    ("RISK_HUB_ALARM_SPEED", "9" * 5_000),
    ("RISK_HUB_ALARM_WEBHOOK", "ftp://example.com"),
]
IDS = [f"{name}={value[:17]}" for name, value in INVALID]
ADDRESS = "http://127.0.0.1:8787"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RISK_HUB_LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "400")
    return tmp_path


@pytest.fixture
def recorded() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that the folder's record names as its server."""
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        started = process_start(process.pid) or ""
        write_record(
            settings_of_folder().record_file,
            StageRecord(process.pid, started, ADDRESS, "http://127.0.0.1:1"),
        )
        yield process


@pytest.fixture(params=INVALID, ids=IDS)
def named(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Set one invalid value; return the start of the sentence that must name it."""
    name, value = request.param
    monkeypatch.setenv(name, value)
    return f"{name}={value} is not"


def test_down_with_an_invalid_setting_names_it_and_stops_the_recorded_stage(
    recorded: "subprocess.Popen[bytes]", named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["down"]) == 0
    assert recorded.wait(10) != 0
    printed = capsys.readouterr()
    assert named in printed.err
    assert f"`make down` ignores this setting and uses {settings_of_folder().record_file}" in printed.err
    assert "Stopped." in printed.out


def test_status_with_an_invalid_setting_names_it_and_shows_the_recorded_stage(
    recorded: "subprocess.Popen[bytes]", named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status"]) == 0
    assert recorded.poll() is None
    printed = capsys.readouterr()
    assert named in printed.err
    assert f"Running: {ADDRESS} (process {recorded.pid}" in printed.out


@pytest.mark.parametrize(("command", "status"), [("down", 0), ("status", 1)])
def test_invalid_port_without_a_stage_is_named_and_no_stage_is_reported(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    status: int,
) -> None:
    monkeypatch.setenv("RISK_HUB_PORT", "abc")
    assert main([command]) == status
    printed = capsys.readouterr()
    assert "RISK_HUB_PORT=abc is not a port" in printed.err
    assert "The local stage is not running." in printed.out
    assert list(folder.iterdir()) == []


def test_up_with_an_invalid_setting_names_it_and_starts_nothing(
    folder: Path, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "--detach"]) == 1
    assert named in capsys.readouterr().err
    assert read_record(settings_of_folder().record_file) is None
    assert list(folder.iterdir()) == []


def test_operator_command_finds_the_recorded_stage_despite_an_invalid_port(
    recorded: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RISK_HUB_PORT", "abc")
    assert recorded.poll() is None
    assert isinstance(clients_for(LOCAL), LocalAws)
