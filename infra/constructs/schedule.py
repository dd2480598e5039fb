"""What makes a function run by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra import names
from infra.nag import acknowledge

if TYPE_CHECKING:
    from aws_cdk import Duration

    from infra.constructs.hub_function import HubFunction

_THE_NEXT_RUN = "A tick of the clock holds nothing that the next tick does not: there is nothing to redrive"


class FunctionSchedule(Construct):
    """One rule on the account's default bus that calls a function at a steady rate, without a second attempt.

    A run that failed is made up for by the next one; the function's own alarm tells of it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, function: HubFunction, every: Duration
    ) -> None:
        super().__init__(scope, construct_id)
        rule = events.Rule(
            self,
            "Rule",
            rule_name=names.physical_name(function.stage.name, f"{function.folder}-schedule"),
            description=f"Runs {function.folder}",
            schedule=events.Schedule.rate(every),
            targets=[targets.LambdaFunction(function.function, retry_attempts=0)],
        )
        acknowledge(rule, {"Serverless-EventBusDLQ": _THE_NEXT_RUN})
