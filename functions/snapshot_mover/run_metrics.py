"""Log lines and metrics of one run of the mover."""

from functions.history.move_worlds import MoveRun
from functions.history.reconcile_worlds import ReconcileRun
from functions.telemetry import log
from functions.telemetry.metrics import write
from risk_hub_contracts.base import metrics as m

MOVER = "snapshot_mover"


def report(moved: MoveRun, reconciled: ReconcileRun) -> dict[str, int]:
    """Write the metrics and log every difference; return the counts of the run.

    Raises:
        ExceptionGroup: the errors of the worlds that failed, after everything else was reported.
    """
    counts = {
        "moved": moved.moved,
        "segments": moved.segments,
        "reconciled": reconciled.reconciled,
        "differences": len(reconciled.differences),
    }
    values: list[tuple[m.Metric, float]] = [
        (m.HISTORY_MOVED, moved.moved),
        (m.HISTORY_LAG, moved.lag.total_seconds()),
        (m.HISTORY_DIFFERENCE, len(reconciled.differences)),
        (m.HISTORY_UNRECONCILED, reconciled.longest_ago.total_seconds()),
    ]
    write(values, {m.WORKER: MOVER})
    for each in reconciled.differences:
        log.info("history differs", world_id=each.world_id, day=each.day, detail=each.detail)
    log.info("moved", **counts)
    errors = [*moved.errors, *reconciled.errors]
    if errors:
        raise ExceptionGroup(f"{len(errors)} worlds failed", errors)
    return counts
