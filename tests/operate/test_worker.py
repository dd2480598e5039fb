"""`worker --exec`: a queue on the bus, a command for each event, and the location of an event whose command
failed.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import names
from infra.ops.operate.queue_list import queues_of
from infra.ops.operate.worker import process_events
from tests.operate.conftest import STAGE, Run, Stage, bodies

APPEND = "import sys; open(sys.argv[1], 'a').write(sys.stdin.readline())"
EVENT = {"type": "risk_snapshot_updated", "subject": "us20", "id": "e1"}


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """The stage, with an additional queue that a consumer created."""
    stage.sqs.create_queue(QueueName=f"risk-hub-{STAGE}-orders")
    return stage


def message(**fields: Any) -> str:
    return json.dumps({"source": names.EVENT_SOURCE, "detail": EVENT | fields})


def appending(file: Path) -> str:
    return f'{sys.executable} -c "{APPEND}" {file}'


def test_worker_passes_each_event_to_the_command_and_deletes_it(
    stage: Stage, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.send("orders", message(), message(id="e2"))
    out, queue = tmp_path / "events", f"risk-hub-{STAGE}-orders"
    requested = ("--exec", appending(out), "--queue", queue, "--max-events", "2", "--json")
    assert run("worker", *requested) == 0
    assert json.loads(capsys.readouterr().out) == {"succeeded": 2, "failed": 0}
    assert sorted(json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()) == [
        "e1",
        "e2",
    ]
    assert stage.held("orders") == []


def test_event_of_a_failed_command_is_not_deleted(stage: Stage, run: Run) -> None:
    stage.send("orders", message())
    queue = f"risk-hub-{STAGE}-orders"
    failing = f"{sys.executable} -c 'raise SystemExit(4)'"
    assert run("worker", "--exec", failing, "--queue", queue, "--max-events", "1") == 1
    counts = stage.sqs.get_queue_attributes(QueueUrl=stage.url("orders"), AttributeNames=["All"])
    assert counts["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_temporary_subscription_is_removed_when_the_worker_ends(stage: Stage, run: Run) -> None:
    events = boto3.client("events")
    events.create_event_bus(Name=names.bus_name(STAGE))
    before = len(stage.sqs.list_queues()["QueueUrls"])
    assert run("worker", "--exec", "true", "--idle-seconds", "1") == 0
    assert len(stage.sqs.list_queues()["QueueUrls"]) == before
    assert events.list_rules(EventBusName=names.bus_name(STAGE))["Rules"] == []


def test_malformed_message_is_kept_and_the_next_is_handled(stage: Stage, run: Run) -> None:
    stage.send("orders", "no JSON", "[]", message())
    queue = f"risk-hub-{STAGE}-orders"
    assert run("worker", "--exec", "true", "--queue", queue, "--max-events", "3") == 1
    counts = stage.sqs.get_queue_attributes(QueueUrl=stage.url("orders"), AttributeNames=["All"])
    assert counts["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "2"


def test_command_output_goes_to_stderr_with_the_json_option(
    stage: Stage, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.send("orders", message())
    queue = f"risk-hub-{STAGE}-orders"
    assert run("worker", "--exec", "cat", "--queue", queue, "--max-events", "1", "--json") == 0
    out, err = capfd.readouterr()
    assert json.loads(out) == {"succeeded": 1, "failed": 0}
    assert '"id": "e1"' in err


def test_event_of_a_long_command_is_not_delivered_twice(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("infra.ops.operate.worker_exec.RENEWAL_SECONDS", 0.1)
    monkeypatch.setattr("infra.ops.operate.worker.VISIBILITY_SECONDS", 1)
    stage.send("orders", message())
    out, queue = tmp_path / "events", f"risk-hub-{STAGE}-orders"
    slow = f"sh -c 'cat >> {out}; sleep 1.5'"
    assert run("worker", "--exec", slow, "--queue", queue, "--idle-seconds", "1") == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 1
    assert stage.held("orders") == []


def test_sigterm_leaves_no_queue_and_no_rule(stage: Stage, run: Run) -> None:
    events = boto3.client("events")
    events.create_event_bus(Name=names.bus_name(STAGE))
    before = len(stage.sqs.list_queues()["QueueUrls"])

    def terminated(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infra.ops.operate.worker_command.process_events", terminated)
        assert run("worker", "--exec", "true") == 0
    assert len(stage.sqs.list_queues()["QueueUrls"]) == before
    assert events.list_rules(EventBusName=names.bus_name(STAGE))["Rules"] == []


@pytest.mark.parametrize("queue", [queue.name for queue in queues_of(STAGE) + queues_of("other")])
def test_worker_refuses_each_queue_of_the_hub_and_its_events_stay(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str], queue: str
) -> None:
    url = str(stage.sqs.create_queue(QueueName=queue)["QueueUrl"])
    stage.sqs.send_message(QueueUrl=url, MessageBody=message())
    assert run("worker", "--exec", "true", "--queue", queue, "--max-events", "1") == 1
    printed = " ".join(capsys.readouterr().err.split())
    assert f"--queue {queue} is a queue of the hub itself" in printed
    assert "Give --name NAME" in printed
    assert ("`risk-hub queues redrive` sends its events again" in printed) is queue.endswith(
        ("-dead-letters", "-failures")
    )
    assert bodies(stage.sqs, url) == [message()]


def test_worker_reads_a_kept_queue_that_is_named_like_a_function(
    stage: Stage, bus: Any, run: Run, tmp_path: Path
) -> None:
    assert rules(bus) == []
    queue, out = f"risk-hub-{STAGE}-worker-risk-engine", tmp_path / "events"
    assert run("worker", "--exec", "true", "--name", "risk-engine", "--idle-seconds", "1") == 0
    deliver(stage, queue)
    assert run("worker", "--exec", appending(out), "--queue", queue, "--max-events", "1") == 0
    assert json.loads(out.read_text(encoding="utf-8"))["id"] == "e1"


@pytest.fixture
def bus(stage: Stage) -> Any:
    assert stage
    events = boto3.client("events")
    events.create_event_bus(Name=names.bus_name(STAGE))
    return events


def rules(bus: Any) -> list[str]:
    return [rule["Name"] for rule in bus.list_rules(EventBusName=names.bus_name(STAGE))["Rules"]]


def worker_queues(stage: Stage) -> list[str]:
    found = stage.sqs.list_queues(QueueNamePrefix=f"risk-hub-{STAGE}-worker-").get("QueueUrls", [])
    return sorted(url.rpartition("/")[2] for url in found)


@pytest.mark.parametrize(
    ("command", "expected_text"),
    [
        ("nosuch --flag", "No executable program 'nosuch' was found on the PATH"),
        ("/nonexistent/program", "No executable program '/nonexistent/program'"),
        ("cat; echo", "The command contains ';', which only a shell interprets. Add --shell"),
        ("cat | jq .", "contains '|'"),
        ("cat > file", "contains '>'"),
        ("cat && true", "contains '&'"),
        ("echo $HOME", "contains '$'"),
        ('echo "$HOME"', "contains '$'"),
        ("echo `date`", "contains '`'"),
        ("ls *.json", "contains '*'"),
        ("cat ~/file", "contains '~'"),
        ("cat 'unclosed", "The command cannot be read: No closing quotation"),
        ("", "The command is empty"),
        ("  ", "The command is empty"),
    ],
)
def test_unrunnable_command_is_rejected_before_subscribing(  # noqa: PLR0913, PLR0917 - parameters
    stage: Stage, bus: Any, run: Run, capsys: pytest.CaptureFixture[str], command: str, expected_text: str
) -> None:
    assert run("worker", "--exec", command) == 2
    printed = " ".join(capsys.readouterr().err.split())
    assert expected_text in printed
    assert "Traceback" not in printed
    assert worker_queues(stage) == rules(bus) == []


@pytest.mark.parametrize(
    "command", ["echo 'a;b' \"c|d\" e\\;f", "echo a~b", "printf %s '$HOME'", "true --key=value"]
)
def test_quoted_shell_characters_are_accepted_without_the_shell_option(
    stage: Stage, run: Run, command: str
) -> None:
    stage.send("orders", message())
    queue = f"risk-hub-{STAGE}-orders"
    assert run("worker", "--exec", command, "--queue", queue, "--max-events", "1") == 0


def test_shell_option_runs_the_command_in_a_shell(
    stage: Stage, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.send("orders", message())
    requested = ("--queue", f"risk-hub-{STAGE}-orders", "--max-events", "1")
    assert run("worker", "--shell", "--exec", "cat | tr a-z A-Z; echo done", *requested) == 0
    assert '"ID": "E1"' in capfd.readouterr().out


def test_command_with_a_shell_syntax_error_is_rejected(
    stage: Stage, bus: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("worker", "--shell", "--exec", "if true; then") == 2
    assert "The shell cannot read the command" in " ".join(capsys.readouterr().err.split())
    assert worker_queues(stage) == rules(bus) == []


def test_program_that_cannot_start_fails_its_event_without_traceback(
    stage: Stage, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "program"
    program.write_text("no executable format", encoding="ascii")
    program.chmod(0o755)
    stage.send("orders", message())
    queue = f"risk-hub-{STAGE}-orders"
    assert run("worker", "--exec", str(program), "--queue", queue, "--max-events", "1") == 1
    printed = capsys.readouterr().err
    assert (
        "event e1 (risk_snapshot_updated us20): the command could not be started (Exec format error)"
        in printed
    )
    assert f"it stays in {queue} and is delivered again" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("program", "expected_text"),
    [
        ("raise SystemExit(4)", "ended with status 4"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9"),
    ],
)
def test_failed_command_message_names_the_queue_of_the_event(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str], program: str, expected_text: str
) -> None:
    stage.send("orders", message())
    queue = f"risk-hub-{STAGE}-orders"
    failing = f"{sys.executable} -c '{program}'"
    assert run("worker", "--exec", failing, "--queue", queue, "--max-events", "1") == 1
    printed = capsys.readouterr()
    assert f"event e1 (risk_snapshot_updated us20): the command {expected_text}" in printed.err
    assert f"1 event not handled: in {queue}. Handle again: risk-hub worker --queue {queue}" in printed.err
    assert "0 events handled, 1 failed" in printed.out


def deliver(stage: Stage, queue: str) -> None:
    """Deliver an event to a rule's target, as the bus does."""
    stage.sqs.send_message(QueueUrl=stage.sqs.url(queue), MessageBody=message())


