"""The monitor is called each minute, by a role that may do nothing else, and looks at every queue there is."""

from infra.names import WORKER_EVENTS
from infra.stages import STAGES
from tests.infra.assembly import Assembly, only, referent

MINUTE_SECONDS = 60


def logical_id(assembly: Assembly, folder: str) -> str:
    functions = assembly.resources("service", "AWS::Lambda::Function")
    (found,) = [name for name, each in functions.items() if f".{folder}." in each["Properties"]["Handler"]]
    return found


def test_the_monitor_is_called_each_minute(any_stage: Assembly) -> None:
    schedule = only(iter(any_stage.properties("service", "AWS::Scheduler::Schedule")))
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"]["Arn"]["Fn::GetAtt"][0] == logical_id(any_stage, "freshness_monitor")


def test_f24_a_minute_that_failed_is_not_made_up_for(any_stage: Assembly) -> None:
    schedule = only(iter(any_stage.properties("service", "AWS::Scheduler::Schedule")))
    invocation = only(iter(any_stage.properties("service", "AWS::Lambda::EventInvokeConfig")))
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert invocation["MaximumRetryAttempts"] == 0
    assert invocation["MaximumEventAgeInSeconds"] == MINUTE_SECONDS


def test_one_minute_is_over_before_the_next_begins(any_stage: Assembly) -> None:
    assert STAGES[any_stage.stage].freshness_monitor.timeout_seconds < MINUTE_SECONDS


def test_the_scheduler_may_call_the_monitor_and_nothing_else(any_stage: Assembly) -> None:
    schedule = only(iter(any_stage.properties("service", "AWS::Scheduler::Schedule")))
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


def test_the_monitor_looks_at_every_queue(local: Assembly) -> None:
    urls = local.function("freshness_monitor")["Environment"]["Variables"]["RISK_HUB_QUEUE_URLS"]
    seen = {referent(part) for part in urls["Fn::Join"][1] if part != ","}
    workers = {worker.replace("_", "-") for worker in WORKER_EVENTS}
    assert seen == {"relay-failures", *workers, *(f"{worker}-dead-letters" for worker in workers)}
