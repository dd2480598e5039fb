"""The state is saved at intervals after changes, and a save holds what the emulator itself would save."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.local import saving
from infra.local.asgi import Message, Receive, Scope, Send
from infra.local.process_environment import process_environment
from infra.local.saved_state import saves_in
from infra.local.saving import Capture, StateSaver, changes_state
from infra.local.settings import REPOSITORY, LocalSettings

INTERVAL_SECONDS = 0.02
COMPARED = """
import json, sys
from ministack import app
from ministack.core import persistence
from ministack.services import cloudwatch_logs, dynamodb
from infra.local.state_capture import capture

table = {"TableName": "t", "items": {"w": {"v": {"a": {"S": "1"}, "b": {"B": b"\\x00"}}}}, dynamodb._INDEX_MEMBERS: {}}
dynamodb._tables.set_scoped("000000000000", "us-east-1", "t", table)
dynamodb._ttl_settings.set_scoped("000000000000", "us-east-1", "t", {"Enabled": True})
group = {"arn": "g", "retentionInDays": 30, "streams": {"s": {"events": [{"message": "m"}]}}}
cloudwatch_logs._log_groups.set_scoped("000000000000", "us-east-1", "g", group)
own = json.dumps(dynamodb.get_state(), default=persistence._json_default)
saved = {"at_intervals": capture(everything=False), "at_the_end": capture(everything=True)}
print(json.dumps({"own": json.loads(own), **saved}))
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalSettings:
    settings = LocalSettings(tmp_path, 0, 0)
    settings.state.mkdir()
    settings.target_file.touch()
    monkeypatch.setattr(saving, "SAVE_INTERVAL_SECONDS", INTERVAL_SECONDS)
    return settings


@pytest.fixture
def saver(settings: LocalSettings) -> StateSaver:
    return saver_of(settings, lambda **_: {"dynamodb.json": "{}"})


def saver_of(settings: LocalSettings, capture: Capture) -> StateSaver:
    return StateSaver(capture, settings.state, settings.saves, "mark", settings.target_file)


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    """Replace the emulator."""


async def change(saver: StateSaver) -> None:
    async def receive() -> Message:
        return {}

    async def send(_: Message) -> None: ...

    put = {"type": "http", "method": "POST", "headers": [(b"x-amz-target", b"DynamoDB_20120810.PutItem")]}
    await saver.with_change_tracking(answering)(put, receive, send)


async def running(saver: StateSaver, *changes_at: float) -> None:
    task = asyncio.create_task(saver.run())
    for seconds in changes_at:
        await asyncio.sleep(seconds)
        await change(saver)
    await asyncio.sleep(INTERVAL_SECONDS * 20)
    task.cancel()


def numbers(folder: Path) -> list[str]:
    return [each.name for each in saves_in(folder / "saves")]


def test_nothing_is_saved_while_nothing_changes(saver: StateSaver, tmp_path: Path) -> None:
    asyncio.run(running(saver))
    assert numbers(tmp_path) == []


def test_each_change_is_saved_once(saver: StateSaver, tmp_path: Path) -> None:
    asyncio.run(running(saver, 0, INTERVAL_SECONDS * 10))
    assert numbers(tmp_path) == ["00000002"]


def test_undeployed_stage_saves_nothing_and_keeps_the_previous_save(
    saver: StateSaver, tmp_path: Path
) -> None:
    asyncio.run(saver.finish())
    (tmp_path / "api-target.json").unlink()
    asyncio.run(running(saver, 0))
    asyncio.run(saver.finish())
    assert numbers(tmp_path) == ["00000001"]


def test_failed_save_is_logged_and_retried(
    settings: LocalSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    failures = iter([OSError("disk full"), RuntimeError("changed size during iteration")])

    def capture(*, everything: bool) -> Mapping[str, str]:
        assert not everything
        for error in failures:
            raise error
        return {"dynamodb.json": "{}"}

    asyncio.run(running(saver_of(settings, capture), 0))
    assert numbers(tmp_path) == ["00000001"]
    assert caplog.text.count("The state could not be saved; the last save is kept") == 2


@pytest.mark.parametrize("jump_seconds", [-86_400.0, 86_400.0])
def test_clock_jump_does_not_change_the_save_interval(
    saver: StateSaver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_seconds: float
) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + jump_seconds)
    asyncio.run(running(saver, 0, INTERVAL_SECONDS * 10))
    assert numbers(tmp_path) == ["00000002"]


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("POST", b"DynamoDB_20120810.PutItem", True),
        ("POST", b"DynamoDB_20120810.TransactWriteItems", True),
        ("POST", b"secretsmanager.PutSecretValue", True),
        ("POST", b"AmazonSQS.DeleteMessage", True),
        ("PUT", b"", True),
        ("DELETE", b"", True),
        ("POST", b"", True),
        ("POST", b"DynamoDB_20120810.Query", False),
        ("POST", b"DynamoDB_20120810.TransactGetItems", False),
        ("POST", b"AmazonSQS.ReceiveMessage", False),
        ("POST", b"GraniteServiceVersion20100801.PutMetricData", False),
        ("GET", b"", False),
        ("HEAD", b"", False),
    ],
)
def test_writes_change_the_state_and_reads_do_not(method: str, target: bytes, *, expected: bool) -> None:
    headers = [(b"x-amz-target", target)] if target else []
    assert changes_state({"method": method, "headers": headers}) is expected


def test_save_contains_the_emulators_tables_and_log_lines_only_at_the_end(
    tmp_path: Path,
) -> None:
    environment = process_environment(LocalSettings(tmp_path, 0, 0), 1)
    done = subprocess.run(
        [sys.executable, "-c", COMPARED],
        env={**environment, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'contracts' / 'src'}"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    at_intervals, at_the_end = found["at_intervals"], found["at_the_end"]
    for saved in (at_intervals, at_the_end):
        assert json.loads(saved["dynamodb.json"])["payload"] == found["own"]
    logs = "cloudwatch_logs.json"
    assert '"streams": {}' in at_intervals[logs]
    assert '"retentionInDays": 30' in at_intervals[logs]
    assert '"message": "m"' in at_the_end[logs]