def test_temporary_queue_is_kept_while_it_holds_a_failed_event(
    stage: Stage,
    bus: Any,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("infra.ops.operate.worker.VISIBILITY_SECONDS", 0)
    monkeypatch.setattr("secrets.token_hex", lambda _: "abcd")
    queue = f"risk-hub-{STAGE}-worker-abcd"

    def delivered(*_: Any, **options: Any) -> Any:
        deliver(stage, queue)
        return process_events(*_, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infra.ops.operate.worker_command.process_events", delivered)
        assert run("worker", "--exec", "false", "--max-events", "1") == 1
    assert worker_queues(stage) == [queue]
    assert rules(bus) == []
    assert f"Remove: risk-hub worker --remove abcd --stage-name {STAGE}" in capsys.readouterr().err
    assert run("worker", "--exec", "true", "--queue", queue, "--max-events", "1") == 0
    assert run("worker", "--remove", "abcd") == 0
    assert worker_queues(stage) == []


def test_named_worker_queue_persists_between_runs(
    stage: Stage, bus: Any, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue, out = f"risk-hub-{STAGE}-worker-orders", tmp_path / "events"
    assert run("worker", "--exec", "true", "--name", "orders", "--idle-seconds", "1") == 0
    assert worker_queues(stage) == [queue, f"{queue}-dead-letters"]
    assert rules(bus) == [queue]
    deliver(stage, queue)
    assert run("worker", "--exec", appending(out), "--name", "orders", "--max-events", "1") == 0
    assert json.loads(out.read_text(encoding="utf-8"))["id"] == "e1"
    assert run("worker", "--remove", "orders") == 0
    assert f"Removed {queue} and its rule." in capsys.readouterr().out
    assert worker_queues(stage) == rules(bus) == []


def test_event_that_fails_five_times_moves_to_the_dead_letter_queue(
    stage: Stage, bus: Any, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bus
    monkeypatch.setattr("infra.ops.operate.worker.VISIBILITY_SECONDS", 0)
    queue = f"risk-hub-{STAGE}-worker-orders"
    assert run("worker", "--exec", "true", "--name", "orders", "--idle-seconds", "1") == 0
    deliver(stage, queue)
    assert run("worker", "--exec", "false", "--name", "orders", "--idle-seconds", "2") == 1
    printed = capsys.readouterr().err
    assert printed.count("the command ended with status 1") == 5
    assert f"moves to {queue}-dead-letters after 5 failures" in printed
    assert f"not handled: in {queue} or {queue}-dead-letters" in printed
    dead = ("--queue", f"{queue}-dead-letters", "--max-events", "1")
    assert run("worker", "--exec", "true", *dead) == 0
    assert run("worker", "--remove", "orders") == 0


@pytest.mark.parametrize("name", ["orders-dead-letters", "dead-letters"])
@pytest.mark.parametrize("option", ["--name", "--remove"])
@pytest.mark.usefixtures("bus")
def test_worker_name_that_ends_like_a_dead_letter_queue_is_rejected(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str], name: str, option: str
) -> None:
    assert run("worker", "--exec", "true", "--name", "orders", "--idle-seconds", "1") == 0
    before = worker_queues(stage)
    command = ("--exec", "true") if option == "--name" else ()
    assert run("worker", *command, option, name) == 2
    assert "dead-letters" in capsys.readouterr().err
    assert worker_queues(stage) == before


def test_worker_prints_one_event_in_the_singular(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.send("orders", message())
    queue = f"risk-hub-{STAGE}-orders"
    assert run("worker", "--exec", "true", "--queue", queue, "--max-events", "1") == 0
    assert capsys.readouterr().out == "1 event handled, 0 failed\n"


@pytest.mark.parametrize("text", ["A", "a b", "-a", "a-", "a" * 31, "", "a.fifo"])
def test_invalid_worker_queue_name_is_rejected(stage: Stage, run: Run, text: str) -> None:
    assert run("worker", "--exec", "true", "--name", text) == 2
    assert worker_queues(stage) == []


def test_missing_worker_queue_error_lists_the_existing_ones(
    stage: Stage, bus: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bus
    assert stage
    assert run("worker", "--exec", "true", "--name", "orders", "--idle-seconds", "1") == 0
    assert run("worker", "--remove", "nope") == 1
    assert "There is no worker queue 'nope' on stage dev. Kept: orders." in capsys.readouterr().err
    assert run("worker", "--exec", "true", "--queue", "nope") == 1
    assert "There is no queue nope in this account and region" in capsys.readouterr().err


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    "arguments",
    [(), ("--exec", "true", "--remove", "a"), ("--exec", "true", "--name", "a", "--queue", "b")],
)
def test_mutually_exclusive_worker_options_are_a_usage_error(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("worker", *arguments) == 2


def test_unknown_event_type_is_a_usage_error(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stage
    assert run("worker", "--exec", "true", "--event", "risk_snapshot_update") == 2
    assert "choose from risk_snapshot_updated, risk_evaluated" in capsys.readouterr().err
