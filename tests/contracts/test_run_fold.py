"""The fold of a run: its record after each kind of item."""

from itertools import permutations
from typing import Any

import pytest
from pydantic import ValidationError

from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.fold import RunFoldError, fold, fold_next
from risk_hub_contracts.runs.payloads import (
    CREATED,
    KIND_OF,
    KINDS,
    ExPostFailure,
    OverrideApproved,
    OverrideExpired,
    OverrideRejected,
    OverrideRenewed,
    OverrideRequested,
    Payload,
    ReReview,
    RunCreated,
)
from risk_hub_contracts.runs.run_item import RunItem, SealedItem, seal
from tests.fakes.runs import created, rule_result, run_key, validation

REQUEST = OverrideRequested(override_id="o1", reason="data vendor outage")
APPROVAL = OverrideApproved(override_id="o1", expires_at="2026-02-01T00:00:00.000000Z")
REJECTION = OverrideRejected(override_id="o1", note="no")
EXPIRY = OverrideExpired(override_id="o1")
RENEWAL = OverrideRenewed(override_id="o1", expires_at="2026-03-01T00:00:00.000000Z", note="still needed")


def chain(*payloads: Payload | tuple[str, dict[str, Any]]) -> list[SealedItem]:
    """Return the chain of these payloads; the subject of item n is `s<n>`."""
    items: list[SealedItem] = []
    for sequence, payload in enumerate(payloads, 1):
        kind, document = (
            payload if isinstance(payload, tuple) else (KIND_OF[type(payload)], payload.document())
        )
        key = run_key()
        made = RunItem(
            world_id=key.world_id,
            strategy_id=key.strategy_id,
            run_id=key.run_id,
            sequence=sequence,
            recorded_at=f"2026-01-05T12:00:{sequence:02}.000000Z",
            subject=f"s{sequence}",
            entry_id=f"e{sequence}",
            previous_sha256=items[-1].sha256 if items else None,
            kind=kind,
            payload=document,
        )
        items.append(seal(made))
    return items


def folded(*payloads: Payload | tuple[str, dict[str, Any]]) -> EvaluationRun:
    return fold(chain(created(), *payloads))


def test_the_record_of_a_created_run_has_all_of_its_creation() -> None:
    items = chain(created())
    run, payload = fold(items), created()
    assert run.key == run_key()
    assert (run.sequence, run.sha256, run.fold_version) == (1, items[0].sha256, 2)
    assert (run.created_by, run.updated_by) == ("s1", "s1")
    assert run.created_at == run.updated_at == "2026-01-05T12:00:01.000000Z"
    for name in set(type(payload).model_fields) - {"metrics"}:
        assert getattr(run, name) == getattr(payload, name), name
    assert run.metrics == {"returns": {"sharpe": 1.25, "max_drawdown": 0.11}, "risk": {"var_99": 0.021}}


def test_the_record_comes_back_from_its_json() -> None:
    run = folded(validation(), REQUEST, APPROVAL)
    assert EvaluationRun.model_validate_json(run.model_dump_json()) == run


def test_the_last_item_gives_sequence_digest_and_author_of_the_record() -> None:
    items = chain(created(), validation(), REQUEST)
    run = fold(items)
    assert (run.sequence, run.sha256, run.updated_by) == (3, items[2].sha256, "s3")
    assert (run.created_by, run.updated_at) == ("s1", "2026-01-05T12:00:03.000000Z")


@pytest.mark.parametrize("order", list(permutations(["pass", "warn", "fail"])))
def test_status_is_the_worst_of_creation_and_validations_in_any_order(order: tuple[Any, ...]) -> None:
    first, second, third = order
    run = fold(chain(created(status=first), validation("cohort", second), validation("stress", third)))
    assert run.status == "fail"
    assert run.creation_status == first


def test_a_repeated_validation_replaces_the_earlier_one_of_its_name() -> None:
    run = folded(validation("cohort", "fail"), validation("stress", "warn"), validation("cohort", "pass"))
    cohort = run.validations["cohort"]
    assert (cohort.sequence, cohort.status, cohort.worst_status) == (4, "pass", "fail")
    assert cohort.results == (rule_result("pass", "stress_crash"),)


@pytest.mark.parametrize("failed", ["fail", "warn"])
def test_a_later_pass_of_the_same_layer_does_not_improve_the_status(failed: Any) -> None:
    run = folded(validation("cohort", failed), validation("cohort", "pass"), validation("stress", "pass"))
    assert run.status == failed


def test_a_validation_that_was_not_evaluated_neither_passes_nor_fails() -> None:
    skipped = validation("live").model_copy(
        update={"status": "not_evaluated", "reason_code": "live_block_missing", "results": ()}
    )
    for status in ("pass", "warn", "fail"):
        run = fold(chain(created(status=status), skipped))
        assert run.status == status
    live = run.validations["live"]
    assert (live.status, live.worst_status, live.reason_code) == ("not_evaluated", None, "live_block_missing")
    later = folded(validation("live", "fail"), skipped)
    assert (later.status, later.validations["live"].worst_status) == ("fail", "fail")


def test_an_override_changes_no_status_and_keeps_its_request() -> None:
    run = fold(chain(created(status="fail"), REQUEST, APPROVAL))
    override = run.overrides["o1"]
    assert run.status == "fail"
    assert (override.state, override.requested_by, override.subject) == ("approved", "s2", "s3")
    assert (override.reason, override.expires_at) == (REQUEST.reason, APPROVAL.expires_at)


