"""The current record of a run, as the fold of its items gives it (`fold`)."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.runs.decision import Decision
from risk_hub_contracts.runs.payloads import CallerPrecheck, RiskTier, SnapshotReference
from risk_hub_contracts.runs.rule_result import RuleResult, RuleStatus, ValidationStatus
from risk_hub_contracts.runs.run_key import RunKey

__all__ = ["FOLD_VERSION", "EvaluationRun", "Failure", "Override", "Review", "Validation"]

FOLD_VERSION: Final = 2
OverrideState = Literal["requested", "approved", "rejected", "expired"]
# The record is also an answer, and the schemas of answers are closed in the tests of the hub.
_RECORD: Final = ConfigDict(frozen=True, extra="ignore", json_schema_extra={"additionalProperties": False})


class _Recorded(BaseModel):
    """A part of the record, with the last item that changed it."""

    model_config = _RECORD

    sequence: int
    recorded_at: Instant
    subject: str


class Validation(_Recorded):
    """The newest extended validation of one name.

    `worst_status` is the worst status of all validations of this name; null if none of them was evaluated.
    """

    status: ValidationStatus
    worst_status: RuleStatus | None = None
    reason_code: str | None = None
    report: str | None = None
    engine_version: str
    metrics: dict[str, Any]
    results: tuple[RuleResult, ...]


class Override(_Recorded):
    """One override; `subject` is the person of the last change. `expires_at` is null before an approval."""

    state: OverrideState
    requested_by: str
    reason: str
    expires_at: Instant | None = None
    note: str | None = None


class Failure(_Recorded):
    """One failure that was found after the run."""

    state: Literal["candidate", "confirmed"]
    observed_at: Instant
    note: str


class Review(_Recorded):
    """One repeated review."""

    outcome: Literal["kept", "withdrawn"]
    next_due_at: Instant | None
    note: str


class EvaluationRun(BaseModel):
    """The current record of one run.

    `status` is the worst of the creation's and of every extended validation's: a later validation never
    improves it, one that was not evaluated and an override do not change it. `sequence` and `sha256` are those of
    the last item. `unfolded` lists the items that the fold left out.
    """

    model_config = _RECORD

    world_id: str
    strategy_id: str
    run_id: str
    fold_version: int = FOLD_VERSION
    sequence: int
    sha256: str
    created_at: Instant
    created_by: str
    updated_at: Instant
    updated_by: str
    stage: str
    risk_tier: RiskTier
    model_card_version: str | None
    metrics: dict[str, Any]
    results: tuple[RuleResult, ...]
    status: RuleStatus
    recommended_stage: str | None
    selected: bool | None
    evaluation_id: str | None
    evaluated_count: int | None = None
    profile: str | None
    policy_id: str
    policy_version: str
    policy_hash: str
    engine_version: str
    snapshot: SnapshotReference | None
    request_hash: str | None = None
    unresolved: dict[str, str] = {}
    candidate_weight: float | None = None
    baseline_run_id: str | None = None
    previous_evaluation_id: str | None = None
    caller_precheck: CallerPrecheck | None = None
    decision: Decision | None = None
    creation_status: RuleStatus
    validations: dict[str, Validation] = {}
    overrides: dict[str, Override] = {}
    failures: dict[str, Failure] = {}
    reviews: dict[str, Review] = {}
    unfolded: tuple[int, ...] = ()

    @property
    def key(self) -> RunKey:
        """Return the run's identity."""
        return RunKey(self.world_id, self.strategy_id, self.run_id)
