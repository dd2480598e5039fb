"""Scheduled invocations: by a role with no other permission, and once each time."""

from typing import Any

import pytest

from infra.environments import ENVIRONMENTS
from infra.names import WORKER_EVENTS
from tests.infra.assembly import Assembly, only, referent

RATES = {"freshness_monitor": "rate(1 minute)", "blob_reaper": "rate(1 hour)"}
MINUTE_SECONDS = 60


def logical_id(assembly: Assembly, folder: str) -> str:
    functions = assembly.resources("service", "AWS::Lambda::Function")
    (found,) = [name for name, each in functions.items() if f".{folder}." in each["Properties"]["Handler"]]
    return found


def schedule_of(assembly: Assembly, folder: str) -> dict[str, Any]:
    name = f"risk-hub-{assembly.stage}-{folder.replace('_', '-')}"
    found = assembly.properties("service", "AWS::Scheduler::Schedule")
    return only(iter(each for each in found if each["Name"] == name))


def test_nothing_else_runs_by_the_clock(any_stage: Assembly) -> None:
    assert len(any_stage.properties("service", "AWS::Scheduler::Schedule")) == len(RATES)
    assert not [
        rule for rule in any_stage.properties("service", "AWS::Events::Rule") if "EventPattern" not in rule
    ]


@pytest.mark.parametrize("folder", RATES)
def test_a_function_is_called_at_its_rate(any_stage: Assembly, folder: str) -> None:
    schedule = schedule_of(any_stage, folder)
    assert schedule["ScheduleExpression"] == RATES[folder]
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"]["Arn"]["Fn::GetAtt"][0] == logical_id(any_stage, folder)


@pytest.mark.parametrize("folder", RATES)
def test_f24_a_run_that_failed_is_not_made_up_for(any_stage: Assembly, folder: str) -> None:
    assert schedule_of(any_stage, folder)["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    function = logical_id(any_stage, folder)
    configured = any_stage.properties("service", "AWS::Lambda::EventInvokeConfig")
    invocation = only(iter(each for each in configured if each["FunctionName"] == {"Ref": function}))
    assert invocation["MaximumRetryAttempts"] == 0
    assert invocation["MaximumEventAgeInSeconds"] == MINUTE_SECONDS


@pytest.mark.parametrize("folder", RATES)
def test_the_scheduler_may_call_that_function_and_nothing_else(any_stage: Assembly, folder: str) -> None:
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


def test_one_minute_of_the_monitor_is_over_before_the_next_begins(any_stage: Assembly) -> None:
    assert ENVIRONMENTS[any_stage.stage].freshness_monitor.timeout_seconds < MINUTE_SECONDS


def test_the_monitor_looks_at_every_queue(local: Assembly) -> None:
    urls = local.function("freshness_monitor")["Environment"]["Variables"]["RISK_HUB_QUEUE_URLS"]
    seen = {referent(part) for part in urls["Fn::Join"][1] if part != ","}
    workers = {worker.replace("_", "-") for worker in WORKER_EVENTS}
    assert seen == {"relay-failures", *workers, *(f"{worker}-dead-letters" for worker in workers)}
