"""The operator's commands on a stage: dead letters are redriven and processed, a replay changes nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra.local.bring_up import RunningStage
from infra.local.settings import REPOSITORY, LocalSettings
from infra.names import dead_letter_queue_name, physical_name, queue_name, relay_failures_name
from tests.local_stage.caller import DEADLINE_SECONDS, Caller, new_world, small_body, wait_until
from tests.local_stage.subscription import Subscription

COVARIANCE = {"ids": ["AAPL", "MSFT"], "upper": [0.0004, 0.0002, 0.0003]}
WHOLE_TIME = ("--from", "2020-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z")

Operate = Callable[..., Any]


@pytest.fixture
def operate(stage: RunningStage, settings: LocalSettings) -> Operate:
    """Run a command as an operator does and return its JSON document."""
    assert stage.process.record.is_alive()

    def command(*arguments: str, status: int = 0) -> Any:
        ended = subprocess.run(
            [sys.executable, "-m", "infra.ops.operate", *arguments, "--json"],
            cwd=REPOSITORY,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": ".:contracts/src:client/src",
                "RISK_HUB_LOCAL_DIR": str(settings.home),
            },
            capture_output=True,
            encoding="utf-8",
            timeout=DEADLINE_SECONDS,
            check=False,
        )
        assert ended.returncode == status, ended.stderr
        return json.loads(ended.stdout)

    return command


@contextmanager
def broken_engine(stage: RunningStage) -> Iterator[None]:
    """Give the risk engine a missing table, and its queue no retries."""
    lambda_, sqs = stage.aws.client("lambda"), stage.aws.client("sqs")
    function = physical_name("local", "risk_engine")
    url = sqs.get_queue_url(QueueName=queue_name("local", "risk_engine"))["QueueUrl"]
    variables = lambda_.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    names = ["VisibilityTimeout", "RedrivePolicy"]
    patient = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    policy = json.dumps({**json.loads(patient["RedrivePolicy"]), "maxReceiveCount": 1})
    broken = {**variables, "RISK_HUB_EVALUATIONS_TABLE": "nowhere"}
    lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": broken})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1", "RedrivePolicy": policy})
    try:
        yield
    finally:
        lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
        sqs.set_queue_attributes(QueueUrl=url, Attributes=patient)


def waiting(operate: Operate, queue: str) -> int:
    rows = {row["name"]: row for row in operate("queues")}
    return int(rows[queue]["waiting"])


def evaluations(stage: RunningStage, world: str) -> list[Any]:
    answer = stage.aws.client("dynamodb").query(
        TableName=stage.deployment.outputs["EvaluationsTableName"],
        KeyConditionExpression="world_id = :world",
        ExpressionAttributeValues={":world": {"S": world}},
        ConsistentRead=True,
    )
    items: list[Any] = answer["Items"]
    return items


def test_dead_letter_is_listed_redriven_and_processed(
    stage: RunningStage, hub: Caller, operate: Operate
) -> None:
    dead, world = dead_letter_queue_name("local", "risk_engine"), new_world()
    with broken_engine(stage):
        assert hub.post(world, small_body(covariance=COVARIANCE)).status == 201
        wait_until(lambda: waiting(operate, dead) > 0, "the message did not become a dead letter")
    assert hub.get(f"/risk-hub/worlds/{world}/snapshots/v1/risk").status == 404
    assert operate("queues", "redrive", dead, "--dry-run")["messages"] > 0
    assert operate("queues", "redrive", "risk-engine-dead-letters")["messages"] > 0
    assert waiting(operate, dead) == 0
    assert hub.risk(world, "v1", within_seconds=DEADLINE_SECONDS)["measures"]


def test_f28_replay_repeats_events_and_changes_no_stored_report(
    stage: RunningStage, hub: Caller, subscription: Subscription, operate: Operate
) -> None:
    world = new_world()
    for version in ("v1", "v2", "v3"):
        assert hub.post(world, small_body(version, covariance=COVARIANCE)).status == 201
    wait_until(
        lambda: len(evaluations(stage, world)) >= 9, "risk, its forecast, and stress of three versions"
    )
    wait_until_at_rest(operate)
    first = subscription.details(world, "risk_snapshot_updated")["detail"]
    before, latest = (
        evaluations(stage, world),
        hub.get(f"/risk-hub/worlds/{world}/snapshots/latest").document(),
    )
    done = operate("events", "replay", "--world", world, *WHOLE_TIME, "--rate", "2")
    assert (done["announced"], done["cursor"]) == (3, None)
    repeated = subscription.wait(lambda detail: detail.get("replay") and detail["id"] == first["id"])
    assert repeated["detail"]["data"] == first["data"]
    wait_until_at_rest(operate)
    assert evaluations(stage, world) == before
    assert hub.get(f"/risk-hub/worlds/{world}/snapshots/latest").document() == latest


def wait_until_at_rest(operate: Operate) -> None:
    def at_rest() -> bool:
        rows = operate("queues")
        return not any(row["waiting"] + row["in_flight"] for row in rows if row["kind"] == "work")

    wait_until(at_rest, "the work queues did not empty")


def test_f10_redriven_relay_failure_is_announced_from_the_table(
    stage: RunningStage, hub: Caller, subscription: Subscription, operate: Operate
) -> None:
    world, sqs = new_world(), stage.aws.client("sqs")
    hub.post(world, small_body())
    first = subscription.details(world, "risk_snapshot_updated")["detail"]
    url = sqs.get_queue_url(QueueName=relay_failures_name("local"))["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)
    keys = {"world_id": {"S": world}, "version": {"S": "v1"}}
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"reason": "for a test", "keys": keys}))
    done = operate("queues", "redrive", "event-relay-failures")
    assert (done["messages"], done["announced"], done["left"]) == (1, 1, [])
    repeated = subscription.wait(lambda detail: detail.get("replay") and detail["subject"] == world)
    assert repeated["detail"]["id"] == first["id"]
    assert waiting(operate, relay_failures_name("local")) == 0


def test_invalid_record_stays_in_the_failure_queue_after_a_redrive(
    stage: RunningStage, operate: Operate
) -> None:
    poison, sqs = new_world(), stage.aws.client("sqs")
    url = sqs.get_queue_url(QueueName=relay_failures_name("local"))["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)
    stage.aws.client("dynamodb").put_item(
        TableName=stage.deployment.outputs["SnapshotsTableName"],
        Item={"world_id": {"S": poison}, "version": {"S": "no-snapshot"}},
    )
    wait_until(lambda: waiting(operate, relay_failures_name("local")) > 0, "the failure queue stayed empty")
    done = operate("queues", "redrive", "event-relay-failures", status=1)
    assert any("no-snapshot" in reason and poison in reason for reason in done["left"])
    assert waiting(operate, relay_failures_name("local")) == len(done["left"])
