"""Operations stack: alarms, dashboards, release rollback, and the event archive for replays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_events as events

from infra import names
from infra.cdk.constructs.alarms import HubAlarms
from infra.cdk.constructs.archive_watch import ArchiveWatch
from infra.cdk.constructs.boundary import set_boundary
from infra.cdk.constructs.dashboard import HubDashboards
from infra.cdk.constructs.release import Releases

if TYPE_CHECKING:
    from constructs import Construct

    from infra.environments import EnvironmentSpec


class OperationsStack(Stack):
    """Stack that refers to the others only by name, so that it can be deployed and deleted independently."""

    def __init__(self, scope: Construct, *, environment: EnvironmentSpec) -> None:
        super().__init__(
            scope,
            names.stack_name(environment.name, "operations"),
            description=f"Risk hub, stage {environment.name}: alarms and dashboards",
            termination_protection=environment.deletion_protection,
            tags=names.cost_tags(environment.name),
        )
        set_boundary(self, environment.permissions_boundary)
        alarms = HubAlarms(self, "Alarms", environment=environment)
        HubDashboards(self, "Dashboards", environment=environment, alarms=alarms.alarms)
        self._archive(environment)
        if environment.archive_lock_days is not None:
            ArchiveWatch(self, "ArchiveWatch", environment=environment, topic=alarms.topics["critical"])
        # Also for `at_once`: the next release's aliases look up their groups before the next deployment.
        if environment.rollout != "in_place":
            Releases(self, "Releases", environment=environment, alarms=alarms.release_stopping_alarms)
        for severity, topic in alarms.topics.items():
            CfnOutput(self, f"{severity.capitalize()}AlarmTopicArn", value=topic.topic_arn)

    def _archive(self, environment: EnvironmentSpec) -> None:
        bus = events.EventBus.from_event_bus_name(self, "Bus", names.bus_name(environment.name))
        events.Archive(
            self,
            "Archive",
            source_event_bus=bus,
            archive_name=names.physical_name(environment.name, "events"),
            description="Events of the hub, for replays to one consumer's rule",
            event_pattern=events.EventPattern(source=[names.EVENT_SOURCE]),
            retention=Duration.days(environment.event_archive_days),
        )
