"""The answer to an evaluation: the verdict on each strategy, from the runs that are stored."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from risk_hub_contracts.base.ids import CODE_PATTERN, CONTENT_HASH_PATTERN, PROFILE_PATTERN
from risk_hub_contracts.base.name_types import Identifier, Name
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.policies.evaluation_policy import Stage
from risk_hub_contracts.policies.stored_policy import PolicyHash
from risk_hub_contracts.runs.decision import Decision
from risk_hub_contracts.runs.payloads import CallerPrecheck
from risk_hub_contracts.runs.rule_result import RuleResult, RuleStatus

__all__ = ["EvaluationAnswer", "IncludedResults", "PolicyUsed", "SnapshotUsed", "StrategyVerdictAnswer"]

_CLOSED: Final = ConfigDict(extra="forbid")
IncludedResults = Literal["all", "not_passed", "none"]
"""Which rule results an answer contains; the runs contain all of them."""


class PolicyUsed(TypedDict):
    """The policy that judged the strategies."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    policy_id: Identifier
    version: Identifier
    policy_hash: PolicyHash


class SnapshotUsed(TypedDict):
    """The snapshot from which the hub computed the numbers of the portfolio."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    version: Identifier
    content_hash: Annotated[str, Field(pattern=CONTENT_HASH_PATTERN)]


class StrategyVerdictAnswer(TypedDict):
    """The verdict on one strategy, and the run that records it.

    `unresolved` gives the reason of each number that the hub could not compute, by its path: the rules treat it as
    missing. `status`, `selected` and `recommended_stage` are the hub's verdict, `caller_precheck` is the one that the
    caller sent, and `decision` says which of them decided.
    """

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    strategy_id: Name
    run_id: Identifier
    status: RuleStatus
    selected: bool
    recommended_stage: Stage
    results: list[RuleResult]
    unresolved: dict[str, Annotated[str, Field(pattern=CODE_PATTERN)]]
    decision: NotRequired[Decision]
    caller_precheck: NotRequired[CallerPrecheck]


class EvaluationAnswer(TypedDict):
    """The verdicts of one evaluation, by strategy id; every one of them is stored as a run.

    `results_included` is `all` unless the answer would be too large: then the results that passed are left out
    (`not_passed`), or all of them (`none`). The runs contain every result.
    """

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    world_id: Identifier
    evaluation_id: Identifier
    evaluated_at: Instant
    stage: Stage
    profile: Annotated[str, Field(pattern=PROFILE_PATTERN)]
    policy: PolicyUsed
    engine_version: str
    snapshot: SnapshotUsed
    results_included: IncludedResults
    strategies: list[StrategyVerdictAnswer]
    selected: list[Name]
