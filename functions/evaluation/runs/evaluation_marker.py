"""The marker of an evaluation: the content and the inputs of the request whose runs have its id."""

from dataclasses import dataclass

from risk_hub_contracts.runs.decision import DEFAULT_DECIDER, Decider


@dataclass(frozen=True, slots=True)
class EvaluationMarker:
    """The row that makes an evaluation idempotent. It is stored with the first runs, and never changes.

    A repeated request is evaluated with the same policy, snapshot and rollout flag, so that all runs of an evaluation
    have the same inputs, even if a crash interrupted the first request.

    Attributes:
        request_hash: `sha256:<hex>` of the request.
        policy_hash: `sha256:<hex>` of the policy.
        snapshot_hash: the content hash of the snapshot.
        decider: the rollout flag; the default of a request without a caller's verdict, which needs no flag.
        rollout_sequence: the sequence of the change that set the flag; 0 without one.
    """

    world_id: str
    evaluation_id: str
    request_hash: str
    policy_id: str
    policy_version: str
    policy_hash: str
    snapshot_version: str
    snapshot_hash: str
    decider: Decider = DEFAULT_DECIDER
    rollout_sequence: int = 0
