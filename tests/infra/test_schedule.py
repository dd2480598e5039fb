"""Scheduled invocations: by a role with no other permission, and once each time."""

from typing import Any

import pytest

from infra.functions import FUNCTIONS, WORKER_EVENTS
from tests.infra.assembly import Assembly, only, referent

RATES = {
    "freshness_monitor": "rate(1 minute)",
    "blob_reaper": "rate(1 hour)",
    "anchor_keeper": "rate(1 hour)",
    "snapshot_mover": "rate(5 minutes)",
}
MINUTE_SECONDS = 60


def logical_id(assembly: Assembly, folder: str) -> str:
    functions = assembly.resources("service", "AWS::Lambda::Function")
    (found,) = [name for name, each in functions.items() if f".{folder}." in each["Properties"]["Handler"]]
    return found


def schedule_of(assembly: Assembly, folder: str) -> dict[str, Any]:
    name = f"risk-hub-{assembly.stage}-{folder.replace('_', '-')}"
    found = assembly.properties("service", "AWS::Scheduler::Schedule")
    return only(iter(each for each in found if each["Name"] == name))


def test_only_the_listed_schedules_exist(any_stage: Assembly) -> None:
    assert len(any_stage.properties("service", "AWS::Scheduler::Schedule")) == len(RATES)
    assert not [
        rule for rule in any_stage.properties("service", "AWS::Events::Rule") if "EventPattern" not in rule
    ]


@pytest.mark.parametrize("folder", RATES)
def test_function_is_scheduled_at_its_rate(any_stage: Assembly, folder: str) -> None:
    schedule = schedule_of(any_stage, folder)
    assert schedule["ScheduleExpression"] == RATES[folder]
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"]["Arn"]["Fn::GetAtt"][0] == logical_id(any_stage, folder)


@pytest.mark.parametrize("folder", RATES)
def test_f24_failed_scheduled_run_is_not_retried(any_stage: Assembly, folder: str) -> None:
    assert schedule_of(any_stage, folder)["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    function = logical_id(any_stage, folder)
    configured = any_stage.properties("service", "AWS::Lambda::EventInvokeConfig")
    invocation = only(iter(each for each in configured if each["FunctionName"] == {"Ref": function}))
    assert invocation["MaximumRetryAttempts"] == 0
    assert invocation["MaximumEventAgeInSeconds"] == MINUTE_SECONDS


@pytest.mark.parametrize("folder", RATES)
def test_scheduler_role_may_invoke_only_its_function(any_stage: Assembly, folder: str) -> None:
    schedule = schedule_of(any_stage, folder)
    role = schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]
    trust = any_stage.resources("service", "AWS::IAM::Role")[role]["Properties"]["AssumeRolePolicyDocument"]
    (trusted,) = trust["Statement"]
    assert trusted["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert "aws:SourceAccount" in trusted["Condition"]["StringEquals"]
    (policy,) = [
        each
        for each in any_stage.properties("service", "AWS::IAM::Policy")
        if each["Roles"] == [{"Ref": role}]
    ]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == schedule["Target"]["Arn"]


def test_freshness_monitor_timeout_is_shorter_than_its_schedule_interval() -> None:
    assert FUNCTIONS["freshness_monitor"].timeout_seconds < MINUTE_SECONDS


def test_mover_ends_before_its_next_run_and_runs_once_at_a_time(any_stage: Assembly) -> None:
    mover = FUNCTIONS["snapshot_mover"]
    assert mover.timeout_seconds < 5 * MINUTE_SECONDS
    reserved = {
        folder: any_stage.function(folder).get("ReservedConcurrentExecutions")
        for folder, spec in FUNCTIONS.items()
        if spec.single
    }
    assert reserved == {"snapshot_mover": 1}


def test_freshness_monitor_gets_the_url_of_every_queue(local: Assembly) -> None:
    urls = local.function("freshness_monitor")["Environment"]["Variables"]["RISK_HUB_QUEUE_URLS"]
    seen = {referent(part) for part in urls["Fn::Join"][1] if part != ","}
    workers = {worker.replace("_", "-") for worker in WORKER_EVENTS}
    assert seen == {"relay-failures", *workers, *(f"{worker}-dead-letters" for worker in workers)}
