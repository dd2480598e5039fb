"""`risk_evaluated` and `stress_evaluated`: an engine stored its report on a snapshot.

`data` is the report.
"""

from typing import Literal

from events.envelope import CloudEvent, event_id, schema_uri
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport

RISK_EVALUATED: Literal["risk_evaluated"] = "risk_evaluated"
STRESS_EVALUATED: Literal["stress_evaluated"] = "stress_evaluated"


def evaluated(  # noqa: PLR0913 - by keyword
    report: RiskReport | StressReport,
    *,
    correlation_id: str | None = None,
    causation_id: str | None = None,
    trace_header: str | None = None,
    is_latest: bool | None = None,
    history: bool = False,
    replay: bool = False,
) -> CloudEvent:
    """Return the event for a stored report; the report's type decides the event's type.

    Args:
        report: as stored in the evaluation store.
        correlation_id: the id of the request that brought the snapshot.
        causation_id: the id of the event that caused the evaluation.
        trace_header: the X-Ray header of that request.
        is_latest: whether the snapshot was its world's and stage's newest when it was announced.
        history: whether an operator requested the evaluation of a past snapshot.
        replay: whether an operator requested the announcement that led to the report.
    """
    event_type = RISK_EVALUATED if isinstance(report, RiskReport) else STRESS_EVALUATED
    return CloudEvent(
        id=event_id(event_type, report.world_id, report.version, report.content_hash, report.engine_version),
        type=event_type,
        subject=report.world_id,
        time=report.evaluated_at,
        dataschema=schema_uri(event_type),
        correlationid=correlation_id,
        causationid=causation_id,
        tracecontext=trace_header,
        islatest=is_latest,
        replay=replay or None,
        history=history or None,
        data=report.model_dump(mode="json"),
    )
