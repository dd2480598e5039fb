"""Choose between the hub's verdict and the caller's, as the flag in force says."""

from typing import Protocol

from functions.evaluation.rollout.rollout_records import RolloutFlag
from risk_hub_contracts.runs.decision import Decider, Decision
from risk_hub_contracts.runs.rule_result import RuleStatus

__all__ = ["HubVerdict", "Precheck", "decide"]


class HubVerdict(Protocol):
    """The hub's verdict about one strategy."""

    @property
    def status(self) -> RuleStatus:
        """Return the status."""

    @property
    def selected(self) -> bool:
        """Return whether the strategy is selected."""


class Precheck(Protocol):
    """The verdict of the caller about one strategy."""

    @property
    def status(self) -> RuleStatus:
        """Return the status."""

    @property
    def selected(self) -> bool | None:
        """Return whether the strategy is selected; None if the caller does not select."""


def decide(flag: RolloutFlag, verdict: HubVerdict, precheck: Precheck | None) -> Decision:
    """Return the decision about one strategy.

    Without a verdict of the caller, the hub's decides under either flag.

    Args:
        flag: the flag in force of the world and stage.
        verdict: the hub's verdict.
        precheck: the caller's verdict, None if the request has none.
    """
    decided: Decider = "hub" if precheck is None else flag.decider
    status, selected = verdict.status, verdict.selected
    if precheck is not None and decided == "caller_precheck":
        status, selected = precheck.status, _selected(precheck)
    return Decision(
        decided_by=decided,
        rollout_sequence=None if precheck is None else flag.sequence,
        status=status,
        selected=selected,
        agrees=None if precheck is None else _agree(verdict, precheck),
    )


def _agree(verdict: HubVerdict, precheck: Precheck) -> bool:
    """Return whether both verdicts lead to the same action.

    A warning and a pass agree: without the numbers of the hub, rules with `on_missing: warn` warn the caller.
    """
    same_status = (verdict.status == "fail") == (precheck.status == "fail")
    return same_status and precheck.selected in {None, verdict.selected}


def _selected(precheck: Precheck) -> bool:
    """Return whether the caller lets the strategy through; without a selection, its status says so."""
    return precheck.status != "fail" if precheck.selected is None else precheck.selected
