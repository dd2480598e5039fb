"""What one pass saw, as metrics. The heartbeat comes last: it says that everything before it was written."""

from functions.hub.domain.freshness import StageTally, Standing
from functions.hub.metrics import write
from functions.hub.use_cases.watch_freshness import Watched
from risk_hub_contracts import metrics as m

MONITOR = "freshness_monitor"


def report(watched: Watched) -> None:
    """Write one line for each stage, each of the worst worlds and each queue, then the heartbeat."""
    for stage, tally in watched.tallies.items():
        _write_stage(stage, tally)
    for standing in watched.worst:
        _write_world(standing)
    for queue, depth in watched.depths.items():
        write([(m.QUEUE_DEPTH, depth)], {m.QUEUE: queue})
    write([(m.HEARTBEAT, 1)], {m.WORKER: MONITOR})


def _write_stage(stage: str, tally: StageTally) -> None:
    counts = [
        (m.SNAPSHOT_MISSING, tally.missing),
        (m.WORLDS_LATE, tally.late),
        (m.WORLDS_STALE, tally.stale),
        (m.WORLDS_QUIET, tally.quiet),
        (m.WORLDS_EXPECTED, tally.expected),
        (m.WORLDS_UNEXPECTED, tally.unexpected),
    ]
    write([*_lag(tally.worst_lag_seconds), *counts], {m.STAGE: stage})


def _write_world(standing: Standing) -> None:
    dimensions = {m.STAGE: standing.row.stage, m.WORLD_ID: standing.row.world_id}
    missing = float(standing.state == "missing")
    write([*_lag(standing.lag_seconds), (m.SNAPSHOT_MISSING, missing)], dimensions)


def _lag(seconds: float | None) -> list[tuple[m.Metric, float]]:
    return [] if seconds is None else [(m.SNAPSHOT_LAG, seconds)]
