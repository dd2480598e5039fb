"""Emit exit signals: apply a world's policy to an evaluation; store each signal once per cool-down window.

The relay announces stored signals; signals are sent in no other way (ADR-0007).
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from events.envelope import CloudEvent
from events.evaluated import RISK_EVALUATED, STRESS_EVALUATED
from functions.evaluation.exits.limit_coverage import limit_coverage
from functions.evaluation.exits.rules import AnyReport, Book, Breach, breaches, cool_down_window
from functions.evaluation.ports import ReportStore, Tally, no_tally
from functions.evaluation.worker_steps import Outcome, derived_record, stored_snapshot
from functions.hub.domain.releases import UNKNOWN_MEMBERS
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Clock, ExitPolicies, SnapshotStore
from risk_hub_contracts.base.ids import ID_PATTERN
from risk_hub_contracts.base.times import format_instant, parse_instant
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY, ExitPolicy
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport

ENGINE_VERSION = "1.0.0"
REPORT_MODELS: dict[str, type[AnyReport]] = {RISK_EVALUATED: RiskReport, STRESS_EVALUATED: StressReport}


@dataclass(frozen=True, slots=True)
class EmitExitSignals:
    """Handles one evaluation event for the exit engine; a repeated event emits nothing new (INV-05)."""

    snapshots: SnapshotStore
    policies: ExitPolicies
    reports: ReportStore
    clock: Clock
    retention: timedelta
    tally: Tally = no_tally

    def __call__(self, event: CloudEvent) -> Outcome:
        """Store a signal for each rule that fires, and return the outcome; skip reports on past snapshots.

        Raises:
            DependencyUnavailableError: a store did not answer; the event may be delivered again.
            LookupError: the event names a snapshot that the store does not hold.
            ValueError: the event is not an evaluation, or the stored policy is not valid.
        """
        now = self.clock()
        report = _report(event)
        if event.history:
            return Outcome.HISTORY
        snapshot = stored_snapshot(self.snapshots, report.world_id, report.version)
        if snapshot.is_expired(now):
            return Outcome.EXPIRED
        policy = self.policies.exit_policy(report.world_id, report.stage) or DEFAULT_POLICY
        book = Book(_strategy(snapshot), snapshot.document["weights"])
        signals = [
            _signal(breach, report, policy, book.strategy, now) for breach in breaches(policy, report, book)
        ]
        stored = [
            self.reports.put_once(derived_record(event, signal), now + self.retention) for signal in signals
        ]
        self.tally(event, report.stage, limit_coverage(policy, report))
        if not stored:
            return Outcome.NO_SIGNAL
        return Outcome.EVALUATED if any(stored) else Outcome.REPEATED


def _report(event: CloudEvent) -> AnyReport:
    model = REPORT_MODELS.get(event.type)
    if model is None:
        raise ValueError(f"{event.type} is not an evaluation; the exit engine's rule must not match it")
    return model.model_validate(event.data, extra=UNKNOWN_MEMBERS)


def _strategy(snapshot: SnapshotRecord) -> str:
    """Return the producer's `provenance.strategy_id`, or the world id if that is missing or malformed."""
    given = snapshot.document["provenance"].get("strategy_id")
    return given if isinstance(given, str) and re.fullmatch(ID_PATTERN, given) else snapshot.world_id


def _signal(
    breach: Breach, report: AnyReport, policy: ExitPolicy, strategy: str, now: datetime
) -> ExitSignal:
    window = cool_down_window(parse_instant(report.as_of), policy.cool_down_seconds)
    return ExitSignal(
        world_id=report.world_id,
        version=report.version,
        content_hash=report.content_hash,
        as_of=report.as_of,
        stage=report.stage,
        actor=report.actor,
        strategy=strategy,
        rule=breach.rule,
        action=breach.action,
        ratio=breach.ratio,
        asset=breach.asset,
        reason=breach.reason,
        detail=breach.detail,
        metrics=dict(breach.metrics),
        policy_version=policy.version,
        engine_version=ENGINE_VERSION,
        window=format_instant(window),
        cool_down_seconds=policy.cool_down_seconds,
        emitted_at=format_instant(now),
    )
