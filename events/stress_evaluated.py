"""`stress_evaluated`: the stress engine stored its report on a snapshot. `data` is the report."""

from typing import Literal

from events.envelope import CloudEvent, event_id, schema_uri
from risk_hub_contracts.stress import StressReport

TYPE: Literal["stress_evaluated"] = "stress_evaluated"


def stress_evaluated(
    report: StressReport,
    *,
    correlation_id: str | None = None,
    causation_id: str | None = None,
    trace_header: str | None = None,
) -> CloudEvent:
    """Return the event for a stored report.

    Args:
        report: as stored in the evaluation store.
        correlation_id: the id of the request that brought the snapshot.
        causation_id: the id of the event on which the snapshot was evaluated.
        trace_header: the X-Ray header of that request.
    """
    return CloudEvent(
        id=event_id(TYPE, report.world_id, report.version, report.content_hash, report.engine_version),
        type=TYPE,
        subject=report.world_id,
        time=report.evaluated_at,
        dataschema=schema_uri(TYPE),
        correlationid=correlation_id,
        causationid=causation_id,
        tracecontext=trace_header,
        data=report.model_dump(mode="json"),
    )
