"""Evaluate strategies in one request: resolve the inputs, judge, store the runs, answer what is stored.

No verdict is answered without its record (INV-19): the answer is built from stored runs. The first runs are
stored with a marker, which names the request, the policy and the snapshot. A repeated request finds the marker, so it
answers the same runs; runs that a crash left out are stored with the inputs of the marker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from functions.evaluation.evaluations.answers import evaluation_answer
from functions.evaluation.evaluations.earlier_runs import DAMAGED_REMEDY, first_runs
from functions.evaluation.evaluations.judge import ResolvedInputs, judge
from functions.evaluation.evaluations.resolve_inputs import ResolveInputs
from functions.evaluation.runs.create_runs import CreateRuns, EvaluationExistsError, RunDraft
from functions.evaluation.runs.evaluation_marker import EvaluationMarker
from functions.evaluation.runs.ports import RunStore
from functions.evaluation.runs.read_chain import BrokenChainError
from functions.hub.ports import Clock
from risk_hub_contracts.base.problems import (
    DOCUMENT_UNAVAILABLE,
    EVALUATION_CONFLICT,
    EVALUATION_INVALID,
    ProblemError,
)
from risk_hub_contracts.evaluations.request import EvaluationRequest
from risk_hub_contracts.runs.decision import Decision
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.run_item import RunItemError
from risk_hub_contracts.runs.run_key import RunKey


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """The answer, and the decisions of the runs that this request stored; none for a replay."""

    answer: dict[str, Any]
    decisions: tuple[Decision, ...] = ()

    @property
    def created(self) -> bool:
        """Return whether this request stored any of its runs."""
        return bool(self.decisions)


@dataclass(frozen=True, slots=True)
class EvaluateStrategies:
    """Evaluate, idempotently by the evaluation id."""

    inputs: ResolveInputs
    runs: RunStore
    clock: Clock

    def __call__(self, world_id: str, request: EvaluationRequest, subject: str) -> EvaluationResult:
        """Return the verdicts of the stored runs.

        Raises:
            ProblemError: the policy or the snapshot is missing or damaged, the policy has no profile for the stage,
                a named run does not exist, or the id names an evaluation with other content. Nothing was stored.
            DependencyUnavailableError: a store did not answer. Some runs may be stored; the same request completes
                them.
        """
        try:
            inputs = self.inputs.current(world_id, request)
        except ProblemError as refusal:
            return self._repeated(world_id, request, subject, refusal)
        drafts = judge(world_id, request, inputs, subject)
        try:
            return self._stored(drafts, _marker(world_id, request, inputs))
        except EvaluationExistsError as found:
            return self._completed(found.marker, request, subject)

    def _repeated(
        self, world_id: str, request: EvaluationRequest, subject: str, refusal: ProblemError
    ) -> EvaluationResult:
        """Answer a repeated request even if its policy or its snapshot is no longer current."""
        marker = self.runs.marker(world_id, request.evaluation_id)
        if marker is None:
            raise refusal
        return self._completed(marker, request, subject)

    def _completed(
        self, marker: EvaluationMarker, request: EvaluationRequest, subject: str
    ) -> EvaluationResult:
        """Answer the stored runs of an evaluation; store those that are missing, with its inputs."""
        if marker.request_hash != request.request_hash:
            raise _conflict(marker, "was stored with other content")
        keys = [
            RunKey(marker.world_id, each.strategy_id, marker.evaluation_id) for each in request.strategies
        ]
        found = first_runs(self.runs, keys)
        if len(found) == len(keys):
            return EvaluationResult(evaluation_answer(list(found.values())))
        drafts = judge(marker.world_id, request, self._pinned(marker, request), subject)
        _require_same_engine(marker, drafts, list(found.values()))
        return self._stored(drafts, None)

    def _pinned(self, marker: EvaluationMarker, request: EvaluationRequest) -> ResolvedInputs:
        try:
            return self.inputs.pinned(marker, request)
        except ProblemError as refusal:
            text = f"was interrupted, and cannot be completed with its policy and snapshot: {refusal}"
            raise _conflict(marker, text) from refusal

    def _stored(self, drafts: Sequence[RunDraft], marker: EvaluationMarker | None) -> EvaluationResult:
        """Store the runs and answer them."""
        try:
            stored = CreateRuns(self.runs, self.clock)(drafts, marker)
        except RunItemError as error:
            raise ProblemError(
                EVALUATION_INVALID, f"a run would be too large: {error}; send fewer or shorter metrics"
            ) from error
        except BrokenChainError as error:
            raise ProblemError(DOCUMENT_UNAVAILABLE, str(error), remedy=DAMAGED_REMEDY) from error
        for each in stored:
            if each.outcome == "conflict":
                key = each.run.key
                raise ProblemError(
                    EVALUATION_CONFLICT,
                    f"strategy {key.strategy_id!r} has a run {key.run_id!r} with other content",
                )
        created = [each.run.decision for each in stored if each.outcome == "created"]
        decisions = tuple(each for each in created if each is not None)
        return EvaluationResult(evaluation_answer([each.run for each in stored]), decisions)


def _marker(world_id: str, request: EvaluationRequest, inputs: ResolvedInputs) -> EvaluationMarker:
    return EvaluationMarker(
        world_id=world_id,
        evaluation_id=request.evaluation_id,
        request_hash=request.request_hash,
        policy_id=inputs.policy.policy_id,
        policy_version=inputs.policy.version,
        policy_hash=inputs.policy.policy_hash,
        snapshot_version=inputs.snapshot.version,
        snapshot_hash=inputs.snapshot.content_hash,
        decider=inputs.flag.decider,
        rollout_sequence=inputs.flag.sequence,
    )


def _require_same_engine(
    marker: EvaluationMarker, drafts: Sequence[RunDraft], found: Sequence[EvaluationRun]
) -> None:
    """Refuse to complete an evaluation whose stored runs are of another version of the engine."""
    version = drafts[0].created.engine_version
    if any(run.engine_version != version for run in found):
        raise _conflict(marker, "was interrupted, and its stored runs are of another version of the engine")


def _conflict(marker: EvaluationMarker, reason: str) -> ProblemError:
    return ProblemError(
        EVALUATION_CONFLICT,
        f"evaluation {marker.evaluation_id!r} of world {marker.world_id!r} {reason}",
        extra={"stored_hash": marker.request_hash},
    )
