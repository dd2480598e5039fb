"""`exit_signal_emitted`: the exit engine asks a strategy to exit, reduce or hold. `data` is the signal.

`exit_signal_cleared` announces an all-clear, so that a consumer of orders never receives one.
"""

from typing import Literal

from events.envelope import CloudEvent, event_id, schema_uri
from risk_hub_contracts.reports.exit_signal import ExitSignal

TYPE: Literal["exit_signal_emitted"] = "exit_signal_emitted"
CLEARED_TYPE: Literal["exit_signal_cleared"] = "exit_signal_cleared"


def exit_signal_emitted(
    signal: ExitSignal,
    *,
    correlation_id: str | None = None,
    causation_id: str | None = None,
    trace_header: str | None = None,
    is_latest: bool | None = None,
) -> CloudEvent:
    """Return the event for a stored signal or all-clear; its id is computed from the fields that identify the signal.

    Args:
        signal: as stored in the evaluation store.
        correlation_id: the id of the request that brought the snapshot.
        causation_id: the id of the evaluation event on which a rule fired.
        trace_header: the X-Ray header of that request.
        is_latest: whether the snapshot was its world's and stage's newest when it was announced.
    """
    event_type = CLEARED_TYPE if signal.is_all_clear else TYPE
    further = () if signal.sequence == 1 else (str(signal.sequence),)
    unique_by = (signal.world_id, signal.stage, signal.strategy, signal.rule, signal.window, *further)
    return CloudEvent(
        id=event_id(event_type, *unique_by),
        type=event_type,
        subject=signal.world_id,
        time=signal.emitted_at,
        dataschema=schema_uri(event_type),
        correlationid=correlation_id,
        causationid=causation_id,
        tracecontext=trace_header,
        islatest=is_latest,
        data=signal.model_dump(mode="json"),
    )
