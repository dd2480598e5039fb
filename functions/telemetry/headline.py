"""The few numbers of an event that its log line repeats, so that a dashboard can show them from the log.

They are not metrics: a metric per publishing world would let callers create metrics.
"""

from typing import Any, Final

from events.envelope import CloudEvent
from events.evaluated import RISK_EVALUATED, STRESS_EVALUATED

CONFIDENCE_BPS: Final = 9_900
STATUS_NAMES: Final = {RISK_EVALUATED: "report_status", STRESS_EVALUATED: "stress_status"}
SHOWN_MEASURES: Final = ("value_at_risk", "expected_shortfall")


def headline(event: CloudEvent) -> dict[str, Any]:
    """Return world, stage, report status and the first value of each shown measure (fraction of the book)."""
    data = event.data
    fields = {name: data[name] for name in ("world_id", "stage") if isinstance(data.get(name), str)}
    if event.type in STATUS_NAMES and isinstance(data.get("status"), str):
        fields[STATUS_NAMES[event.type]] = data["status"]
    if event.type != RISK_EVALUATED:
        return fields
    return fields | {name: value for name in SHOWN_MEASURES if (value := _value(data, name)) is not None}


def _value(report: dict[str, Any], measure: str) -> float | None:
    wanted = (
        each["value"]
        for each in report.get("measures", [])
        if each["measure"] == measure and each["confidence_bps"] == CONFIDENCE_BPS
    )
    return next((value for value in wanted if value is not None), None)
