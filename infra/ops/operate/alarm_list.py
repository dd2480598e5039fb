"""State of a stage's alarms, from CloudWatch or from the local stage's journal."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from infra.cdk.alarms.rule import runbook_page
from infra.cdk.alarms.table import alarm_rules
from infra.local.alarms.journal import Journal
from infra.local.settings import settings_from
from infra.names import LOCAL_STAGE, physical_name
from infra.ops.operate.stage_access import Clients
from infra.environments import STAGES

RINGING: Final = "ALARM"
NO_NEWS: Final = "OK"
NOT_DEPLOYED: Final = "NOT_DEPLOYED"


@dataclass(frozen=True, slots=True)
class AlarmStanding:
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


def alarm_standings(aws: Clients, stage: str) -> list[AlarmStanding]:
    """Return every alarm of the stage's table, those in state ALARM first."""
    found = _local() if stage == LOCAL_STAGE else _deployed(aws, stage)
    missing = (NO_NEWS if stage == LOCAL_STAGE else NOT_DEPLOYED, "", "")
    standings = [
        AlarmStanding(rule.name, rule.severity, *found.get(rule.name, missing), runbook_page(rule.page))
        for rule in alarm_rules(STAGES[stage])
    ]
    return sorted(standings, key=lambda each: each.state != RINGING)


def _local() -> dict[str, tuple[str, str, str]]:
    entries = Journal(settings_from().alarm_journal).entries()
    return {each.alarm: (each.after, each.at, each.reason) for each in entries}


def _deployed(aws: Clients, stage: str) -> dict[str, tuple[str, str, str]]:
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