def test_no_later_validation_or_review_drops_an_override() -> None:
    review = ReReview(review_id="v1", outcome="kept", next_due_at=None, note="ok")
    run = folded(REQUEST, APPROVAL, validation("cohort", "fail"), validation("cohort"), review)
    assert run.overrides == folded(REQUEST, APPROVAL).overrides
    assert run.reviews["v1"].outcome == "kept"


@pytest.mark.parametrize(
    ("payloads", "state"),
    [
        ([REQUEST], "requested"),
        ([REQUEST, APPROVAL], "approved"),
        ([REQUEST, REJECTION], "rejected"),
        ([REQUEST, APPROVAL, EXPIRY], "expired"),
        ([REQUEST, APPROVAL, RENEWAL], "approved"),
        ([REQUEST, APPROVAL, RENEWAL, EXPIRY], "expired"),
    ],
)
def test_an_override_follows_its_states(payloads: list[Payload], state: str) -> None:
    run = folded(*payloads)
    assert run.overrides["o1"].state == state
    assert run.unfolded == ()


@pytest.mark.parametrize(
    "payloads",
    [
        [APPROVAL],
        [REQUEST, REQUEST],
        [REQUEST, EXPIRY],
        [REQUEST, RENEWAL],
        [REQUEST, REJECTION, APPROVAL],
        [REQUEST, APPROVAL, APPROVAL],
        [REQUEST, APPROVAL, REJECTION],
        [REQUEST, APPROVAL, EXPIRY, RENEWAL],
        [REQUEST, APPROVAL, EXPIRY, APPROVAL],
    ],
)
def test_a_step_that_no_override_can_take_changes_nothing_and_is_listed(payloads: list[Payload]) -> None:
    before, after = folded(*payloads[:-1]), folded(*payloads)
    assert after.overrides == before.overrides
    assert after.unfolded == (len(payloads) + 1,)
    assert after.sequence == len(payloads) + 1


def test_a_renewal_moves_the_expiry() -> None:
    assert folded(REQUEST, APPROVAL, RENEWAL).overrides["o1"].expires_at == RENEWAL.expires_at


def failure(state: Any) -> ExPostFailure:
    return ExPostFailure(
        failure_id="f1", state=state, observed_at="2026-01-04T00:00:00.000000Z", note="limit breached"
    )


def test_a_failure_is_confirmed_once_and_never_withdrawn() -> None:
    assert folded(failure("candidate"), failure("confirmed")).failures["f1"].state == "confirmed"
    again = folded(failure("candidate"), failure("confirmed"), failure("candidate"), failure("confirmed"))
    assert again.unfolded == (4, 5)
    assert again.failures["f1"].sequence == 3


@pytest.mark.parametrize(
    "unknown",
    [
        ("of_a_later_release", {"a": 1}),
        ("override_requested", {"override_id": "o1"}),
        ("extended_validation", {}),
        (CREATED, created().document()),
    ],
)
def test_an_item_that_this_fold_cannot_read_is_listed_and_the_rest_is_folded(
    unknown: tuple[str, dict[str, Any]],
) -> None:
    run = folded(unknown, REQUEST)
    assert run.unfolded == (2,)
    assert run.overrides["o1"].state == "requested"
    assert run.sequence == 3


def test_members_that_a_later_release_added_are_ignored() -> None:
    document = {**REQUEST.document(), "added": 1}
    assert folded(("override_requested", document)).overrides == folded(REQUEST).overrides


def test_members_that_a_later_release_added_to_a_rule_result_are_ignored() -> None:
    document = created().document()
    document["results"] = [{**document["results"][0], "added": 1}]
    assert folded((CREATED, document)).results == folded(created()).results[:1]


def test_a_chain_that_does_not_begin_with_a_creation_has_no_record() -> None:
    for items in ([], chain(REQUEST), chain((CREATED, {}))):
        with pytest.raises(RunFoldError):
            fold(items)


def test_folding_item_by_item_gives_the_record_of_the_whole_chain() -> None:
    items = chain(created(), validation(), REQUEST, APPROVAL, failure("candidate"), ("later", {}))
    run = fold(items[:1])
    for each in items[1:]:
        run = fold_next(run, each)
    assert run == fold(items)


def test_a_payload_is_recorded_without_members_that_have_their_default() -> None:
    document = created(model_card_version=None).document()
    assert not {"model_card_version", "selected", "evaluation_id", "profile"} & set(document)
    assert document["metrics"] == {
        "returns": {"sharpe": 1.25, "max_drawdown": 0.11},
        "risk": {"var_99": 0.021},
    }
    assert RunCreated.model_validate(document) == created(model_card_version=None)


def test_two_spellings_of_one_instant_are_one_content_and_no_instant_is_refused() -> None:
    seoul = OverrideApproved(override_id="o1", expires_at="2026-02-01T09:00:00+09:00")
    assert seoul == APPROVAL
    with pytest.raises(ValidationError, match="RFC 3339"):
        OverrideApproved(override_id="o1", expires_at="tomorrow")


def test_stored_metrics_beyond_the_limits_of_this_release_are_read() -> None:
    deep: dict[str, Any] = {"x": 1.0}
    for _ in range(10):
        deep = {"x": deep}
    document = {**created().document(), "metrics": {"returns": deep, "of_a_later_release": {"a": 1.0}}}
    assert fold(chain((CREATED, document))).metrics == document["metrics"]


def test_every_kind_has_one_payload() -> None:
    assert len(KIND_OF) == len(KINDS)
    assert {KIND_OF[model] for model in KINDS.values()} == set(KINDS)
