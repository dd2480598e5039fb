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
    """Return world, stage, report status and the risk numbers at 99 % (fractions of the book's value).

    The numbers are those of the first method with a value, in the order of the report: its headline if that
    could be computed.
    """
    data = event.data
    fields = {name: data[name] for name in ("world_id", "stage") if isinstance(data.get(name), str)}
    if event.type in STATUS_NAMES and isinstance(data.get("status"), str):
        fields[STATUS_NAMES[event.type]] = data["status"]
    return fields | _numbers(data) if event.type == RISK_EVALUATED else fields


def _numbers(report: dict[str, Any]) -> dict[str, Any]:
    rows = [row for row in report.get("tails", []) if row["confidence_bps"] == CONFIDENCE_BPS]
    known = next((row for row in rows if row["value_at_risk"] is not None), None)
    if known is not None:
        return {"risk_method": known["method"], **{name: known[name] for name in SHOWN_MEASURES}}
    found = ((name, _measure(report, name)) for name in SHOWN_MEASURES)
    return {name: value for name, value in found if value is not None}


def _measure(report: dict[str, Any], measure: str) -> float | None:
    """Return the first value of a measure; a report without `tails` is of an engine before 3.0."""
    wanted = (
        each["value"]
        for each in report.get("measures", [])
        if each["measure"] == measure and each["confidence_bps"] == CONFIDENCE_BPS
    )
    return next((value for value in wanted if value is not None), None)
