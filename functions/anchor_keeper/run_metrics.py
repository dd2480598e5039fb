"""Metrics of one run of anchor_keeper."""

from collections.abc import Sequence

from functions.evaluation.runs.anchor_runs import AnchoredHour
from functions.telemetry.metrics import write
from risk_hub_contracts.base import metrics as m

ANCHOR_KEEPER = "anchor_keeper"


def report(done: Sequence[AnchoredHour]) -> None:
    """Write how many hours a run anchored, and how many runs moved in them."""
    values = [(m.ANCHORED_HOURS, len(done)), (m.ANCHORED_RUNS, sum(each.count for each in done))]
    write(values, {m.WORKER: ANCHOR_KEEPER})
