"""One alarm: metrics, threshold, treatment of missing data, severity and runbook page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.environments import Severity

"""critical: pages the on-call person. warning: is handled within the working day."""

Comparison = Literal["at_or_over", "under"]

MissingData = Literal["breaching", "notBreaching", "ignore"]
MISSING_IS_OK: Final[MissingData] = "notBreaching"
"""The metric is sent only when there is something to count: no data means no failure."""
MISSING_IS_ALARM: Final[MissingData] = "breaching"
"""The metric is sent every minute: no data means that the monitoring has stopped."""
MISSING_KEEPS_STATE: Final[MissingData] = "ignore"
"""No data does not show a recovery: a monitor with its own alarm sends the metric, or only a new value can be lower."""

MINUTE_SECONDS: Final = 60
FIVE_MINUTES_SECONDS: Final = 300
HOUR_SECONDS: Final = 3_600
DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Metric:
    """One CloudWatch metric and its statistic."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str = "Sum"


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """An alarm that is on when its value is wrong in each of several consecutive periods.

    Attributes:
        name: without the stage's prefix.
        page: runbook page, without folder and suffix; alarms of one kind share it.
        meaning: one sentence specific to this alarm.
        severity: topic that it is sent to.
        metrics: id to metric; `expression` uses the ids.
        expression: metric math over the ids; None for an alarm on its only metric.
        threshold: the limit to which the value is compared.
        comparison: `at_or_over`: values from the threshold up are wrong; `under`: values below it are.
        period_seconds: period of the statistic.
        periods: number of consecutive periods.
        missing_data: meaning of a period without data.
        stops_release: whether a release in progress is rolled back while this alarm is on (ADR-0026).
    """

    name: str
    page: str
    meaning: str
    severity: Severity
    metrics: Mapping[str, Metric]
    expression: str | None = None
    threshold: float = 1
    comparison: Comparison = "at_or_over"
    period_seconds: int = FIVE_MINUTES_SECONDS
    periods: int = 1
    missing_data: MissingData = field(default=MISSING_IS_OK)
    stops_release: bool = False

    def breaches(self, value: float | None) -> bool:
        """Return whether one period's value, or its missing value, is wrong."""
        if value is None:
            return self.missing_data == MISSING_IS_ALARM
        return value >= self.threshold if self.comparison == "at_or_over" else value < self.threshold


def runbook_page(page: str) -> str:
    """Return the path of a page in this repository; the Korean page ends in `.ko.md`."""
    return f"docs/runbook/{page}.md"
