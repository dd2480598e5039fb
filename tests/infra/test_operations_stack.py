from typing import Any

import pytest

from infra.names import FUNCTION_FOLDERS
from infra.stages import STAGES
from tests.infra.assembly import Assembly, only

SILENCE = {
    "AWS/ApiGateway": "notBreaching",
    "AWS/Lambda": "notBreaching",
    "AWS/SQS": "notBreaching",
    "AWS/DynamoDB": "ignore",
}
NAMED_BY = {
    "FunctionName": ("service", "AWS::Lambda::Function", "FunctionName"),
    "QueueName": ("service", "AWS::SQS::Queue", "QueueName"),
    "TableName": ("data", "AWS::DynamoDB::Table", "TableName"),
    "ApiName": ("service", "AWS::ApiGateway::RestApi", "Name"),
    "Stage": ("service", "AWS::ApiGateway::Stage", "StageName"),
}
WORKERS = ("risk-engine", "stress-engine", "exit-engine")


def alarms(assembly: Assembly) -> dict[str, dict[str, Any]]:
    prefix = f"risk-hub-{assembly.stage}-"
    found = assembly.properties("operations", "AWS::CloudWatch::Alarm")
    return {each["AlarmName"].removeprefix(prefix): each for each in found}


def test_the_local_stage_has_no_operations_stack(local: Assembly) -> None:
    assert local.parts() == ["data", "service"]


def test_every_cloud_stage_is_watched(cloud_stage: Assembly) -> None:
    assert cloud_stage.parts() == ["data", "service", "operations"]


def test_every_step_of_a_snapshots_way_has_its_alarm(cloud_stage: Assembly) -> None:
    functions = [folder.replace("_", "-") for folder in FUNCTION_FOLDERS]
    assert set(alarms(cloud_stage)) == {
        "api-server-errors",
        *(f"{function}-{what}" for function in functions for what in ("errors", "throttles")),
        *(f"{t}-{k}-throttles" for t in ("snapshots", "worlds", "evaluations") for k in ("read", "write")),
        "event-relay-iterator-age",
        "relay-failures",
        *(f"{worker}-{what}" for worker in WORKERS for what in ("dead-letters", "queue-age")),
    }


def test_inv12_every_alarm_watches_a_resource_that_is_deployed(cloud_stage: Assembly) -> None:
    for name, alarm in alarms(cloud_stage).items():
        for dimension in alarm["Dimensions"]:
            part, resource_type, attribute = NAMED_BY[dimension["Name"]]
            deployed = {
                each[attribute]
                for each in cloud_stage.properties("data" if part == "data" else "service", resource_type)
            }
            assert dimension["Value"] in deployed, name


def test_f23_silence_is_treated_on_purpose(cloud_stage: Assembly) -> None:
    treated = {name: alarm["TreatMissingData"] for name, alarm in alarms(cloud_stage).items()}
    assert treated == {name: SILENCE[alarm["Namespace"]] for name, alarm in alarms(cloud_stage).items()}


@pytest.mark.parametrize(
    ("alarm", "statistic", "threshold", "periods"),
    [
        *((f"{worker}-dead-letters", "Maximum", 1, 1) for worker in WORKERS),
        *((f"{worker}-queue-age", "Maximum", 300, 3) for worker in WORKERS),
        ("relay-failures", "Maximum", 1, 1),
        ("event-relay-iterator-age", "Maximum", 60_000, 3),
        ("snapshot-writer-errors", "Sum", 1, 1),
    ],
)
def test_an_alarm_rings_at_its_limit(
    prod: Assembly,
    alarm: str,
    statistic: str,
    threshold: float,
    periods: int,
) -> None:
    found = alarms(prod)[alarm]
    assert found["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert (found["Statistic"], found["Threshold"], found["EvaluationPeriods"]) == (
        statistic,
        threshold,
        periods,
    )


def test_every_alarm_says_what_to_do_and_tells_the_operators(cloud_stage: Assembly) -> None:
    (topic,) = cloud_stage.resources("operations", "AWS::SNS::Topic")
    for alarm in alarms(cloud_stage).values():
        assert alarm["AlarmDescription"]
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


def test_the_topic_refuses_plain_http(cloud_stage: Assembly) -> None:
    policy = only(iter(cloud_stage.properties("operations", "AWS::SNS::TopicPolicy")))["PolicyDocument"]
    denied = [each["Condition"] for each in policy["Statement"] if each["Effect"] == "Deny"]
    assert denied == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_events_can_be_replayed_for_as_long_as_the_stage_says(cloud_stage: Assembly) -> None:
    archive = only(iter(cloud_stage.properties("operations", "AWS::Events::Archive")))
    assert archive["RetentionDays"] == STAGES[cloud_stage.stage].event_archive_days
    assert archive["EventPattern"] == {"source": ["risk-signal-hub"]}


def test_operations_can_go_without_holding_the_other_stacks(cloud_stage: Assembly) -> None:
    assert "Fn::ImportValue" not in str(cloud_stage.template("operations"))
