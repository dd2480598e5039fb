"""The evaluation use case with simulated inputs: policy and snapshot change while requests are repeated."""

from dataclasses import dataclass, field
from functools import cache

from functions.evaluation.evaluations.judge import ResolvedInputs
from functions.evaluation.evaluations.needed_metrics import NeededMetrics
from functions.evaluation.runs.evaluation_marker import EvaluationMarker
from risk_hub_contracts.evaluations.request import EvaluationRequest
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy, parse_policy
from risk_hub_contracts.runs.payloads import SnapshotReference
from tests.fakes.runs import HASH
from tools.simulator.wire import Wire

LEAST_SHARPE = {"v1": 0.5, "v2": 0.8, "v3": 1.1}
"""The limit of each version of the policy: below it a strategy fails."""
WARNED_UP_TO = 0.2
"""Within this distance above the limit a strategy has a warning."""
NOTHING_RESOLVED = NeededMetrics(frozenset(), correlations=False)


def expected_status(version: str, sharpe: float) -> str:
    """Return the status by a version of the policy, without the rule engine."""
    if sharpe < LEAST_SHARPE[version]:
        return "fail"
    return "warn" if sharpe < LEAST_SHARPE[version] + WARNED_UP_TO else "pass"


@cache
def policy(version: str) -> EvaluationPolicy:
    """Return a version of the policy, which has one rule in every stage."""
    least = LEAST_SHARPE[version]
    rule = {
        "kind": "performance",
        "measure": "sharpe",
        "fail": {"min": least},
        "warn": {"min": least + WARNED_UP_TO},
    }
    return parse_policy(
        {
            "policy_id": "core",
            "version": version,
            "owner": "risk",
            "stages": dict.fromkeys(("backtest", "paper", "live"), "all"),
            "profiles": {"all": {"rules": {"sharpe": rule}}},
        }
    )


@dataclass
class SimulatedInputs:
    """ResolveInputs whose policy and snapshot are replaced at any time; every version stays readable."""

    wire: Wire
    version: str = "v1"
    snapshots: list[str] = field(default_factory=lambda: ["snapshot-1"])

    def current(self, _world_id: str, _request: EvaluationRequest) -> ResolvedInputs:
        return self.wire.call("inputs.current", lambda: _resolved(self.version, self.snapshots[-1]))

    def pinned(self, marker: EvaluationMarker, _request: EvaluationRequest) -> ResolvedInputs:
        return self.wire.call(
            "inputs.pinned", lambda: _resolved(marker.policy_version, marker.snapshot_version)
        )

    def replace(self, version: str) -> None:
        """Activate a version of the policy, and publish a snapshot."""
        self.version = version
        self.snapshots.append(f"snapshot-{len(self.snapshots) + 1}")


def _resolved(version: str, snapshot: str) -> ResolvedInputs:
    reference = SnapshotReference(version=snapshot, content_hash=HASH)
    return ResolvedInputs(policy(version), reference, NOTHING_RESOLVED)
