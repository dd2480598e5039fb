"""Cool-down: which verdicts become signals, given the last signal of each rule. No clock, no store."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from functions.evaluation.exit_state import ExitState, LastSignal, Scope
from functions.evaluation.exits.verdicts import Breach, Judgement
from risk_hub_contracts.reports.exit_signal import CLEARED, Action

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STRENGTH: dict[Action, int] = {"hold": 0, "reduce": 1, "exit": 2}
ESCALATION_MIN_RATIO_STEP = 0.05
"""Least growth of the share to give up that causes a further signal within a cool-down window."""
RATIO_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class DueSignal:
    """A signal to store: a breach, or the all-clear of one."""

    breach: Breach
    sequence: int


def cool_down_window(as_of: datetime, cool_down_seconds: int) -> datetime:
    """Return the start of the window that contains an instant; all windows are counted from 1970."""
    length = timedelta(seconds=cool_down_seconds)
    return EPOCH + (as_of - EPOCH) // length * length


def is_superseded(state: ExitState, kind: Scope, order: str) -> bool:
    """Return whether a newer snapshot was judged by the same kind of report."""
    return order < state.judged.get(kind, "")


@dataclass(frozen=True, slots=True)
class Position:
    """Place of an evaluation: its snapshot's order (INV-03), and the cool-down window of its `as_of`."""

    order: str
    window: str
    policy_version: str


def due_signals(state: ExitState, judgement: Judgement, at: Position) -> Iterator[DueSignal]:
    """Yield the signals to store: new and stronger breaches first, then the all-clears."""
    fired = {
        breach.rule: breach for breach in judgement.breaches if _is_newest(state, breach.scope, at.order)
    }
    for rule, breach in fired.items():
        last = state.signals.get(rule)
        if last is None or _is_due(breach, last, at.window):
            yield DueSignal(breach, _sequence(last, at.window))
    for rule, last in state.signals.items():
        is_decided = last.scope in judgement.scopes and rule not in judgement.undecided
        if rule not in fired and is_decided and _is_over(last, state, at):
            breach = _all_clear(rule, last, judgement, at.policy_version)
            yield DueSignal(breach, _sequence(last, at.window))


def _is_newest(state: ExitState, scope: Scope, order: str) -> bool:
    """Return whether no newer snapshot was judged; both kinds of report judge rules on the snapshot."""
    return scope != "snapshot" or order >= max(state.judged.values(), default="")


def _is_due(breach: Breach, last: LastSignal, window: str) -> bool:
    """Return whether a breach is stronger than the last signal, or the cool-down of that signal is over."""
    if not last.in_force or last.window != window:
        return True
    stronger = STRENGTH[breach.action] - STRENGTH[last.action]
    grown = breach.ratio - last.ratio >= ESCALATION_MIN_RATIO_STEP - RATIO_ROUNDING
    return stronger > 0 or (stronger == 0 and grown)


def _is_over(last: LastSignal, state: ExitState, at: Position) -> bool:
    """Return whether the all-clear of a rule is due: it is in force, and a newer snapshot does not break it.

    A rule has at most one all-clear in a window, so a number that moves around its limit causes few signals.
    """
    is_newer = at.order > last.order and _is_newest(state, last.scope, at.order)
    return last.in_force and is_newer and last.cleared_in != at.window


def _all_clear(rule: str, last: LastSignal, judgement: Judgement, policy_version: str) -> Breach:
    met = judgement.met.get(rule)
    return Breach(
        rule=rule,
        action="hold",
        ratio=0.0,
        reason=last.reason,
        cause=CLEARED,
        detail=f"the rule no longer fires under policy {policy_version}" if met is None else met.detail,
        metrics={} if met is None else met.metrics,
        asset=last.asset,
        scope=last.scope,
    )


def _sequence(last: LastSignal | None, window: str) -> int:
    return last.sequence + 1 if last is not None and last.window == window else 1
