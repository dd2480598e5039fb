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
def test_dead_letters_come_back_to_their_work_queue(
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


def test_a_move_task_that_fails_is_one_sentence(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.sqs.move_tasks = True
    stage.sqs.outcome = {"Status": "FAILED", "FailureReason": "AccessDenied"}
    assert run("queues", "redrive", DEAD) == 1
    assert "FAILED after 3 messages: AccessDenied" in capsys.readouterr().err


def test_a_limit_is_kept_though_move_tasks_know_none(stage: Stage, run: Run) -> None:
    stage.sqs.move_tasks = True
    stage.send(DEAD, *(f"{i:02}" for i in range(13)))
    assert run("queues", "redrive", DEAD, "--limit", "12", "--rate", "500") == 0
    assert (len(stage.held(WORK)), len(stage.held(DEAD))) == (12, 1)
    assert stage.sqs.tasks == []


@pytest.mark.parametrize("move_tasks", [True, False])
def test_a_dry_run_moves_nothing(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str], *, move_tasks: bool
) -> None:
    stage.sqs.move_tasks = move_tasks
    stage.send(DEAD, "a", "b")
    assert run("queues", "redrive", DEAD, "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["messages"] == 2
    assert (stage.held(WORK), stage.held(DEAD)) == ([], ["a", "b"])


def test_a_message_keeps_its_attributes(stage: Stage, run: Run) -> None:
    attributes = {"RULE_ARN": {"DataType": "String", "StringValue": "arn:rule"}}
    stage.sqs.send_message(QueueUrl=stage.url(DEAD), MessageBody="a", MessageAttributes=attributes)
    assert run("queues", "redrive", DEAD) == 0
    answer = stage.sqs.receive_message(QueueUrl=stage.url(WORK), MessageAttributeNames=["All"])
    assert answer["Messages"][0]["MessageAttributes"] == attributes


def test_a_message_is_sent_before_it_is_deleted(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise refusal("Throttling", "DeleteMessage")

    stage.send(DEAD, "a")
    monkeypatch.setattr(stage.sqs.real, "delete_message", broken)
    assert run("queues", "redrive", DEAD) == 1
    assert stage.held(WORK) == ["a"]


def test_a_task_that_runs_already_is_told_and_not_worked_around(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def running(**_: Any) -> None:
        raise refusal("AWS.SimpleQueueService.UnsupportedOperation", "StartMessageMoveTask")

    stage.send(DEAD, "a")
    monkeypatch.setattr(stage.sqs, "start_message_move_task", running)
    assert run("queues", "redrive", DEAD) == 1
    assert "refused StartMessageMoveTask" in capsys.readouterr().err
    assert (stage.held(WORK), stage.held(DEAD)) == ([], ["a"])


def test_an_empty_queue_is_no_error(stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert stage.held(DEAD) == []
    assert run("queues", "redrive", DEAD) == 0
    assert "Moved 0 messages" in capsys.readouterr().out


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["redrive", "nothing"], "choose one of risk-hub-dev-risk-engine-dead-letters"),
        (["redrive", WORK], "is no queue of failures"),
        (["redrive", DEAD, "--limit", "0"], "whole number above 0"),
        (["redrive", DEAD, "--rate", "0"], "a number above 0"),
        (["redrive", DEAD, "--rate", "nan"], "a number above 0"),
        (["redrive", DEAD, "--rate", "501"], "at most 500"),
        (["redrive"], "name"),
        (["--surprise"], "No such option"),
    ],
)
def test_a_wrong_command_is_a_question_of_usage(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert run("queues", *arguments) == 2
    assert reason in capsys.readouterr().err


def test_a_stage_that_is_named_before_the_verb_is_not_forgotten(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.send(DEAD, "a")
    assert cli.main(["queues", "--stage-name", STAGE, "--json", "redrive", DEAD]) == 0
    assert json.loads(capsys.readouterr().out)["to"] == f"risk-hub-{STAGE}-{WORK}"


@pytest.mark.usefixtures("stage")
def test_a_redrive_on_a_stage_that_does_not_exist_is_a_wrong_command_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("nosuch", ""):
        assert cli.main(["queues", "redrive", "risk-engine-dead-letters", "--stage-name", name]) == 2
        assert "is no stage: choose one of" in capsys.readouterr().err
