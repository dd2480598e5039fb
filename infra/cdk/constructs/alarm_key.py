"""The KMS key that encrypts the alarm topics of a stage (ADR-0035)."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

# Permissions that a service needs to publish to an encrypted topic.
PUBLISH_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey*")
CLOUDWATCH: Final = "cloudwatch.amazonaws.com"
# Notifications are delivered within minutes, so deleting the key loses no data.
DELETION_WINDOW_DAYS: Final = 7


class AlarmKey(Construct):
    """A customer managed key, rotated each year, that CloudWatch alarms of this account may use.

    The AWS managed key `aws/sns` does not work: CloudWatch may not use it, and its policy cannot be changed.
    A rule that publishes to a topic grants EventBridge access without a source condition: AWS supports none
    for encrypted topics.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage_name: str) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description=f"Alarm topics of the risk hub, stage {stage_name}",
            enable_key_rotation=True,
            pending_window=Duration.days(DELETION_WINDOW_DAYS),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudWatchAlarms",
                actions=[*PUBLISH_ACTIONS],
                principals=[iam.ServicePrincipal(CLOUDWATCH)],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
