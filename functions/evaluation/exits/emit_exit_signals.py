"""Emit exit signals: apply a world's policy to an evaluation; store what is due with the state in one write.

The relay announces stored signals; signals are sent in no other way (ADR-0007, ADR-0044).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from events.envelope import CloudEvent
from events.evaluated import RISK_EVALUATED, STRESS_EVALUATED
from functions.evaluation.exit_state import ExitState, Scope, with_judged, with_signal
from functions.evaluation.exits.due_signals import DueSignal, Position, due_signals, is_superseded
from functions.evaluation.exits.limit_coverage import limit_coverage
from functions.evaluation.exits.readings import AnyReport, Evaluation
from functions.evaluation.exits.rules import Book, judge
from functions.evaluation.exits.signals import SignalContext
from functions.evaluation.exits.verdicts import Judgement
from functions.evaluation.ports import ExitJournal, StateWrite, Tally, no_tally
from functions.evaluation.worker_steps import Outcome, derived_record, stored_snapshot
from functions.hub.domain.releases import UNKNOWN_MEMBERS
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import (
    Clock,
    Dependency,
    DependencyUnavailableError,
    ExitPolicies,
    SnapshotStore,
)
from risk_hub_contracts.base.ids import ID_PATTERN
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport

REPORT_MODELS: dict[str, type[AnyReport]] = {RISK_EVALUATED: RiskReport, STRESS_EVALUATED: StressReport}
KINDS: dict[str, Scope] = {RISK_EVALUATED: "risk", STRESS_EVALUATED: "stress"}
SIGNALS_PER_WRITE_MAX_COUNT = 99
"""Most signals of one write: a DynamoDB transaction has at most 100 items, and one of them is the state."""
CONFLICTS_MAX_COUNT = 5
"""Conflicting writes of one strategy's state after which the message is delivered again."""


@dataclass(frozen=True, slots=True)
class JudgedEvaluation:
    """One evaluation with its verdicts, and the position of its snapshot (INV-03)."""

    event: CloudEvent
    judgement: Judgement
    context: SignalContext
    order: str

    @property
    def scopes(self) -> dict[str, Scope]:
        """Return the input that each fired rule reads (risk report, stress report or snapshot), by rule."""
        return {breach.rule: breach.scope for breach in self.judgement.breaches}

    def due(self, state: ExitState) -> Sequence[DueSignal]:
        """Return the signals that are due, at most as many as one write can store."""
        at = Position(self.order, self.context.window, self.context.policy.version)
        return list(due_signals(state, self.judgement, at))[:SIGNALS_PER_WRITE_MAX_COUNT]


@dataclass(frozen=True, slots=True)
class EmitExitSignals:
    """Handles one evaluation event for the exit engine; a repeated event emits nothing new (INV-05)."""

    snapshots: SnapshotStore
    policies: ExitPolicies
    journal: ExitJournal
    clock: Clock
    retention: timedelta
    tally: Tally = no_tally

    def __call__(self, event: CloudEvent) -> Outcome:
        """Store the signals that are due, and return the outcome.

        Only a snapshot that was the latest of its stage when it was announced can signal (INV-15). It is
        not judged if a newer snapshot of its strategy was judged before.

        Raises:
            DependencyUnavailableError: a store did not answer; the event may be delivered again.
            LookupError: the event names a snapshot that the store does not hold.
            ValueError: the event is not an evaluation, or the stored policy is not valid.
        """
        now = self.clock()
        evaluation = _evaluation(event)
        report = evaluation.report
        if (refused := _refused(event)) is not None:
            return refused
        snapshot = stored_snapshot(self.snapshots, report.world_id, report.version)
        if snapshot.is_expired(now):
            return Outcome.EXPIRED
        policy = self.policies.exit_policy(report.world_id, report.stage) or DEFAULT_POLICY
        book = Book(_strategy(snapshot), snapshot.document["weights"])
        judgement = judge(policy, evaluation, book)
        context = SignalContext(report, policy, book.strategy, now)
        outcome = self._emit(JudgedEvaluation(event, judgement, context, snapshot.order))
        if outcome is not Outcome.SUPERSEDED:
            self.tally(event, report.stage, limit_coverage(policy, evaluation))
        return outcome

    def _emit(self, judged: JudgedEvaluation) -> Outcome:
        """Write until nothing is due; a state and the signals that lead to it are stored together or not at all."""
        report, kind = judged.context.report, KINDS[judged.event.type]
        emitted, conflicts, unrecorded = False, 0, list[ExitSignal]()
        while conflicts <= CONFLICTS_MAX_COUNT:
            stored = self.journal.state(report.world_id, report.stage, judged.context.strategy)
            if is_superseded(stored, kind, judged.order):
                return Outcome.SUPERSEDED
            before = _with_unrecorded(stored, unrecorded, judged.scopes)
            due = judged.due(before)
            after = self._after(before, judged, due)
            if after == stored:
                return _outcome(judged.judgement, emitted=emitted)
            write = StateWrite(report.world_id, report.stage, judged.context.strategy, after)
            signals = [derived_record(judged.event, judged.context.signal(each)) for each in due]
            refusal = self.journal.commit(write, signals, judged.context.now + self.retention)
            if refusal is not None:
                conflicts += 1
                unrecorded += refusal.existing
                continue
            emitted = emitted or bool(due)
            if len(due) < SIGNALS_PER_WRITE_MAX_COUNT:
                return _outcome(judged.judgement, emitted=emitted)
        raise DependencyUnavailableError(Dependency.REPORT_STORE, "the state of the exit rules kept changing")

    def _after(self, before: ExitState, judged: JudgedEvaluation, due: Sequence[DueSignal]) -> ExitState:
        """Return the state after the due signals; it equals `before` for an event that was handled before."""
        after = before
        for each in due:
            signal = judged.context.signal(each)
            after = with_signal(after, signal, each.breach.scope, judged.order)
        return with_judged(after, KINDS[judged.event.type], judged.order, judged.context.window)


def _refused(event: CloudEvent) -> Outcome | None:
    """Return the outcome of an event that never signals, else None.

    An event of release 1.0 does not say whether its snapshot was the latest; it is judged.
    """
    if event.history:
        return Outcome.HISTORY
    if event.replay:
        return Outcome.REPLAY
    return Outcome.SUPERSEDED if event.islatest is False else None


def _with_unrecorded(state: ExitState, signals: Sequence[ExitSignal], scopes: dict[str, Scope]) -> ExitState:
    """Return the state with the signals that release 1.0 stored without a state."""
    for signal in signals:
        last = state.signals.get(signal.rule)
        if last is None or last.window != signal.window or last.sequence < signal.sequence:
            state = with_signal(state, signal, scopes[signal.rule], "")
    return state


def _outcome(judgement: Judgement, *, emitted: bool) -> Outcome:
    if emitted:
        return Outcome.EVALUATED
    return Outcome.REPEATED if judgement.breaches else Outcome.NO_SIGNAL


def _evaluation(event: CloudEvent) -> Evaluation:
    model = REPORT_MODELS.get(event.type)
    if model is None:
        raise ValueError(f"{event.type} is not an evaluation; the exit engine's rule must not match it")
    return Evaluation(model.model_validate(event.data, extra=UNKNOWN_MEMBERS), event.data)


def _strategy(snapshot: SnapshotRecord) -> str:
    """Return the producer's `provenance.strategy_id`, or the world id if that is missing or malformed."""
    given = snapshot.document["provenance"].get("strategy_id")
    return given if isinstance(given, str) and re.fullmatch(ID_PATTERN, given) else snapshot.world_id
