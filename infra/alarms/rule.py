"""One alarm: what is measured, what is too much, what silence means, who is told, and where it says what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Severity = Literal["critical", "warning"]
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "warning")
"""critical: somebody is woken up. warning: somebody looks within the working day."""

Comparison = Literal["at_or_over", "under"]

Silence = Literal["breaching", "notBreaching", "ignore"]
QUIET_IS_GOOD: Final[Silence] = "notBreaching"
"""Sent only when there is something to count: silence means that nothing went wrong."""
QUIET_IS_BAD: Final[Silence] = "breaching"
"""Sent every minute whatever happens: silence means that nobody is watching."""
QUIET_KEEPS_STATE: Final[Silence] = "ignore"
"""Measured once a minute by somebody whose own silence has an alarm: who does not look has not seen a recovery."""

MINUTE_SECONDS: Final = 60
FIVE_MINUTES_SECONDS: Final = 300
HOUR_SECONDS: Final = 3_600
DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as CloudWatch knows it, and the statistic that is looked at."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str = "Sum"


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """One alarm rings when its value is wrong in each of so many periods.

    Attributes:
        name: without the stage's prefix.
        page: the runbook page, without folder and suffix; alarms of one kind share it.
        meaning: one sentence, the alarm's own.
        severity: which topic it is sent to.
        metrics: id to metric; ids are the words of `expression`.
        expression: metric math over the ids; None for an alarm on its only metric.
        threshold: the lowest value that is wrong, or the lowest that is right.
        wrong_when: which of the two.
        period_seconds: over which the statistic is taken.
        periods: how many in a row.
        silence: what a period without data means.
        stops_release: whether a release that is being rolled out while it rings is taken back (ADR-0026).
    """

    name: str
    page: str
    meaning: str
    severity: Severity
    metrics: Mapping[str, Metric]
    expression: str | None = None
    threshold: float = 1
    wrong_when: Comparison = "at_or_over"
    period_seconds: int = FIVE_MINUTES_SECONDS
    periods: int = 1
    silence: Silence = field(default=QUIET_IS_GOOD)
    stops_release: bool = False

    def is_wrong(self, value: float | None) -> bool:
        """Whether one period's value, or its silence, is wrong."""
        if value is None:
            return self.silence == QUIET_IS_BAD
        return value >= self.threshold if self.wrong_when == "at_or_over" else value < self.threshold


def runbook_page(page: str) -> str:
    """Where a page lies in this repository; its Korean twin ends in `.ko.md`."""
    return f"docs/runbook/{page}.md"
