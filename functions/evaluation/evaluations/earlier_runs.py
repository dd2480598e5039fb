"""Runs that a request refers to: the baseline of each strategy, and the previous selection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from functions.evaluation.runs.ports import RunStore
from functions.evaluation.runs.read_chain import BrokenChainError, folded, verified_items
from risk_hub_contracts.base.pointers import pointer
from risk_hub_contracts.base.problems import (
    DOCUMENT_UNAVAILABLE,
    EVALUATION_INVALID,
    ProblemError,
    Violation,
    summary,
)
from risk_hub_contracts.evaluations.request import EvaluationRequest
from risk_hub_contracts.rule_engine.inputs import Numbers
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.metric_blocks import MetricBlocks, metric_paths
from risk_hub_contracts.runs.run_key import RunKey

DAMAGED_REMEDY = "Ask an operator to verify the run with `risk-hub runs verify`; a damaged run is never used."


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """Numbers of the baseline run by strategy, and the strategies that the previous evaluation selected."""

    baselines: Mapping[str, Numbers] = field(default_factory=dict)
    selected: frozenset[str] = frozenset()


def earlier_runs(store: RunStore, world_id: str, request: EvaluationRequest) -> EarlierRuns:
    """Return what the named runs recorded when they were created.

    Raises:
        ProblemError: `evaluation-invalid` if a named run does not exist; `document-unavailable` if it is damaged.
        DependencyUnavailableError: the store did not answer.
    """
    baselines = {
        each.strategy_id: RunKey(world_id, each.strategy_id, each.baseline_run_id)
        for each in request.strategies
        if each.baseline_run_id is not None
    }
    previous = request.previous_evaluation_id
    keys = [
        RunKey(world_id, each.strategy_id, previous) for each in request.strategies if previous is not None
    ]
    found = first_runs(store, list(dict.fromkeys([*baselines.values(), *keys])))
    _require_found(
        request, baselines, found, missing_previous=bool(keys) and not any(key in found for key in keys)
    )
    return EarlierRuns(
        baselines={
            strategy: metric_paths(MetricBlocks.model_construct(**found[key].metrics))
            for strategy, key in baselines.items()
        },
        selected=frozenset(key.strategy_id for key in keys if key in found and found[key].selected),
    )


def first_runs(store: RunStore, keys: Sequence[RunKey]) -> dict[RunKey, EvaluationRun]:
    """Return the runs that exist as they were created, without later items.

    Raises:
        ProblemError: `document-unavailable` if a run is damaged.
        DependencyUnavailableError: the store did not answer.
    """
    found = store.first_items(keys) if keys else {}
    try:
        return {key: folded(key, verified_items(key, [item])) for key, item in found.items()}
    except BrokenChainError as error:
        raise ProblemError(DOCUMENT_UNAVAILABLE, str(error), remedy=DAMAGED_REMEDY) from error


def _require_found(
    request: EvaluationRequest,
    baselines: Mapping[str, RunKey],
    found: Mapping[RunKey, EvaluationRun],
    *,
    missing_previous: bool,
) -> None:
    """Refuse names of runs that do not exist: a wrong id must not look like a missing number."""
    violations = [
        Violation(
            pointer("strategies", place, "baseline_run_id"),
            f"the strategy has no run {each.baseline_run_id!r}; name one of its runs, or leave it out",
        )
        for place, each in enumerate(request.strategies)
        if each.strategy_id in baselines and baselines[each.strategy_id] not in found
    ]
    if missing_previous:
        detail = "names no run of these strategies; name their previous evaluation, or leave it out"
        violations.append(Violation("/previous_evaluation_id", detail))
    if violations:
        raise ProblemError(EVALUATION_INVALID, summary(violations, "The evaluation"), violations)
