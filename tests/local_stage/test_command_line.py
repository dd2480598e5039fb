"""`up`, `down` and `status` as a person types them: their life cycle, and a clear sentence for each obstacle."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from infra.local.sample.publish import HubEndpoint
from infra.local.settings import REPOSITORY, LocalSettings
from infra.local.stage_record import read_record
from tests.fakes.calls import call
from tests.local_stage.caller import Caller

PATHS = os.pathsep.join(str(REPOSITORY / folder) for folder in (".", "contracts/src", "client/src"))


class CommandLine:
    """The command line with a separate folder and ports."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.settings = LocalSettings(home, 0, 0)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": PATHS,
            "RISK_HUB_LOCAL_DIR": str(home),
            "RISK_HUB_PORT": "0",
        }

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "infra.local", *arguments]
        return subprocess.run(
            command,
            cwd=REPOSITORY,
            env={name: value.encode() for name, value in {**self.environment, **environment}.items()},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )

    def foreground(self, **environment: str) -> "subprocess.Popen[str]":
        """Start a stage that stays in the foreground."""
        command = [sys.executable, "-m", "infra.local", "up"]
        environment = {**self.environment, **environment}
        return subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, encoding="utf-8"
        )

    def exports(self) -> dict[str, str]:
        """The variables set by `source .local/env`, read from a real shell."""
        script = f'. "{self.settings.env_file}" && printf "%s\\n%s" "$RISK_HUB_URL" "$RISK_HUB_TOKEN"'
        expected_text = subprocess.run(
            ["sh", "-c", script], capture_output=True, encoding="utf-8", check=True, env={}
        )
        url, token = expected_text.stdout.split("\n")
        return {"url": url, "token": token}


@pytest.fixture
def command_line(tmp_path: Path) -> Iterator[CommandLine]:
    made = CommandLine(tmp_path / "stage")
    yield made
    if made.settings.record_file.exists():
        made.run("down")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CommandLine, str]]:
    """A stage in the background, and the output of its start."""
    made = CommandLine(tmp_path_factory.mktemp("running"))
    up = made.run("up", "--detach")
    try:
        assert up.returncode == 0, up.stderr
        yield made, up.stdout
    finally:
        made.run("down")


def assert_one_sentence(finished: "subprocess.CompletedProcess[str]", *parts: str) -> None:
    """Assert that the command failed with one sentence that names the reason, and without a traceback."""
    assert finished.returncode != 0
    assert "Traceback" not in finished.stdout + finished.stderr
    for part in parts:
        assert part in finished.stderr.replace("\n", " ")


def test_up_shows_the_risk_numbers_the_address_and_the_token(running: tuple[CommandLine, str]) -> None:
    command_line, shown = running
    exports = command_line.exports()
    for expected in ("historical upper", "0.042502", "8 of 754", exports["url"], exports["token"]):
        assert expected in shown
    assert Caller(HubEndpoint(**exports)).get("/risk-hub/worlds/us20/snapshots/latest").status == 200


def test_up_says_where_alarms_are_evaluated(running: tuple[CommandLine, str]) -> None:
    assert "Alarms are evaluated here" in running[1]


def test_the_shown_commands_work_when_pasted(running: tuple[CommandLine, str]) -> None:
    commands = [line.strip() for line in running[1].splitlines() if line.startswith(("  curl", "  . "))]
    assert len(commands) == 4
    environment = {"PATH": os.environ["PATH"]}
    pasted = subprocess.run(
        ["sh", "-ec", "\n".join(commands)], capture_output=True, encoding="utf-8", check=True, env=environment
    )
    assert '"world_id":"us20"' in pasted.stdout
    assert '"value_at_risk"' in pasted.stdout
    assert "201 Created" in pasted.stdout


def test_only_this_user_can_read_the_token(running: tuple[CommandLine, str]) -> None:
    command_line, _ = running
    assert stat.S_IMODE(command_line.settings.env_file.stat().st_mode) == 0o600
    token = command_line.exports()["token"].encode()
    files = (file for file in command_line.home.rglob("*") if file.is_file())
    assert [file for file in files if token in file.read_bytes()] == [command_line.settings.env_file]


