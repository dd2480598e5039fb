"""Read the risk numbers of one snapshot."""

from dataclasses import dataclass
from typing import Any

from functions.hub.ports import EvaluationStore, SnapshotStore
from risk_hub_contracts.problems import RISK_NOT_FOUND, SNAPSHOT_NOT_FOUND, ProblemError


@dataclass(frozen=True, slots=True)
class ReadRisk:
    """Returns what the risk engine computed from a snapshot."""

    evaluations: EvaluationStore
    snapshots: SnapshotStore

    def __call__(self, world_id: str, version: str) -> dict[str, Any]:
        """Return the newest engine's report as a JSON document.

        Raises:
            ProblemError: `snapshot-not-found`, or `risk-not-found` while the evaluation is still on its way.
        """
        report = self.evaluations.latest_risk(world_id, version)
        if report is not None:
            return report
        if self.snapshots.get(world_id, version) is None:
            raise ProblemError(SNAPSHOT_NOT_FOUND, f"world {world_id!r} has no version {version!r}")
        raise ProblemError(RISK_NOT_FOUND, f"version {version!r} of world {world_id!r} is not evaluated yet")
