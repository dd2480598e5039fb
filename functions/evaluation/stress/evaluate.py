"""Evaluate the stress of an announced snapshot: load its scenarios, verify, sum, store once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from events.envelope import CloudEvent
from functions.evaluation.ports import ReportStore, Tally, no_tally
from functions.evaluation.stress.loss_warnings import loss_warnings
from functions.evaluation.stress.shock_warnings import shock_warnings
from functions.evaluation.worker_steps import Outcome, announced_snapshot, derived_record, verified_bytes
from functions.hub.ports import BlobError, BlobStore, Clock, SnapshotStore
from functions.measures.stress import Scenarios, stress_losses, stress_metrics, worst_that_fit
from risk_hub_contracts.base.ids import name_violation
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.types import BlobFormatError, Stress
from risk_hub_contracts.reports.risk import RiskInput, RiskStatus
from risk_hub_contracts.reports.stress import StressLoss, StressReport
from risk_hub_contracts.reports.units import units_of
from risk_hub_contracts.snapshot.parse import Component, Snapshot
from risk_hub_contracts.snapshot.request import Scenario

ENGINE_VERSION = "2.0.0"
SCENARIOS: TypeAdapter[Any] = TypeAdapter(dict[str, Scenario])


@dataclass(frozen=True, slots=True)
class EvaluateStress:
    """Handles one `risk_snapshot_updated` event for the stress engine, idempotently (INV-05)."""

    snapshots: SnapshotStore
    blobs: BlobStore
    reports: ReportStore
    clock: Clock
    retention: timedelta
    tally: Tally = no_tally

    def __call__(self, event: CloudEvent) -> Outcome:
        """Evaluate the scenarios and store the report; return `evaluated`, `repeated` or `expired`.

        Raises:
            DependencyUnavailableError: a store did not answer; the event may be delivered again.
            LookupError: the event names a snapshot that the store does not hold.
        """
        now = self.clock()
        snapshot = announced_snapshot(event, self.snapshots, now)
        if snapshot is None:
            return Outcome.EXPIRED
        scenarios, reason = self._scenarios(snapshot.component("stress"))
        report = stress_report(snapshot, scenarios, reason, now)
        stored = self.reports.put_once(derived_record(event, report), now + self.retention)
        if not stored:
            return Outcome.REPEATED
        self.tally(event, report.stage, report.status)
        return Outcome.EVALUATED

    def _scenarios(self, component: Component | None) -> tuple[Scenarios, str | None]:
        """Return the scenarios, or none and the reason; bytes with a wrong digest are not parsed (INV-06)."""
        if component is None:
            return {}, "stress_absent"
        try:
            return _validated_scenarios(verified_bytes(component, self.blobs)), None
        except BlobError:
            return {}, "blob_unavailable"
        except BlobFormatError:
            return {}, "blob_malformed"


def stress_report(
    snapshot: Snapshot, scenarios: Scenarios, reason: str | None, evaluated_at: datetime
) -> StressReport:
    """Return the report on a snapshot.

    Args:
        snapshot: the book.
        scenarios: its scenarios; empty, with a reason, when they are missing or unusable.
        reason: `stress_absent`, `blob_unavailable` or `blob_malformed`; None when the scenarios are valid.
        evaluated_at: the hub's clock.
    """
    unlimited_loss = snapshot.portfolio.unlimited_loss
    losses = stress_losses(scenarios, snapshot.weights, unlimited_loss)
    metrics = stress_metrics(scenarios)
    shown_losses, shown_metrics = worst_that_fit(losses, metrics)
    return StressReport(
        world_id=snapshot.world_id,
        version=snapshot.version,
        content_hash=snapshot.content_hash,
        as_of=format_instant(snapshot.as_of),
        stage=snapshot.stage,
        actor=snapshot.actor,
        engine_version=ENGINE_VERSION,
        evaluated_at=format_instant(evaluated_at),
        status=_status(losses, reason),
        reason=reason,
        input=_input_declaration(snapshot.component("stress")),
        losses=shown_losses,
        metrics=shown_metrics,
        scenarios_omitted=len(losses) - len(shown_losses),
        metrics_omitted=len(metrics) - len(shown_metrics),
        units=units_of(StressReport),
        warnings=[
            *shock_warnings(scenarios, snapshot.weights, unlimited_loss),
            *loss_warnings(scenarios, snapshot.weights, losses),
        ],
    )


def _validated_scenarios(data: bytes) -> Scenarios:
    """Return the scenarios in a blob, checked against the contract: a producer's own upload is unchecked."""
    decoded = decode(data)
    if not isinstance(decoded, Stress):
        raise BlobFormatError(f"the blob is of kind {decoded.kind}, not stress")
    try:
        SCENARIOS.validate_python(decoded.scenarios)
    except ValidationError as error:
        raise BlobFormatError(str(error)) from error
    names = [*decoded.scenarios, *(name for values in decoded.scenarios.values() for name in values)]
    if fault := next(filter(None, map(name_violation, names)), None):
        raise BlobFormatError(fault)
    return decoded.scenarios


def _status(losses: Sequence[StressLoss], reason: str | None) -> RiskStatus:
    if reason in {"blob_unavailable", "blob_malformed"}:
        return "invalid_input"
    values = [loss.value for loss in losses]
    if all(value is None for value in values):
        return "insufficient"
    return "partial" if None in values else "complete"


def _input_declaration(component: Component | None) -> RiskInput:
    if component is None:
        return RiskInput(kind="stress", source="absent", sha256=None, coverage=None, observations=None)
    source = "inline" if component.ref is None else "ref"
    return RiskInput(kind="stress", source=source, sha256=component.sha256, coverage=None, observations=None)
