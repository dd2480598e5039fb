"""Form of a row in the table of functions (`infra.functions`). The module does not import CDK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from infra.environments import Severity
    from infra.names import BundleGroup, FunctionFolder, TableName

HOUR_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Grant:
    """IAM actions that a function's role may perform on resources.

    Attributes:
        actions: such as `dynamodb:GetItem`.
        resources: a table (`snapshots`), one of its indexes (`snapshots/index/by_as_of`), objects under a prefix
            (`bucket/risk-blobs/*`, `anchors/evaluation-anchors/*`), or `bucket`, `anchors`, `bus`, `queues`,
            `relay-failures`, `tokens`.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]


def allow(*actions: str, on: str | tuple[str, ...]) -> Grant:
    """Return a grant of these actions on one resource or several."""
    return Grant(actions, (on,) if isinstance(on, str) else on)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """One deployed function.

    Every function has a role, a log group, and alarms on errors and throttles. A function with `events` also has
    a rule, a queue and a dead-letter queue, with their alarms and lines on the dashboards.

    Attributes:
        folder: its folder in `functions/`, which contains `handler.py`; its name in metrics and alarms.
        memory_mib: memory, which also determines the share of a processor.
        timeout_seconds: longest run; a queue's visibility timeout is derived from it.
        bundle: the zip that contains its code; only `risk` contains numpy, only `evaluation` policies and rules.
        serves_api: whether API Gateway invokes it; releases shift its alias.
        events: event types that its rule sends to its queue.
        streams: tables whose new items invoke it.
        every_minutes: interval of its schedule; an hourly schedule has a heartbeat alarm.
        variables: names of its environment variables; `infra.cdk.stacks.function_variables` has their values.
        grants: every permission of its role, except those that its log, its traces and its queue or stream need.
        stops_release: whether its failures roll a release back; CodeDeploy watches ten alarms, and all are in use.
        single: whether at most one execution runs at a time, which reserves it from the account's concurrency.
        queue_severity: severity of the alarms on its queue's age and on its dead letters.
    """

    folder: FunctionFolder
    memory_mib: int
    timeout_seconds: int
    bundle: BundleGroup = "hub"
    serves_api: bool = False
    events: tuple[str, ...] = ()
    streams: tuple[TableName, ...] = ()
    every_minutes: int | None = None
    variables: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    stops_release: bool = False
    queue_severity: Severity = "warning"
    single: bool = False

    @property
    def raises_errors(self) -> bool:
        """Return whether a failure is a function error; a worker returns the failed message instead."""
        return self.serves_api or bool(self.streams)

    @property
    def runs_hourly(self) -> bool:
        """Return whether its schedule invokes it each hour."""
        return self.every_minutes == HOUR_MINUTES
