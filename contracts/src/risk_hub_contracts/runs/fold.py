"""The pure fold of a run's items into its current record.

The fold is versioned. Items of a kind that this version does not know, or that do not fit the record (the
approval of an override that was not requested), change nothing and are listed in `unfolded`.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from risk_hub_contracts.runs import payloads
from risk_hub_contracts.runs.evaluation_run import (
    EvaluationRun,
    Failure,
    Override,
    OverrideState,
    Review,
    Validation,
)
from risk_hub_contracts.runs.payloads import CREATED, KINDS, STORED, Payload, RunCreated
from risk_hub_contracts.runs.rule_result import WORST_LAST, RuleStatus, ValidationStatus
from risk_hub_contracts.runs.run_item import RunItem, SealedItem

__all__ = ["RunFoldError", "fold", "fold_next"]

Change = dict[str, Any]


class RunFoldError(ValueError):
    """The items do not begin with the creation of a run."""


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
    """Return the payload of an item; None if this release does not know its kind or cannot read it."""
    model = KINDS.get(item.kind)
    try:
        return None if model is None else model.model_validate(item.payload, context=STORED)
    except ValidationError:
        return None


def _change(run: EvaluationRun, item: RunItem) -> Change | None:
    """Return the members of the record that the item changes; None if it does not fit the record."""
    payload = read_payload(item)
    if payload is None or item.kind == CREATED:
        return None
    return _CHANGES[type(payload)](run, payload, _recorded(item))


def _recorded(item: RunItem) -> Change:
    return {"sequence": item.sequence, "recorded_at": item.recorded_at, "subject": item.subject}


def _validated(run: EvaluationRun, payload: payloads.ExtendedValidation, recorded: Change) -> Change:
    earlier = run.validations.get(payload.validation)
    validation = Validation(
        **recorded,
        status=payload.status,
        worst_status=_worst(None if earlier is None else earlier.worst_status, payload.status),
        reason_code=payload.reason_code,
        report=payload.report,
        engine_version=payload.engine_version,
        metrics=payload.metrics.document(),
        results=payload.results,
    )
    validations = {**run.validations, payload.validation: validation}
    return {"validations": validations, "status": _worst(run.status, payload.status)}


def _worst(before: RuleStatus | None, status: ValidationStatus) -> RuleStatus | None:
    """Return the worse of two statuses; a validation that was not evaluated has none."""
    if status == "not_evaluated":
        return before
    return status if before is None else max(before, status, key=WORST_LAST.index)


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
