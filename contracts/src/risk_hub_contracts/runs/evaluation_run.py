"""The current record of a run: a pure fold of its items.

The fold is versioned. Items of a kind that this version does not know, or that do not fit the record (the approval
of an override that nobody requested), change nothing and are listed in `unfolded`.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.runs import payloads
from risk_hub_contracts.runs.payloads import CREATED, KINDS, STORED, Payload, RunCreated, SnapshotReference
from risk_hub_contracts.runs.rule_result import RuleResult, RuleStatus
from risk_hub_contracts.runs.run_item import RunItem, SealedItem
from risk_hub_contracts.runs.run_key import RunKey

__all__ = ["FOLD_VERSION", "EvaluationRun", "RunFoldError", "fold", "fold_next"]

FOLD_VERSION: Final = 1
OverrideState = Literal["requested", "approved", "rejected", "expired"]
_SEVERITY: Final[Sequence[RuleStatus]] = ("pass", "warn", "fail")
_RECORD: Final = ConfigDict(frozen=True, extra="ignore")


class RunFoldError(ValueError):
    """The items do not begin with the creation of a run."""


class _Recorded(BaseModel):
    """A part of the record, with the last item that changed it."""

    model_config = _RECORD

    sequence: int
    recorded_at: Instant
    subject: str


class Validation(_Recorded):
    """The newest extended validation of one name."""

    status: RuleStatus
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

    `status` is the worst of the creation's and of each newest extended validation's; an override does not change it.
    `sequence` and `sha256` are those of the last item. `unfolded` lists the items that the fold left out.
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
    risk_tier: payloads.RiskTier
    model_card_version: str | None
    metrics: dict[str, Any]
    results: tuple[RuleResult, ...]
    status: RuleStatus
    recommended_stage: str | None
    selected: bool | None
    evaluation_id: str | None
    profile: str | None
    policy_id: str
    policy_version: str
    policy_hash: str
    engine_version: str
    snapshot: SnapshotReference | None
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


def fold(items: Sequence[SealedItem]) -> EvaluationRun:
    """Return the current record of a run.

    Args:
        items: all items of one run, in their order.

    Raises:
        RunFoldError: there are no items, or the first is not a creation that this release can read.
    """
    if not items:
        raise RunFoldError("a run has at least one item")
    run = _created(items[0])
    for each in items[1:]:
        run = fold_next(run, each)
    return run


def fold_next(run: EvaluationRun, sealed: SealedItem) -> EvaluationRun:
    """Return the record after one more item."""
    item = sealed.item
    change = _change(run, item)
    if change is None:
        change = {"unfolded": (*run.unfolded, item.sequence)}
    last = {
        "sequence": item.sequence,
        "sha256": sealed.sha256,
        "updated_at": item.recorded_at,
        "updated_by": item.subject,
    }
    return run.model_copy(update={**change, **last})


def _created(sealed: SealedItem) -> EvaluationRun:
    item = sealed.item
    payload = read_payload(item)
    if not isinstance(payload, RunCreated):
        raise RunFoldError(f"the first item must be the creation of the run; it is {item.kind!r}")
    return EvaluationRun(
        **item.key_members(),
        **{name: getattr(payload, name) for name in type(payload).model_fields if name != "metrics"},
        metrics=payload.metrics.document(),
        creation_status=payload.status,
        sequence=item.sequence,
        sha256=sealed.sha256,
        created_at=item.recorded_at,
        created_by=item.subject,
        updated_at=item.recorded_at,
        updated_by=item.subject,
    )


def read_payload(item: RunItem) -> Payload | None:
    """Return the payload of an item, or None if this release does not know the kind or cannot read the payload."""
    model = KINDS.get(item.kind)
    try:
        return None if model is None else model.model_validate(item.payload, context=STORED)
    except ValidationError:
        return None


Change = dict[str, Any]
PayloadT = TypeVar("PayloadT", bound=Payload)


def _change(run: EvaluationRun, item: RunItem) -> Change | None:
    """Return the members of the record that the item changes; None if it does not fit the record."""
    payload = read_payload(item)
    if payload is None or item.kind == CREATED:
        return None
    return _CHANGES[type(payload)](run, payload, _recorded(item))


def _recorded(item: RunItem) -> Change:
    return {"sequence": item.sequence, "recorded_at": item.recorded_at, "subject": item.subject}


def _validated(run: EvaluationRun, payload: payloads.ExtendedValidation, recorded: Change) -> Change:
    validation = Validation(
        **recorded,
        status=payload.status,
        engine_version=payload.engine_version,
        metrics=payload.metrics.document(),
        results=payload.results,
    )
    validations = {**run.validations, payload.validation: validation}
    statuses = (run.creation_status, *(each.status for each in validations.values()))
    return {"validations": validations, "status": max(statuses, key=_SEVERITY.index)}


def _requested(run: EvaluationRun, payload: payloads.OverrideRequested, recorded: Change) -> Change | None:
    if payload.override_id in run.overrides:
        return None
    override = Override(
        **recorded, state="requested", requested_by=recorded["subject"], reason=payload.reason
    )
    return {"overrides": {**run.overrides, payload.override_id: override}}


def _decided(state: OverrideState, follows: OverrideState) -> Callable[..., Change | None]:
    """Return the change of an override from one state to another."""

    def change(run: EvaluationRun, payload: Any, recorded: Change) -> Change | None:  # noqa: ANN401
        override = run.overrides.get(payload.override_id)
        if override is None or override.state != follows:
            return None
        given = payload.model_dump(exclude={"override_id"}, exclude_none=True)
        decided = override.model_copy(update={**recorded, **given, "state": state})
        return {"overrides": {**run.overrides, payload.override_id: decided}}

    return change


def _failed(run: EvaluationRun, payload: payloads.ExPostFailure, recorded: Change) -> Change | None:
    known = run.failures.get(payload.failure_id)
    if known is not None and (known.state, payload.state) != ("candidate", "confirmed"):
        return None
    failure = Failure(**recorded, **payload.model_dump(exclude={"failure_id"}))
    return {"failures": {**run.failures, payload.failure_id: failure}}


def _reviewed(run: EvaluationRun, payload: payloads.ReReview, recorded: Change) -> Change | None:
    if payload.review_id in run.reviews:
        return None
    review = Review(**recorded, **payload.model_dump(exclude={"review_id"}))
    return {"reviews": {**run.reviews, payload.review_id: review}}


_CHANGES: Final[Mapping[type[Payload], Callable[..., Change | None]]] = MappingProxyType(
    {
        payloads.ExtendedValidation: _validated,
        payloads.OverrideRequested: _requested,
        payloads.OverrideApproved: _decided("approved", follows="requested"),
        payloads.OverrideRejected: _decided("rejected", follows="requested"),
        payloads.OverrideExpired: _decided("expired", follows="approved"),
        payloads.OverrideRenewed: _decided("approved", follows="approved"),
        payloads.ExPostFailure: _failed,
        payloads.ReReview: _reviewed,
    }
)
