"""Every alarm of a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cdk.alarms.evaluation import evaluation_alarms
from infra.cdk.alarms.hub import hub_alarms
from infra.cdk.alarms.platform import platform_alarms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.cdk.alarms.rule import AlarmRule
    from infra.environments import EnvironmentSpec


def alarm_rules(environment: EnvironmentSpec) -> Iterator[AlarmRule]:
    """Yield the stage's alarms: on AWS metrics, then on the hub's own metrics."""
    yield from platform_alarms(environment.name)
    yield from hub_alarms(environment)
    yield from evaluation_alarms(environment.name)
