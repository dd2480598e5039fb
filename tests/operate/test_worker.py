"""`worker --exec`: a queue of its own on the bus, a command for each event."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import names
from tests.operate.conftest import STAGE, Run, Stage

APPEND = "import sys; open(sys.argv[1], 'a').write(sys.stdin.readline())"
EVENT = {"type": "risk_snapshot_updated", "subject": "us20", "id": "e1"}


def message(**fields: Any) -> str:
    return json.dumps({"source": names.EVENT_SOURCE, "detail": EVENT | fields})


def appending(file: Path) -> str:
    return f'{sys.executable} -c "{APPEND}" {file}'


def test_each_event_is_handed_to_the_command_and_then_deleted(
    stage: Stage, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.send("risk-engine", message(), message(id="e2"))
    out, queue = tmp_path / "events", f"risk-hub-{STAGE}-risk-engine"
    asked = ("--exec", appending(out), "--queue", queue, "--max-events", "2", "--json")
    assert run("worker", *asked) == 0
    assert json.loads(capsys.readouterr().out) == {"succeeded": 2, "failed": 0}
    assert sorted(json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()) == [
        "e1",
        "e2",
    ]
    assert stage.held("risk-engine") == []


def test_an_event_that_the_command_fails_on_is_not_deleted(stage: Stage, run: Run) -> None:
    stage.send("risk-engine", message())
    queue = f"risk-hub-{STAGE}-risk-engine"
    failing = f"{sys.executable} -c 'raise SystemExit(4)'"
    assert run("worker", "--exec", failing, "--queue", queue, "--max-events", "1") == 1
    counts = stage.sqs.get_queue_attributes(QueueUrl=stage.url("risk-engine"), AttributeNames=["All"])
    assert counts["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_a_subscription_of_its_own_is_removed_at_the_end(stage: Stage, run: Run) -> None:
    events = boto3.client("events")
    events.create_event_bus(Name=names.bus_name(STAGE))
    before = len(stage.sqs.list_queues()["QueueUrls"])
    assert run("worker", "--exec", "true", "--idle-seconds", "1") == 0
    assert len(stage.sqs.list_queues()["QueueUrls"]) == before
    assert events.list_rules(EventBusName=names.bus_name(STAGE))["Rules"] == []


def test_a_message_that_is_no_event_is_left_and_the_next_is_handled(stage: Stage, run: Run) -> None:
    stage.send("risk-engine", "no JSON", "[]", message())
    queue = f"risk-hub-{STAGE}-risk-engine"
    assert run("worker", "--exec", "true", "--queue", queue, "--max-events", "3") == 1
    counts = stage.sqs.get_queue_attributes(QueueUrl=stage.url("risk-engine"), AttributeNames=["All"])
    assert counts["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "2"


def test_what_the_command_prints_does_not_mix_with_json(
    stage: Stage, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.send("risk-engine", message())
    queue = f"risk-hub-{STAGE}-risk-engine"
    assert run("worker", "--exec", "cat", "--queue", queue, "--max-events", "1", "--json") == 0
    out, err = capfd.readouterr()
    assert json.loads(out) == {"succeeded": 1, "failed": 0}
    assert '"id": "e1"' in err


def test_a_long_command_keeps_its_event(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("infra.operate.worker.RENEWAL_SECONDS", 0.1)
    monkeypatch.setattr("infra.operate.worker.VISIBILITY_SECONDS", 1)
    stage.send("risk-engine", message())
    out, queue = tmp_path / "events", f"risk-hub-{STAGE}-risk-engine"
    slow = f"sh -c 'cat >> {out}; sleep 1.5'"
    assert run("worker", "--exec", slow, "--queue", queue, "--idle-seconds", "1") == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 1
    assert stage.held("risk-engine") == []


def test_sigterm_leaves_no_queue_and_no_rule(stage: Stage, run: Run) -> None:
    events = boto3.client("events")
    events.create_event_bus(Name=names.bus_name(STAGE))
    before = len(stage.sqs.list_queues()["QueueUrls"])

    def terminated(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infra.operate.worker_command.work", terminated)
        assert run("worker", "--exec", "true") == 0
    assert len(stage.sqs.list_queues()["QueueUrls"]) == before
    assert events.list_rules(EventBusName=names.bus_name(STAGE))["Rules"] == []
