"""`queues redrive` of a worker's dead letters, with the service's move task and without one."""

import json
from typing import Any

import pytest

from infra.ops.operate import cli
from tests.operate.conftest import STAGE, Run, Stage, refusal

DEAD = "risk-engine-dead-letters"
WORK = "risk-engine"


@pytest.mark.parametrize("move_tasks", [True, False])
@pytest.mark.parametrize("name", [DEAD, f"risk-hub-{STAGE}-{DEAD}"])
def test_redrive_moves_dead_letters_back_to_their_work_queue(
    stage: Stage, run: Run, name: str, *, move_tasks: bool
) -> None:
    stage.sqs.move_tasks = move_tasks
    stage.send(DEAD, "a", "b", "c")
    stage.send("stress-engine-dead-letters", "another worker's")
    assert run("queues", "redrive", name) == 0
    assert stage.held(WORK) == ["a", "b", "c"]
    assert stage.held(DEAD) == []
    assert stage.held("stress-engine-dead-letters") == ["another worker's"]
    assert bool(stage.sqs.tasks) == move_tasks


def test_a_move_task_names_both_queues_and_the_rate(stage: Stage, run: Run) -> None:
    stage.sqs.move_tasks = True
    assert run("queues", "redrive", DEAD, "--rate", "7.5") == 0
    (task,) = stage.sqs.tasks
    assert task["SourceArn"].endswith(f":risk-hub-{STAGE}-{DEAD}")
    assert task["DestinationArn"].endswith(f":risk-hub-{STAGE}-{WORK}")
    assert task["MaxNumberOfMessagesPerSecond"] == 7


def test_failed_move_task_is_reported_with_its_reason(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.sqs.move_tasks = True
    stage.sqs.outcome = {"Status": "FAILED", "FailureReason": "AccessDenied"}
    assert run("queues", "redrive", DEAD) == 1
    assert "FAILED after 3 messages: AccessDenied" in capsys.readouterr().err


def test_redrive_limit_is_applied_without_a_move_task(stage: Stage, run: Run) -> None:
    stage.sqs.move_tasks = True
    stage.send(DEAD, *(f"{i:02}" for i in range(13)))
    assert run("queues", "redrive", DEAD, "--limit", "12", "--rate", "500") == 0
    assert (len(stage.held(WORK)), len(stage.held(DEAD))) == (12, 1)
    assert stage.sqs.tasks == []


@pytest.mark.parametrize("move_tasks", [True, False])
def test_redrive_dry_run_moves_no_message(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str], *, move_tasks: bool
) -> None:
    stage.sqs.move_tasks = move_tasks
    stage.send(DEAD, "a", "b")
    assert run("queues", "redrive", DEAD, "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["messages"] == 2
    assert (stage.held(WORK), stage.held(DEAD)) == ([], ["a", "b"])


def test_redriven_message_keeps_its_attributes(stage: Stage, run: Run) -> None:
    attributes = {"RULE_ARN": {"DataType": "String", "StringValue": "arn:rule"}}
    stage.sqs.send_message(QueueUrl=stage.url(DEAD), MessageBody="a", MessageAttributes=attributes)
    assert run("queues", "redrive", DEAD) == 0
    answer = stage.sqs.receive_message(QueueUrl=stage.url(WORK), MessageAttributeNames=["All"])
    assert answer["Messages"][0]["MessageAttributes"] == attributes


def test_redrive_sends_a_message_before_deleting_it(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise refusal("Throttling", "DeleteMessage")

    stage.send(DEAD, "a")
    monkeypatch.setattr(stage.sqs.real, "delete_message", broken)
    assert run("queues", "redrive", DEAD) == 1
    assert stage.held(WORK) == ["a"]


def test_redrive_reports_a_running_move_task_and_moves_nothing(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse_as_running(**_: Any) -> None:
        raise refusal("AWS.SimpleQueueService.UnsupportedOperation", "StartMessageMoveTask")

    stage.send(DEAD, "a")
    monkeypatch.setattr(stage.sqs, "start_message_move_task", refuse_as_running)
    assert run("queues", "redrive", DEAD) == 1
    assert "refused StartMessageMoveTask" in capsys.readouterr().err
    assert (stage.held(WORK), stage.held(DEAD)) == ([], ["a"])


def test_redrive_of_an_empty_queue_exits_with_status_0(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stage.held(DEAD) == []
    assert run("queues", "redrive", DEAD) == 0
    assert "Moved 0 messages" in capsys.readouterr().out


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["redrive", "nothing"], "choose one of risk-hub-dev-risk-engine-dead-letters"),
        (["redrive", WORK], "is not a failure queue"),
        (["redrive", DEAD, "--limit", "0"], "whole number above 0"),
        (["redrive", DEAD, "--rate", "0"], "a number above 0"),
        (["redrive", DEAD, "--rate", "nan"], "a number above 0"),
        (["redrive", DEAD, "--rate", "501"], "at most 500"),
        (["redrive"], "name"),
        (["--surprise"], "No such option"),
    ],
)
def test_invalid_queues_arguments_are_a_usage_error(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert run("queues", *arguments) == 2
    assert reason in capsys.readouterr().err


def test_stage_name_given_before_the_subcommand_is_used(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.send(DEAD, "a")
    assert cli.main(["queues", "--stage-name", STAGE, "--json", "redrive", DEAD]) == 0
    assert json.loads(capsys.readouterr().out)["to"] == f"risk-hub-{STAGE}-{WORK}"


@pytest.mark.usefixtures("stage")
def test_redrive_on_an_unknown_stage_is_a_usage_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("nosuch", ""):
        assert cli.main(["queues", "redrive", "risk-engine-dead-letters", "--stage-name", name]) == 2
        assert "is not a stage: choose one of" in capsys.readouterr().err
