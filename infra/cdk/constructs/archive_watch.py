"""Notification of a failed archive backup, before the backup is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra import names
from infra.cdk.alarms.rule import runbook_page
from infra.cdk.nag import acknowledge

if TYPE_CHECKING:
    from aws_cdk import aws_sns as sns

    from infra.environments import EnvironmentSpec

_NO_DLQ_REASON: Final = (
    "EventBridge retries the delivery to the topic for a day; a person who investigates a failed backup "
    "reads the vault, not a dead-letter queue"
)
FAILED_BACKUP_STATES: Final = ("ABORTED", "EXPIRED", "FAILED", "PARTIAL")


class ArchiveWatch(Construct):
    """Notify the subscribers of alarms about a failed backup: a rule turns AWS Backup's event into an alarm message."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: EnvironmentSpec, topic: sns.Topic
    ) -> None:
        super().__init__(scope, construct_id)
        name = names.physical_name(environment.name, "archive-failed")
        rule = events.Rule(
            self,
            "Rule",
            rule_name=name,
            description="A table was not backed up into the archive",
            event_pattern=events.EventPattern(
                source=["aws.backup"],
                detail_type=["Backup Job State Change"],
                detail={
                    "state": [*FAILED_BACKUP_STATES],
                    "backupVaultName": [names.physical_name(environment.name, "archive")],
                },
            ),
        )
        acknowledge(rule, {"Serverless-EventBusDLQ": _NO_DLQ_REASON})
        rule.add_target(targets.SnsTopic(topic, message=_alarm_message(name, environment.runbook_base)))


def _alarm_message(name: str, runbook_base: str) -> events.RuleTargetInput:
    return events.RuleTargetInput.from_object(
        {
            "AlarmName": name,
            "AlarmDescription": "A table was not backed up into the archive; the next backup is due in a week. "
            f"Runbook: {runbook_base}{runbook_page('restore')}",
            "NewStateValue": "ALARM",
            "NewStateReason": events.EventField.from_path("$.detail.state"),
            "Resource": events.EventField.from_path("$.detail.resourceArn"),
            "StateChangeTime": events.EventField.time,
        }
    )
