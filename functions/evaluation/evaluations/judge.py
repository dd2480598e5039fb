"""Judge the strategies of a request with the numbers that the hub resolved, and draft the runs that record it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.evaluation.evaluations.earlier_runs import EarlierRuns
from functions.evaluation.evaluations.needed_metrics import NeededMetrics
from functions.evaluation.evaluations.portfolio_numbers import ResolvedNumbers, portfolio_numbers
from functions.evaluation.evaluations.portfolio_returns import NO_SERIES, PortfolioReturns
from functions.evaluation.evaluations.return_correlations import ReturnCorrelations
from functions.evaluation.rollout.decide import decide
from functions.evaluation.rollout.rollout_records import NEVER_SET, RolloutFlag
from functions.evaluation.runs.create_runs import RunDraft
from risk_hub_contracts.evaluations.request import EvaluatedStrategy, EvaluationRequest
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy
from risk_hub_contracts.rule_engine.evaluate import Evaluation, StrategyVerdict, evaluate
from risk_hub_contracts.rule_engine.inputs import Context
from risk_hub_contracts.runs.metric_blocks import MetricBlocks, metric_paths
from risk_hub_contracts.runs.payloads import CallerPrecheck, RunCreated, SnapshotReference
from risk_hub_contracts.runs.run_key import RunKey


@dataclass(frozen=True, slots=True)
class ResolvedInputs:
    """Everything besides the request on which the verdicts depend.

    Attributes:
        returns: the returns of the snapshot; None if no rule needs them.
        flag: whose verdict decides; it is not read for a request without a caller's verdict.
    """

    policy: EvaluationPolicy
    snapshot: SnapshotReference
    needed: NeededMetrics
    returns: PortfolioReturns | None = None
    earlier: EarlierRuns = field(default_factory=EarlierRuns)
    flag: RolloutFlag = NEVER_SET


def judge(world_id: str, request: EvaluationRequest, inputs: ResolvedInputs, subject: str) -> list[RunDraft]:
    """Return one draft for each strategy, by strategy id."""
    numbers = {each.strategy_id: _numbers(each, inputs) for each in request.strategies}
    sent = {each.strategy_id: metric_paths(each.metrics) for each in request.strategies}
    evaluation = evaluate(inputs.policy, request.stage, sent, _context(inputs, numbers))
    drafts = []
    for strategy in sorted(request.strategies, key=lambda each: each.strategy_id):
        name = strategy.strategy_id
        created = _created(request, strategy, inputs, evaluation, numbers[name])
        drafts.append(RunDraft(RunKey(world_id, name, request.evaluation_id), subject, created))
    return drafts


def _numbers(strategy: EvaluatedStrategy, inputs: ResolvedInputs) -> ResolvedNumbers:
    if inputs.returns is None:
        return ResolvedNumbers()
    return portfolio_numbers(
        inputs.returns, strategy.strategy_id, strategy.candidate_weight, inputs.needed.paths
    )


def _context(inputs: ResolvedInputs, numbers: Mapping[str, ResolvedNumbers]) -> Context:
    series = NO_SERIES if inputs.returns is None else inputs.returns.given
    return Context(
        resolved={name: each.numbers for name, each in numbers.items()},
        baselines=inputs.earlier.baselines,
        correlations=ReturnCorrelations(series),
        selected_before=inputs.earlier.selected,
    )


def _created(
    request: EvaluationRequest,
    strategy: EvaluatedStrategy,
    inputs: ResolvedInputs,
    evaluation: Evaluation,
    resolved: ResolvedNumbers,
) -> RunCreated:
    verdict: StrategyVerdict = evaluation.strategies[strategy.strategy_id]
    precheck = strategy.caller_precheck
    return RunCreated(
        stage=request.stage,
        risk_tier=strategy.risk_tier,
        model_card_version=strategy.model_card_version,
        metrics=_judged_metrics(strategy.metrics, resolved.numbers),
        results=verdict.results,
        status=verdict.status,
        recommended_stage=verdict.recommended_stage,
        selected=verdict.selected,
        evaluation_id=request.evaluation_id,
        evaluated_count=len(request.strategies),
        profile=evaluation.profile,
        policy_id=evaluation.policy_id,
        policy_version=evaluation.policy_version,
        policy_hash=evaluation.policy_hash,
        engine_version=evaluation.engine_version,
        snapshot=inputs.snapshot,
        request_hash=request.request_hash,
        unresolved=resolved.unresolved,
        candidate_weight=strategy.candidate_weight,
        baseline_run_id=strategy.baseline_run_id,
        previous_evaluation_id=request.previous_evaluation_id,
        caller_precheck=None if precheck is None else CallerPrecheck(**precheck.model_dump()),
        decision=decide(inputs.flag, verdict, precheck),
    )


def _judged_metrics(sent: MetricBlocks, resolved: Mapping[str, float]) -> MetricBlocks:
    """Return the metrics that the caller sent with those that the hub computed."""
    blocks: dict[str, Any] = sent.document()
    for path, value in resolved.items():
        block, _, name = path.partition(".")
        blocks[block] = {**blocks.get(block, {}), name: value}
    return MetricBlocks.model_construct(**blocks)
