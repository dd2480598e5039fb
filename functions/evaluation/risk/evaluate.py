"""Evaluate the risk of an announced snapshot: load, verify, compute, store once."""

from dataclasses import dataclass
from datetime import timedelta

from events.envelope import CloudEvent
from functions.evaluation.ports import Forecasts, InputNotes, ReportStore, Tally, no_tally
from functions.evaluation.risk.forecast import forecast_of
from functions.evaluation.risk.load import LoadInputs
from functions.evaluation.risk.policy import NO_POLICY, RiskPolicy
from functions.evaluation.risk.report import risk_report
from functions.evaluation.risk.verdict_cache import VerdictCache
from functions.evaluation.worker_steps import Outcome, announced_snapshot, derived_record
from functions.hub.ports import BlobStore, Clock, SnapshotStore


@dataclass(frozen=True, slots=True)
class EvaluateRisk:
    """Handles one `risk_snapshot_updated` event for the risk engine, idempotently (INV-05)."""

    snapshots: SnapshotStore
    blobs: BlobStore
    reports: ReportStore
    forecasts: Forecasts
    notes: InputNotes
    clock: Clock
    retention: timedelta
    policy: RiskPolicy = NO_POLICY
    tally: Tally = no_tally

    def __call__(self, event: CloudEvent) -> Outcome:
        """Evaluate the snapshot and store the report; return `evaluated`, `repeated` or `expired`.

        The forecast is stored before the report, so every reader of the report finds the forecast; a crash in
        between is repaired when the event is delivered again.

        Raises:
            DependencyUnavailableError: a store did not answer; the event may be delivered again.
            LookupError: the event names a snapshot that the store does not hold.
        """
        now = self.clock()
        snapshot = announced_snapshot(event, self.snapshots, now)
        if snapshot is None:
            return Outcome.EXPIRED
        until = now + self.retention
        verdict_cache = VerdictCache(self.notes, snapshot, until)
        inputs = LoadInputs(self.blobs, verdict_cache.get_verdict, verdict_cache.first_use)(snapshot)
        report = risk_report(snapshot, inputs, self.policy, now)
        forecast = forecast_of(snapshot, report, inputs.returns, event.data["created_at"])
        self.forecasts.put_once(forecast, until)
        stored = self.reports.put_once(derived_record(event, report), until)
        if not stored:
            return Outcome.REPEATED
        self.tally(event, report.stage, report.status)
        return Outcome.EVALUATED
