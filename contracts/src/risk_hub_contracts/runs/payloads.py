"""What each kind of item records. The set is closed for one version of the fold, and open in storage."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_serializer,
)

from risk_hub_contracts.base.ids import CODE_PATTERN, CONTENT_HASH_PATTERN, STAGE_PATTERN
from risk_hub_contracts.base.limits import (
    EVALUATED_STRATEGIES_MAX_COUNT,
    ID_MAX_CHARS,
    RULES_PER_PROFILE_MAX_COUNT,
    RUN_NOTE_MAX_CHARS,
)
from risk_hub_contracts.base.name_types import Identifier
from risk_hub_contracts.base.times import format_instant, parse_instant
from risk_hub_contracts.runs.decision import Decision
from risk_hub_contracts.runs.metric_blocks import MetricBlocks
from risk_hub_contracts.runs.rule_result import (
    REASON_CODE_PATTERN,
    RuleResult,
    RuleStatus,
    ValidationStatus,
)

Stage = Annotated[str, Field(pattern=STAGE_PATTERN)]
ContentHash = Annotated[str, Field(pattern=CONTENT_HASH_PATTERN)]
Results = Annotated[tuple[RuleResult, ...], Field(max_length=RULES_PER_PROFILE_MAX_COUNT)]
Note = Annotated[str, Field(min_length=1, max_length=RUN_NOTE_MAX_CHARS)]


def _utc(text: str) -> str:
    return format_instant(parse_instant(text))


UtcInstant = Annotated[str, AfterValidator(_utc), Field(json_schema_extra={"format": "date-time"})]
"""An instant, recorded in UTC with microseconds, so that two spellings of one instant are equal."""
REPORT_KEY_MAX_CHARS: Final = 4 * ID_MAX_CHARS
RiskTier = Literal["low", "medium", "high"]
CandidateWeight = Annotated[float, Field(strict=True, gt=0, lt=1)]
"""The share of portfolio value that a strategy without a position would get."""

# A later release may add members to a payload that this release reads (ADR-0027).
_PAYLOAD: Final = ConfigDict(frozen=True, extra="ignore")


class Payload(BaseModel):
    """The content of an item."""

    model_config = _PAYLOAD

    def document(self) -> dict[str, Any]:
        """Return the payload without members that have their default, JSON-ready.

        A member that a later release adds has a default, so a replay by that release has the same content.
        """
        return self.model_dump(mode="json", exclude_defaults=True)


class SnapshotReference(BaseModel):
    """The snapshot that a run was computed from: with it and the policy, the run can be computed again."""

    model_config = _PAYLOAD

    version: Identifier
    content_hash: ContentHash


class CallerPrecheck(BaseModel):
    """The verdict that the caller reached itself, before it called the hub. It changes no verdict of the hub."""

    model_config = _PAYLOAD

    status: RuleStatus
    selected: bool | None = None
    recommended_stage: Stage | None = None


STORED: Final[Mapping[str, bool]] = MappingProxyType({"stored": True})
"""Validation context of a payload that is read: its metrics were checked when they were recorded."""


def _checked_once(value: object, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> MetricBlocks:
    if info.context is STORED and isinstance(value, dict):
        return MetricBlocks.model_construct(**value)
    metrics: MetricBlocks = check(value)
    return metrics


class _Judged(Payload):
    """Metrics, and the results of the rules that judged them."""

    metrics: Annotated[MetricBlocks, WrapValidator(_checked_once)] = MetricBlocks()
    results: Results = ()
    engine_version: Annotated[str, Field(min_length=1, max_length=ID_MAX_CHARS)]

    @field_serializer("metrics")
    def _metrics(self, metrics: MetricBlocks) -> dict[str, Any]:
        return metrics.document()


class RunCreated(_Judged):
    """The evaluation of a strategy: always the first item of a run, and never a later one.

    `evaluation_id` names the request, which may evaluate several strategies. `profile` is the profile of the
    policy, and `selected` says whether its selection chose the strategy. `metrics` are the numbers that were
    judged: those that the caller sent, and those that the hub computed from the snapshot. `unresolved` gives the
    reason of each number that the hub could not compute, by its path. `request_hash` identifies the content of the
    request; `candidate_weight`, `baseline_run_id`, `previous_evaluation_id` and `caller_precheck` are its members.
    `decision` says whether the caller's verdict or the hub's decided.
    `evaluated_count` is the number of its strategies: the cohort is complete when that many runs are stored.
    """

    status: RuleStatus
    stage: Stage
    risk_tier: RiskTier
    model_card_version: Identifier | None = None
    recommended_stage: Stage | None = None
    selected: bool | None = None
    evaluation_id: Identifier | None = None
    evaluated_count: Annotated[int, Field(ge=1, le=EVALUATED_STRATEGIES_MAX_COUNT)] | None = None
    profile: Annotated[str, Field(min_length=1, max_length=ID_MAX_CHARS)] | None = None
    policy_id: Identifier
    policy_version: Identifier
    policy_hash: ContentHash
    snapshot: SnapshotReference | None = None
    request_hash: ContentHash | None = None
    unresolved: dict[Annotated[str, Field(min_length=1)], Annotated[str, Field(pattern=CODE_PATTERN)]] = {}
    candidate_weight: CandidateWeight | None = None
    baseline_run_id: Identifier | None = None
    previous_evaluation_id: Identifier | None = None
    caller_precheck: CallerPrecheck | None = None
    decision: Decision | None = None


class ExtendedValidation(_Judged):
    """A validation after the creation: `cohort`, `portfolio`, `stress`, `live`, or one of a later release.

    A repeated validation replaces the earlier one in the folded record, but not in the status of the run; the
    chain keeps both. `reason_code` says why the `status` is `not_evaluated`; otherwise it is null. `report` is
    the key of the report on which the validation was made.
    """

    validation: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]
    status: ValidationStatus
    reason_code: Annotated[str, Field(pattern=REASON_CODE_PATTERN)] | None = None
    report: Annotated[str, Field(min_length=1, max_length=REPORT_KEY_MAX_CHARS)] | None = None


class OverrideRequested(Payload):
    """A request to let the strategy pass in spite of its results."""

    override_id: Identifier
    reason: Note


class OverrideApproved(Payload):
    """The approval of a requested override until an instant."""

    override_id: Identifier
    expires_at: UtcInstant
    note: Note | None = None


class OverrideRejected(Payload):
    """The refusal of a requested override."""

    override_id: Identifier
    note: Note


class OverrideExpired(Payload):
    """The end of an approved override."""

    override_id: Identifier


class OverrideRenewed(Payload):
    """A later end of an approved override, after a re-review."""

    override_id: Identifier
    expires_at: UtcInstant
    note: Note


class ExPostFailure(Payload):
    """A failure that was found after the run: a candidate, or a confirmed one."""

    failure_id: Identifier
    state: Literal["candidate", "confirmed"]
    observed_at: UtcInstant
    note: Note


class ReReview(Payload):
    """A repeated review of the run, and the instant at which the next one is due."""

    review_id: Identifier
    outcome: Literal["kept", "withdrawn"]
    next_due_at: UtcInstant | None = None
    note: Note


CREATED: Final = "created"
KINDS: Final[Mapping[str, type[Payload]]] = MappingProxyType(
    {
        CREATED: RunCreated,
        "extended_validation": ExtendedValidation,
        "override_requested": OverrideRequested,
        "override_approved": OverrideApproved,
        "override_rejected": OverrideRejected,
        "override_expired": OverrideExpired,
        "override_renewed": OverrideRenewed,
        "ex_post_failure": ExPostFailure,
        "re_review": ReReview,
    }
)
"""The kinds that this release folds, with their payloads."""
KIND_OF: Final[Mapping[type[Payload], str]] = MappingProxyType({model: kind for kind, model in KINDS.items()})
