"""The request of an evaluation: the strategies, their metrics and the stage.

The caller names a stored policy, or leaves it to the hub; it cannot send rules. Numbers of the portfolio are
computed by the hub from the snapshot, so a request that contains them is refused.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, ValidationError

from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.canonical import canonical_json, sha256_hex
from risk_hub_contracts.base.ids import STAGE_PATTERN
from risk_hub_contracts.base.limits import EVALUATED_STRATEGIES_MAX_COUNT
from risk_hub_contracts.base.name_types import Identifier, Name
from risk_hub_contracts.base.pointers import pointer
from risk_hub_contracts.base.problems import EVALUATION_INVALID, ProblemError, Violation, summary
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.policies.evaluation_policy import Stage
from risk_hub_contracts.policies.rules.bounds import CLOSED
from risk_hub_contracts.policies.rules.metrics import HUB_METRICS
from risk_hub_contracts.runs.metric_blocks import MetricBlocks, metric_paths
from risk_hub_contracts.runs.payloads import CallerPrecheck, CandidateWeight, RiskTier

__all__ = [
    "EvaluatedStrategy",
    "EvaluationRequest",
    "PolicyName",
    "SentPrecheck",
    "parse_evaluation",
    "parse_evaluation_document",
]

_HUB_METRIC_TEXT: Final = "the hub computes this number from the snapshot; leave it out"


class PolicyName(BaseModel):
    """A stored version of an evaluation policy, which was activated for the world."""

    model_config = CLOSED

    policy_id: Identifier
    version: Identifier


class SentPrecheck(CallerPrecheck):
    """The verdict that the caller reached itself; unknown members are refused."""

    model_config = CLOSED


class EvaluatedStrategy(BaseModel):
    """One strategy and its metrics.

    `candidate_weight` is the share of portfolio value that a strategy without a position would get; the rest of
    the book is scaled down. `baseline_run_id` names the back-test run with which `paper_shadow` rules compare.
    """

    model_config = CLOSED

    strategy_id: Name
    risk_tier: RiskTier
    model_card_version: Identifier | None = None
    metrics: MetricBlocks = MetricBlocks()
    candidate_weight: CandidateWeight | None = None
    baseline_run_id: Identifier | None = None
    caller_precheck: SentPrecheck | None = None


class EvaluationRequest(BaseModel):
    """The strategies to evaluate together in one stage.

    `evaluation_id` identifies the request: the same id with the same content answers the stored runs, the same id
    with other content is refused. It is also the id of each run. `policy` is by default the active policy of the
    world, `snapshot_stage` the stage of the evaluation: the portfolio is that of the world's latest snapshot in that
    stage. `previous_evaluation_id` names the evaluation whose selection `hysteresis` rules continue.
    """

    model_config = CLOSED

    evaluation_id: Identifier
    stage: Stage
    snapshot_stage: Annotated[str, Field(pattern=STAGE_PATTERN)] | None = None
    policy: PolicyName | None = None
    previous_evaluation_id: Identifier | None = None
    strategies: Annotated[
        tuple[EvaluatedStrategy, ...], Field(min_length=1, max_length=EVALUATED_STRATEGIES_MAX_COUNT)
    ]

    @cached_property
    def request_hash(self) -> str:
        """Return `sha256:<hex>` of the canonical request; the order of the strategies has no meaning.

        It is computed once, because each run of the evaluation records it.
        """
        document = self.model_dump(mode="json", exclude_defaults=True, exclude={"strategies"})
        strategies = sorted(self.strategies, key=lambda each: each.strategy_id)
        document["strategies"] = [_strategy_document(each) for each in strategies]
        return "sha256:" + sha256_hex(canonical_json(document))


def _strategy_document(strategy: EvaluatedStrategy) -> dict[str, Any]:
    document = strategy.model_dump(mode="json", exclude_defaults=True, exclude={"metrics"})
    return {**document, "metrics": strategy.metrics.document()}


def parse_evaluation(raw: bytes) -> EvaluationRequest:
    """Read the body of an evaluation.

    Raises:
        ProblemError: evaluation-invalid with the pointer of each violation, or what `strict_json.loads` refuses.
    """
    return parse_evaluation_document(strict_json.loads(raw))


def parse_evaluation_document(document: object) -> EvaluationRequest:
    """Return the request that a parsed JSON document describes.

    Raises:
        ProblemError: evaluation-invalid with the pointer of each violation.
    """
    try:
        request = EvaluationRequest.model_validate(document)
    except ValidationError as error:
        raise _invalid(to_violations(error, known=EvaluationRequest.model_fields)) from None
    found = [*_repeated(request), *_computed_by_the_hub(request)]
    if found:
        raise _invalid(found)
    return request


def _invalid(violations: list[Violation]) -> ProblemError:
    return ProblemError(EVALUATION_INVALID, summary(violations, "The evaluation"), violations)


def _repeated(request: EvaluationRequest) -> Iterator[Violation]:
    """Yield each strategy that has the id of an earlier one."""
    first: dict[str, int] = {}
    for place, strategy in enumerate(request.strategies):
        earlier = first.setdefault(strategy.strategy_id, place)
        if earlier != place:
            detail = f"is the strategy of /strategies/{earlier} again; send each strategy once"
            yield Violation(pointer("strategies", place, "strategy_id"), detail)


def _computed_by_the_hub(request: EvaluationRequest) -> Iterator[Violation]:
    """Yield each metric that only the hub computes."""
    for place, strategy in enumerate(request.strategies):
        sent = metric_paths(strategy.metrics)
        for path in HUB_METRICS:
            if path in sent:
                yield Violation(
                    pointer("strategies", place, "metrics", *path.split(".", 1)), _HUB_METRIC_TEXT
                )