def test_second_up_reports_the_running_stage_and_does_not_change_it(
    running: tuple[CommandLine, str],
) -> None:
    command_line, _ = running
    record = read_record(command_line.settings.record_file)
    assert record is not None
    assert_one_sentence(command_line.run("up", "--detach"), "already running", record.front_url, "make down")
    assert record.is_alive()
    assert command_line.exports()["url"] == record.front_url
    assert command_line.run("status").returncode == 0


@pytest.mark.parametrize("variable", ["RISK_HUB_PORT", "RISK_HUB_AWS_PORT"])
def test_up_on_an_occupied_port_names_the_port_and_its_variable(
    command_line: CommandLine, variable: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        finished = command_line.run("up", "--detach", **{variable: port})
    assert_one_sentence(finished, f"Port {port} is used by another program", variable)
    assert read_record(command_line.settings.record_file) is None


@pytest.mark.parametrize("given", ["eighty", "-1", "65536", "8787.0", "\N{FULLWIDTH DIGIT EIGHT}"])
def test_up_rejects_an_invalid_port_naming_its_value(command_line: CommandLine, given: str) -> None:
    shown = given if given.isascii() or sys.getfilesystemencoding() == "utf-8" else ""
    assert_one_sentence(command_line.run("up", RISK_HUB_PORT=given), f"RISK_HUB_PORT={shown}", "65535")


def test_down_without_a_running_stage_reports_it_and_succeeds(command_line: CommandLine) -> None:
    finished = command_line.run("down")
    assert finished.returncode == 0
    assert "not running" in finished.stdout


def test_down_does_not_stop_another_process_with_the_recorded_pid(command_line: CommandLine) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        command_line.home.mkdir()
        command_line.settings.record_file.write_text(
            f'{{"pid": {bystander.pid}, "started": "1", "front_url": "", "aws_endpoint": ""}}',
            encoding="ascii",
        )
        assert "not running" in command_line.run("down").stdout
        assert bystander.poll() is None


def test_foreground_up_shows_alarms_and_stops_when_terminated(
    command_line: CommandLine,
) -> None:
    """A minute lasts a second, but the monitor's schedule still takes sixty: its heartbeat is missed."""
    with command_line.foreground(RISK_HUB_ALARM_SPEED="60") as running:
        assert running.stdout is not None
        until(running.stdout, "Running")
        record = read_record(command_line.settings.record_file)
        until(running.stdout, "critical  freshness-heartbeat")
        assert "docs/runbook/freshness-heartbeat.md" in command_line.run("status").stdout
        running.terminate()
        assert "Stopped" in running.stdout.read()
    assert running.returncode == 0
    assert record is not None
    assert not record.is_alive()


@pytest.mark.parametrize(
    ("name", "given", "expected_text"),
    [
        ("RISK_HUB_ALARM_SPEED", "0", "from 1 to 60"),
        ("RISK_HUB_ALARM_SPEED", "fast", "from 1 to 60"),
        ("RISK_HUB_ALARM_WEBHOOK", "http://example.com/alarms", "https://"),
    ],
)
def test_up_rejects_an_invalid_alarm_setting_naming_it(
    command_line: CommandLine, name: str, given: str, expected_text: str
) -> None:
    assert_one_sentence(command_line.run("up", **{name: given}), f"{name}={given}", expected_text)


def test_stage_can_be_restarted_and_stopped_after_its_command_line_is_killed(
    command_line: CommandLine,
) -> None:
    with command_line.foreground() as running:
        assert running.stdout is not None
        until(running.stdout, "Running")
        running.kill()
    finished = command_line.run("up", "--detach")
    while "just starting or stopping" in finished.stderr or "already running" in finished.stderr:
        finished = command_line.run("up", "--detach")
    assert finished.returncode == 0, finished.stderr
    assert_down_ends_it(command_line)


def assert_down_ends_it(command_line: CommandLine) -> None:
    """Assert that nothing answers after `down`, and that the token is gone."""
    url = command_line.exports()["url"]
    assert command_line.run("down").returncode == 0
    assert command_line.run("status").returncode != 0
    with pytest.raises(OSError, match="refused"):
        call("GET", url)
    assert not command_line.settings.env_file.exists()


def until(lines: Iterable[str], text: str) -> None:
    for line in lines:
        if text in line:
            return
    pytest.fail(f"{text!r} was never said")


def test_up_names_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    finished = CommandLine(tmp_path / "file" / "stage").run("up", "--detach")
    assert_one_sentence(finished, str(tmp_path / "file" / "stage"))
