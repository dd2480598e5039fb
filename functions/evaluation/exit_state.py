"""State of one strategy's exit rules: the newest snapshot judged, and the last signal of each rule."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.evaluation.input_note import RETURNS_NOTE
from risk_hub_contracts.reports.exit_signal import Action, ExitReason, ExitSignal

Scope = Literal["risk", "stress", "snapshot"]
"""Input of a rule: the risk report, the stress report, or the snapshot, which both reports are about."""
SEPARATOR = "/"
EXIT_STATE_KEY_PREFIX = f"{RETURNS_NOTE}/judged"
"""First part of the key of a state in the table of reports.

It begins with the prefix of notes: the relay of release 1.0 announces no note, and it must not announce a state
after a rollback either.
"""


class LastSignal(BaseModel):
    """The last signal of one rule.

    Attributes:
        scope: input of the rule; an evaluation of another scope does not decide the rule.
        order: position of the signal's snapshot in the order of INV-03.
        window: cool-down window of the signal.
        sequence: the signal's number within its window, from 1.
        reason: the reason of the signal, which its all-clear repeats.
        in_force: false after an all-clear.
        cleared_in: the window of the last all-clear.
    """

    model_config = ConfigDict(frozen=True)

    scope: Scope
    order: str
    action: Action
    ratio: float
    window: str
    sequence: Annotated[int, Field(ge=1)]
    reason: ExitReason = "limit_exceeded"
    asset: str | None = None
    in_force: bool = True
    cleared_in: str | None = None


class ExitState(BaseModel):
    """State of one strategy of a world and stage.

    Attributes:
        revision: number of writes; a writer replaces only the revision that it read.
        judged: position of the newest judged snapshot, by kind of report.
        signals: last signal of each rule, by rule.
    """

    model_config = ConfigDict(frozen=True)

    revision: Annotated[int, Field(ge=0)] = 0
    judged: dict[str, str] = {}
    signals: dict[str, LastSignal] = {}


def state_key(stage: str, strategy: str) -> str:
    """Return the key of a state within its world."""
    return SEPARATOR.join((EXIT_STATE_KEY_PREFIX, stage, strategy))


def with_signal(state: ExitState, signal: ExitSignal, scope: Scope, order: str) -> ExitState:
    """Return the state after a signal was stored."""
    before = state.signals.get(signal.rule)
    cleared = signal.is_all_clear
    last = LastSignal(
        scope=scope,
        order=order,
        action=signal.action,
        ratio=signal.ratio,
        window=signal.window,
        sequence=signal.sequence,
        reason=signal.reason,
        asset=signal.asset,
        in_force=not cleared,
        cleared_in=signal.window if cleared else before and before.cleared_in,
    )
    return state.model_copy(update={"signals": {**state.signals, signal.rule: last}})


def with_judged(state: ExitState, kind: Scope, order: str, window: str) -> ExitState:
    """Return the state after a snapshot was judged, without rules that ended in an earlier window."""
    kept = {rule: last for rule, last in state.signals.items() if last.in_force or last.window == window}
    return state.model_copy(update={"judged": {**state.judged, kind: order}, "signals": kept})
