"""Whose verdict decides about a strategy: the caller's or the hub's, and the decision that follows."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from risk_hub_contracts.runs.rule_result import RuleStatus

__all__ = ["DEFAULT_DECIDER", "Decider", "Decision"]

Decider = Literal["hub", "caller_precheck"]
DEFAULT_DECIDER: Final[Decider] = "caller_precheck"
"""Decides in a world and stage whose flag was never set."""


class Decision(BaseModel):
    """The verdict that decided, and by which flag.

    `rollout_sequence` is the sequence of the rollout change that set the flag; 0 if the flag was never set. `agrees`
    says whether both verdicts lead to the same action: both fail or neither, and the same selection. If the caller sent
    no verdict, `decided_by` is `hub` under either flag, and both members are null.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    decided_by: Decider
    rollout_sequence: Annotated[int, Field(ge=0)] | None = None
    status: RuleStatus
    selected: bool
    agrees: bool | None = None
