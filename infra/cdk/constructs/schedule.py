"""EventBridge schedule that invokes a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra import names
from infra.cdk.nag import acknowledge

if TYPE_CHECKING:
    from infra.cdk.constructs.hub_function import HubFunction

# A failed run is not repeated: the next scheduled run does the same work.
RETRY_ATTEMPTS: Final = 0
EVENT_AGE_MAX_SECONDS: Final = 60
_NO_FAILURE_DESTINATION_REASON: Final = (
    "The scheduled call has no payload to keep; the function's alarm reports a failed run"
)


class FunctionSchedule(Construct):
    """Invoke the function at a fixed rate, without retries, by a role that can do nothing else."""

    def __init__(
        self, scope: Construct, construct_id: str, *, function: HubFunction, every: Duration
    ) -> None:
        super().__init__(scope, construct_id)
        stage, folder = function.environment.name, function.folder
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            ),
            description=f"Lets the scheduler call {folder} on stage {stage}",
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function.function_arn])
        )
        # The scheduler's call is asynchronous; by default Lambda would retry it twice, minutes later.
        invocation = lambda_.EventInvokeConfig(
            self,
            "Invocation",
            function=function.function,
            retry_attempts=RETRY_ATTEMPTS,
            max_event_age=Duration.seconds(EVENT_AGE_MAX_SECONDS),
        )
        acknowledge(invocation, {"Serverless-LambdaAsyncFailureDestination": _NO_FAILURE_DESTINATION_REASON})
        scheduler.CfnSchedule(
            self,
            "Schedule",
            name=names.physical_name(stage, folder),
            description=f"Invokes {folder} on a schedule",
            schedule_expression=scheduler.ScheduleExpression.rate(every).expression_string,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function.function_arn,
                role_arn=role.role_arn,
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=RETRY_ATTEMPTS, maximum_event_age_in_seconds=EVENT_AGE_MAX_SECONDS
                ),
            ),
        )
