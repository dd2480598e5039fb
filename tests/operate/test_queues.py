"""`queues`: every queue of the template, its depth and its age."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from infra.ops.operate import cli
from infra.ops.operate.queue_list import queues_of
from tests.operate.conftest import STAGE, Run, Stage

TEMPLATE = Path(__file__).parents[2] / "infra" / "assembly" / "local" / "RiskHub-local-service.template.json"


def test_listed_queues_match_the_template() -> None:
    resources = json.loads(TEMPLATE.read_text(encoding="utf-8"))["Resources"].values()
    declared = {r["Properties"]["QueueName"] for r in resources if r["Type"] == "AWS::SQS::Queue"}
    assert {queue.name for queue in queues_of("local")} == declared


def test_each_dead_letter_queue_feeds_its_source_queue() -> None:
    resources = json.loads(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    queues = {name: r["Properties"] for name, r in resources.items() if r["Type"] == "AWS::SQS::Queue"}
    declared = {
        (
            queues[each["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]["QueueName"],
            each["QueueName"],
        )
        for each in queues.values()
        if "RedrivePolicy" in each
    }
    assert {(queue.name, queue.redrives_to) for queue in queues_of("local") if queue.redrives_to} == declared


def test_queues_shows_waiting_and_in_flight_counts_of_every_queue(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.send("risk-engine-dead-letters", "a", "b", "c")
    stage.sqs.receive_message(QueueUrl=stage.url("risk-engine-dead-letters"), VisibilityTimeout=60)
    assert run("queues", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {queue.name for queue in queues_of(STAGE)}
    row = rows[f"risk-hub-{STAGE}-risk-engine-dead-letters"]
    assert (row["kind"], row["waiting"], row["in_flight"]) == ("dead letters", 2, 1)
    assert row["oldest_age_seconds"] is None


def test_oldest_message_age_comes_from_cloudwatch(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"risk-hub-{STAGE}-exit-engine"
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [{"Name": "QueueName", "Value": name}],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=2),
                "Value": 42.0,
            }
        ],
    )
    assert stage.client("cloudwatch")
    assert run("queues", "--json") == 0
    ages = {row["name"]: row["oldest_age_seconds"] for row in json.loads(capsys.readouterr().out)}
    assert ages.pop(name) == 42
    assert set(ages.values()) == {None}


def test_queue_table_shows_a_dash_for_an_unknown_age(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.send("event-relay-failures", "a")
    assert run("queues") == 0
    printed = capsys.readouterr().out
    (row,) = [line for line in printed.splitlines() if "event-relay-failures" in line]
    assert row.split() == [f"risk-hub-{STAGE}-event-relay-failures", "relay", "failures", "1", "0", "-"]
    assert "CloudWatch had no age" in printed


@pytest.mark.usefixtures("stage")
def test_queues_of_an_undeployed_stage_prints_an_error_without_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["queues", "--stage-name", "prod"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert (
        "There is no queue risk-hub-prod-risk-engine in this account and region. Is the stage deployed"
        in printed.err
    )
    assert "Traceback" not in printed.err
