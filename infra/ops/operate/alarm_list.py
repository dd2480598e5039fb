"""State of a stage's alarms, from CloudWatch or from the local stage's journal."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from infra.cdk.alarms.rule import runbook_page
from infra.cdk.alarms.table import alarm_rules
from infra.environments import ENVIRONMENTS
from infra.local.alarms.journal import Journal
from infra.local.settings import settings_of_folder
from infra.names import LOCAL_STAGE, physical_name
from infra.ops.operate.stage_access import Clients

ACTIVE_STATE: Final = "ALARM"
OK_STATE: Final = "OK"
NOT_DEPLOYED: Final = "NOT_DEPLOYED"


@dataclass(frozen=True, slots=True)
class AlarmStatus:
    """One alarm; `since` is UTC text, empty if it never changed."""

    name: str
    severity: str
    state: str
    since: str
    reason: str
    page: str

    def document(self) -> dict[str, str]:
        """Return the alarm as JSON."""
        return asdict(self)


def alarm_statuses(aws: Clients, stage: str) -> list[AlarmStatus]:
    """Return every alarm of the stage's table, those in state ALARM first."""
    found = _local_states() if stage == LOCAL_STAGE else _deployed_states(aws, stage)
    missing = (OK_STATE if stage == LOCAL_STAGE else NOT_DEPLOYED, "", "")
    statuses = [
        AlarmStatus(rule.name, rule.severity, *found.get(rule.name, missing), runbook_page(rule.page))
        for rule in alarm_rules(ENVIRONMENTS[stage])
    ]
    return sorted(statuses, key=lambda each: each.state != ACTIVE_STATE)


def _local_states() -> dict[str, tuple[str, str, str]]:
    entries = Journal(settings_of_folder().alarm_journal).entries()
    return {each.alarm: (each.after, each.at, each.reason) for each in entries}


def _deployed_states(aws: Clients, stage: str) -> dict[str, tuple[str, str, str]]:
    prefix = physical_name(stage, "")
    return {
        each["AlarmName"].removeprefix(prefix): (
            each["StateValue"],
            each["StateUpdatedTimestamp"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            each["StateReason"],
        )
        for each in _alarms(aws, prefix)
    }


def _alarms(aws: Clients, prefix: str) -> Iterator[dict[str, Any]]:
    for page in aws.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix):
        yield from page["MetricAlarms"]
