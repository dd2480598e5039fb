"""Metrics and log lines of the runs of one event."""

from collections.abc import Sequence

from functions.evaluation.extended.outcomes import ExtendedRun, RunOutcome
from functions.telemetry import log
from functions.telemetry.metrics import write
from risk_hub_contracts.base import metrics as m

DONE = frozenset({RunOutcome.APPENDED, RunOutcome.REPEATED})


def count_runs(runs: Sequence[ExtendedRun]) -> None:
    """Count the appended items by status and the runs without their items by reason; log each of these."""
    statuses = [status for run in runs for status in run.statuses]
    for status in sorted(set(statuses)):
        write([(m.EXTENDED_VALIDATIONS, statuses.count(status))], {m.STATUS: status})
    missed = [run for run in runs if run.outcome not in DONE]
    for outcome in sorted({run.outcome for run in missed}):
        count = sum(run.outcome is outcome for run in missed)
        write([(m.RUNS_NOT_EXTENDED, count)], {m.REASON: outcome})
    for run in missed:
        log.info("run not extended", run=run.key.text, outcome=run.outcome, detail=run.detail)
