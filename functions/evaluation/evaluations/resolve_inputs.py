"""Resolve the inputs of an evaluation: policy, snapshot, returns and the runs that the request names."""

from dataclasses import dataclass

from functions.evaluation.evaluations.earlier_runs import earlier_runs
from functions.evaluation.evaluations.judge import ResolvedInputs
from functions.evaluation.evaluations.needed_metrics import needed_metrics
from functions.evaluation.evaluations.portfolio_returns import portfolio_returns
from functions.evaluation.evaluations.world_policy import WorldPolicy, profile_of
from functions.evaluation.policies.policy_records import PolicyKey
from functions.evaluation.rollout.read_rollout import ReadRollout
from functions.evaluation.rollout.rollout_records import NEVER_SET, RolloutFlag
from functions.evaluation.runs.evaluation_marker import EvaluationMarker
from functions.evaluation.runs.ports import RunStore
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import BlobStore, SnapshotMovedError
from functions.hub.use_cases.read_snapshots import ReadSnapshots
from risk_hub_contracts.api.queries import LatestReportQuery
from risk_hub_contracts.base.problems import SNAPSHOT_NOT_FOUND, ProblemError
from risk_hub_contracts.evaluations.request import EvaluationRequest
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy
from risk_hub_contracts.runs.payloads import SnapshotReference
from risk_hub_contracts.snapshot.parse import Snapshot


@dataclass(frozen=True, slots=True)
class ResolveInputs:
    """Resolve inputs. Every method may raise DependencyUnavailableError and DocumentError."""

    policies: WorldPolicy
    snapshots: ReadSnapshots
    blobs: BlobStore
    runs: RunStore
    rollout: ReadRollout

    def current(self, world_id: str, request: EvaluationRequest) -> ResolvedInputs:
        """Return the inputs of a new evaluation: the policy in force, and the latest snapshot of the stage.

        Raises:
            ProblemError: one of them is missing or damaged, or the policy has no profile for the stage.
        """
        policy = self.policies.current(world_id, request.policy)
        profile_of(policy, request.stage)
        stage = request.snapshot_stage or request.stage
        latest = self.snapshots.latest(world_id, LatestReportQuery(stage=stage))
        return self._inputs(world_id, request, policy, latest.stored, self._flag(world_id, request))

    def pinned(self, marker: EvaluationMarker, request: EvaluationRequest) -> ResolvedInputs:
        """Return the inputs of an evaluation that was begun.

        Raises:
            ProblemError: its policy or its snapshot is no longer available.
        """
        key = PolicyKey(marker.policy_id, marker.policy_version)
        policy = self.policies.pinned(key, marker.policy_hash)
        stored = self._snapshot(marker)
        flag = RolloutFlag(marker.decider, marker.rollout_sequence)
        return self._inputs(marker.world_id, request, policy, stored, flag)

    def _flag(self, world_id: str, request: EvaluationRequest) -> RolloutFlag:
        """Return the flag in force; the default for a request whose decision does not depend on it."""
        if all(each.caller_precheck is None for each in request.strategies):
            return NEVER_SET
        return self.rollout.flag(world_id, request.stage)

    def _snapshot(self, marker: EvaluationMarker) -> SnapshotRecord:
        try:
            stored = self.snapshots.snapshots.get(marker.world_id, marker.snapshot_version)
        except SnapshotMovedError:
            stored = None
        if stored is None or stored.content_hash != marker.snapshot_hash:
            raise ProblemError(
                SNAPSHOT_NOT_FOUND,
                f"snapshot {marker.snapshot_version!r} of world {marker.world_id!r} is no longer in the table",
            )
        return stored

    def _inputs(
        self,
        world_id: str,
        request: EvaluationRequest,
        policy: EvaluationPolicy,
        stored: SnapshotRecord,
        flag: RolloutFlag,
    ) -> ResolvedInputs:
        needed = needed_metrics(policy, profile_of(policy, request.stage))
        return ResolvedInputs(
            policy=policy,
            snapshot=SnapshotReference(version=stored.version, content_hash=stored.content_hash),
            needed=needed,
            returns=portfolio_returns(
                Snapshot.from_document(stored.document, stored.content_hash), self.blobs
            )
            if needed.need_returns
            else None,
            earlier=earlier_runs(self.runs, world_id, request),
            flag=flag,
        )
