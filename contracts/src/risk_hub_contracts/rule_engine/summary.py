"""Status of a strategy, and the stage that is recommended for it."""

from collections.abc import Iterable

from risk_hub_contracts.policies.evaluation_policy import STAGES, Stage
from risk_hub_contracts.runs.rule_result import RuleResult, RuleStatus

__all__ = ["recommended_stage", "summary_status"]


def summary_status(results: Iterable[RuleResult]) -> RuleStatus:
    """Return `fail` if a blocking rule fails, `warn` if another result counts and does not pass, else `pass`."""
    counted = [result for result in results if result.severity != "info" and result.status != "pass"]
    if any(result.status == "fail" and result.severity == "blocking" for result in counted):
        return "fail"
    return "warn" if counted else "pass"


def recommended_stage(stage: Stage, status: RuleStatus, *, selected: bool, live_allowed: bool) -> Stage:
    """Return the next stage for a selected strategy that passes, the one before for one that fails, else the same.

    Args:
        stage: the stage of the evaluation.
        status: the status of the strategy.
        selected: whether it is selected: a strategy without a rank may pass and is not.
        live_allowed: whether the policy allows a promotion to live.
    """
    place = STAGES.index(stage)
    if status == "fail":
        return STAGES[max(place - 1, 0)]
    if status == "warn" or not selected or place == len(STAGES) - 1:
        return stage
    following = STAGES[place + 1]
    return stage if following == "live" and not live_allowed else following
