"""Count the verdicts of callers that were compared with the hub's, and those that differ."""

from collections.abc import Iterable

from functions.telemetry.metrics import write
from risk_hub_contracts.base import metrics as m
from risk_hub_contracts.policies.evaluation_policy import Stage
from risk_hub_contracts.runs.decision import Decision

__all__ = ["write_verdicts"]


def write_verdicts(stage: Stage, decisions: Iterable[Decision]) -> None:
    """Write the counts of one evaluation; nothing if the caller sent no verdict."""
    compared = [decision.agrees for decision in decisions if decision.agrees is not None]
    if compared:
        counts = ((m.VERDICTS_COMPARED, len(compared)), (m.VERDICT_DISAGREEMENTS, compared.count(False)))
        write(counts, {m.STAGE: stage})
