"""Records of the rollout: the flags of a world, and the changes that set them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from functions.evaluation.policies.policy_records import Author
from risk_hub_contracts.policies.evaluation_policy import Stage
from risk_hub_contracts.policies.rollout import ChangeKind
from risk_hub_contracts.runs.decision import DEFAULT_DECIDER, Decider

__all__ = ["NEVER_SET", "RolloutChange", "RolloutFlag"]


@dataclass(frozen=True, slots=True)
class RolloutFlag:
    """Whose verdict decides in a stage, and the change that said so.

    Attributes:
        sequence: the sequence of that change; 0 if nobody set the flag.
        previous: the decider before that change.
        change: its kind; None if nobody set the flag.
        changed_at: its time as text; None if nobody set the flag.
        changed_by: its subject; None if nobody set the flag.
    """

    decider: Decider = DEFAULT_DECIDER
    sequence: int = 0
    previous: Decider = DEFAULT_DECIDER
    change: ChangeKind | None = None
    changed_at: str | None = None
    changed_by: str | None = None


NEVER_SET = RolloutFlag()


@dataclass(frozen=True, slots=True)
class RolloutChange:
    """One change of a stage's flag.

    Attributes:
        sequence: its number among the changes of the world, over all stages, from 1.
        flags: the flags of every stage after this change; a stage that nobody set is absent.
    """

    world_id: str
    sequence: int
    stage: Stage
    change: ChangeKind
    decider: Decider
    previous: Decider
    reason: str
    changed_at: datetime
    changed_by: Author
    flags: Mapping[Stage, RolloutFlag] = field(default_factory=dict)
