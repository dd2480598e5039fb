"""Evaluate the risk of an announced snapshot: load, verify, compute, store once."""

from dataclasses import dataclass
from datetime import timedelta

from events.envelope import CloudEvent
from functions.evaluation.ports import EvaluationStore, Forecasts, InputNotes, Tally, no_tally
from functions.evaluation.risk.forecast import forecast_of
from functions.evaluation.risk.load import LoadInputs
from functions.evaluation.risk.policy import NO_POLICY, RiskPolicy
from functions.evaluation.risk.verdict_cache import Memory
from functions.evaluation.risk.report import risk_report
from functions.evaluation.worker_steps import announced_snapshot, derived_from
from functions.hub.ports import BlobStore, Clock, SnapshotStore


@dataclass(frozen=True, slots=True)
class EvaluateRisk:
    """Handles one `risk_snapshot_updated` event for the risk engine, idempotently (INV-05)."""

    snapshots: SnapshotStore
    blobs: BlobStore
    evaluations: EvaluationStore
    forecasts: Forecasts
    notes: InputNotes
    clock: Clock
    retention: timedelta
    policy: RiskPolicy = NO_POLICY
    tally: Tally = no_tally

    def __call__(self, event: CloudEvent) -> str:
        """Evaluate the snapshot and store the report; return `evaluated`, `repeated` or `expired`.

        The forecast is stored before the report, so every reader of the report finds the forecast; a crash in
        between is repaired when the event is delivered again.

        Raises:
            UnavailableError: a store did not answer; the event may be delivered again.
            LookupError: the event names a snapshot that the store does not hold.
        """
        now = self.clock()
        snapshot = announced_snapshot(event, self.snapshots, now)
        if snapshot is None:
            return "expired"
        until = now + self.retention
        memory = Memory(self.notes, snapshot, until)
        inputs = LoadInputs(self.blobs, memory.judge, memory.since)(snapshot)
        report = risk_report(snapshot, inputs, self.policy, now)
        forecast = forecast_of(snapshot, report, inputs.returns, event.data["created_at"])
        self.forecasts.put_once(forecast, until)
        stored = self.evaluations.put_once(derived_from(event, report), until)
        if not stored:
            return "repeated"
        self.tally(event, report.stage, report.status)
        return "evaluated"
