"""Every alarm of a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cdk.alarms.hub import hub_alarms
from infra.cdk.alarms.platform import platform_alarms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.cdk.alarms.rule import AlarmRule
    from infra.environments import Stage


def alarm_rules(stage: Stage) -> Iterator[AlarmRule]:
    """Yield the stage's alarms: on AWS metrics, then on the hub's own metrics."""
    yield from platform_alarms(stage.name)
    yield from hub_alarms(stage)
