"""POST …/evaluate: verdicts by a stored policy, idempotent by the evaluation id, and what is refused."""

import json
from datetime import timedelta
from typing import Any

import pytest

from functions.evaluation.policies.policy_records import PolicyKey
from risk_hub_contracts.base.limits import EVALUATED_STRATEGIES_MAX_COUNT, RESPONSE_MAX_BYTES
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.runs.run_key import RunKey
from tests.adapters.test_run_store import ODD_NAMES
from tests.fakes.clock import START
from tests.fakes.evaluating import SHARPE, Evaluating, evaluation, policy, ready, strategy
from tests.fakes.samples import WORLD


def test_answer_has_policy_snapshot_verdicts_and_runs() -> None:
    hub = ready()
    answer = hub.evaluate(evaluation(strategy("momentum"), strategy("carry", 0.25), strategy("value", 0.75)))
    assert answer.status == 201
    found = answer.json
    (active,) = hub.hub.activations.page(WORLD, None, 1)
    snapshot = hub.hub.snapshots.get(WORLD, "v1")
    assert snapshot is not None
    assert found["policy"] == {"policy_id": "us-core", "version": "1", "policy_hash": active.policy_hash}
    assert found["snapshot"] == {"version": "v1", "content_hash": snapshot.content_hash}
    assert (found["engine_version"], found["profile"], found["stage"]) == ("rules_v1", "all", "paper")
    assert (found["evaluated_at"], found["results_included"]) == (format_instant(START), "all")
    assert found["selected"] == ["momentum", "value"]
    verdicts = {each["strategy_id"]: each for each in found["strategies"]}
    assert list(verdicts) == ["carry", "momentum", "value"]
    assert {name: each["status"] for name, each in verdicts.items()} == {
        "carry": "fail",
        "momentum": "pass",
        "value": "warn",
    }
    assert [each["recommended_stage"] for each in verdicts.values()] == ["backtest", "live", "paper"]
    assert verdicts["carry"]["results"] == [
        {
            "rule": "sharpe",
            "status": "fail",
            "severity": "blocking",
            "owner": "risk-desk",
            "reason_code": "below_minimum",
            "metric": "returns.sharpe",
            "observed": 0.25,
            "limit": 0.5,
            "unit": "sharpe_ratio_annualised",
        }
    ]
    assert {each["run_id"] for each in verdicts.values()} == {"nightly-1"}


def test_each_verdict_is_the_stored_run_and_its_subject_is_that_of_the_token() -> None:
    hub = ready()
    precheck = {"status": "warn", "selected": False}
    hub.evaluate(evaluation(strategy(model_card_version="card-3", caller_precheck=precheck)))
    run = hub.run("momentum")
    assert (run["status"], run["selected"], run["recommended_stage"]) == ("pass", True, "live")
    assert run["metrics"] == {"returns": {"sharpe": 1.25}}
    assert (run["model_card_version"], run["risk_tier"]) == ("card-3", "medium")
    assert run["caller_precheck"] == {"status": "warn", "selected": False, "recommended_stage": None}
    assert run["created_by"] == "tester"
    assert run["snapshot"]["version"] == "v1"


def test_precheck_of_the_caller_is_answered_and_changes_no_verdict() -> None:
    hub = ready()
    precheck = {"status": "fail", "selected": False}
    (verdict,) = hub.evaluate(evaluation(strategy(caller_precheck=precheck))).json["strategies"]
    assert (verdict["status"], verdict["selected"]) == ("pass", True)
    assert verdict["caller_precheck"] == precheck


def test_32_strategies_are_stored_and_read_back() -> None:
    hub = ready()
    answer = hub.evaluate(evaluation(*(strategy(f"s{place:02}", place / 10) for place in range(32))))
    assert (answer.status, len(answer.json["strategies"])) == (201, 32)
    assert len(hub.hub.runs.rows) == 32
    for verdict in answer.json["strategies"]:
        run = hub.run(verdict["strategy_id"])
        assert (run["status"], run["selected"]) == (verdict["status"], verdict["selected"])


def test_same_evaluation_again_answers_the_same_runs() -> None:
    hub = ready()
    first = hub.evaluate(evaluation(strategy("a"), strategy("b", 0.1)))
    again = hub.evaluate(evaluation(strategy("b", 0.1), strategy("a")))
    assert (again.status, again.headers["idempotency-replayed"]) == (200, "true")
    assert again.json == first.json


def test_replay_does_not_depend_on_the_present_policy_snapshot_or_clock() -> None:
    hub = ready()
    first = hub.evaluate()
    hub.activate(policy("2", sharpe={**SHARPE, "fail": {"min": 9.0}, "warn": None}))
    hub.publish("v2")
    assert hub.evaluate().json == first.json
    hub.hub.clock.now = START + timedelta(days=2)
    assert (hub.evaluate().status, hub.evaluate().json) == (200, first.json)
    hub.hub.policies.rows.clear()
    hub.hub.activations.rows.clear()
    hub.hub.clock.now = START - timedelta(days=2)
    assert (hub.evaluate().status, hub.evaluate().json) == (200, first.json)


@pytest.mark.parametrize(
    "other",
    [
        evaluation(strategy(sharpe=1.3)),
        evaluation(strategy("other")),
        evaluation(strategy(), strategy("other")),
        evaluation(stage="backtest", snapshot_stage="paper"),
        evaluation(strategy(caller_precheck={"status": "pass"})),
    ],
)
def test_same_id_with_other_content_is_409_and_stores_nothing(other: dict[str, Any]) -> None:
    hub = ready()
    hub.evaluate()
    stored = dict(hub.hub.runs.rows)
    refused = hub.evaluate(other)
    assert (refused.status, refused.slug) == (409, "evaluation-conflict")
    assert "new `evaluation_id`" in refused.json["remedy"]
    assert hub.hub.runs.rows == stored


def test_run_id_that_another_evaluation_used_is_409() -> None:
    hub = ready()
    hub.evaluate()
    hub.hub.runs.markers.clear()
    refused = hub.evaluate(evaluation(strategy(sharpe=2.0)))
    assert (refused.status, refused.slug) == (409, "evaluation-conflict")


def test_evaluation_of_a_clock_that_runs_backwards_is_stored() -> None:
    hub = ready(ttl_sec=86_400)
    hub.evaluate()
    hub.hub.clock.now = START - timedelta(minutes=30)
    answer = hub.evaluate(evaluation(evaluation_id="nightly-2"))
    assert (answer.status, answer.json["evaluated_at"]) == (
        201,
        format_instant(START - timedelta(minutes=30)),
    )


@pytest.mark.parametrize("name", ODD_NAMES)
def test_strategy_may_have_any_visible_name(name: str) -> None:
    hub = ready()
    (verdict,) = hub.evaluate(evaluation(strategy(name))).json["strategies"]
    assert (verdict["strategy_id"], verdict["status"]) == (name, "pass")
    assert RunKey(WORLD, name, "nightly-1") in hub.hub.runs.rows


def test_token_needs_the_scope_to_write_evaluations() -> None:
    hub = ready()
    token = hub.hub.tokens.issue(["evaluations:read", "policies:write"], subject="kim")
    refused = hub.evaluate(headers={"Authorization": f"Bearer {token}"})
    assert (refused.status, refused.slug) == (403, "forbidden-scope")


# Policies


def test_world_without_an_active_policy_is_404_and_names_the_route_that_activates_one() -> None:
    hub = Evaluating()
    hub.publish()
    refused = hub.evaluate()
    assert (refused.status, refused.slug) == (404, "no-active-policy")
    assert "PUT /risk-hub/worlds/{world_id}/policy" in refused.json["remedy"]


def test_policy_that_vanished_is_404() -> None:
    hub = ready()
    hub.hub.policies.rows.clear()
    refused = hub.evaluate()
    assert (refused.status, refused.slug) == (404, "policy-not-found")
    assert not hub.hub.runs.rows


def test_policy_whose_stored_bytes_changed_is_424_and_judges_nothing() -> None:
    hub = ready()
    key = PolicyKey("us-core", "1")
    record = hub.hub.policies.rows[key]
    object.__setattr__(record, "document", record.document.replace(b"0.5", b"0.1"))
    refused = hub.evaluate()
    assert (refused.status, refused.slug) == (424, "document-unavailable")
    assert not hub.hub.runs.rows


def test_policy_that_was_stored_again_with_other_content_after_a_loss_is_424() -> None:
    hub = ready()
    hub.hub.policies.rows.clear()
    hub.store_policy(policy(sharpe={**SHARPE, "fail": {"min": 0.1}}))
    refused = hub.evaluate()
    assert (refused.status, refused.slug) == (424, "document-unavailable")


def test_named_policy_must_be_stored_and_activated_for_the_world() -> None:
    hub = ready()
    unknown = hub.evaluate(evaluation(policy={"policy_id": "us-core", "version": "9"}))
    assert (unknown.status, unknown.slug) == (404, "policy-not-found")
    hub.store_policy(policy("2"))
    refused = hub.evaluate(evaluation(policy={"policy_id": "us-core", "version": "2"}))
    assert (refused.status, refused.slug) == (409, "policy-not-active")
    assert "version '1'" in refused.json["detail"]


def test_named_policy_that_was_activated_before_judges_the_strategies() -> None:
    hub = ready()
    hub.activate(policy("2", sharpe={**SHARPE, "fail": {"min": 9.0}, "warn": None}))
    named = hub.evaluate(evaluation(policy={"policy_id": "us-core", "version": "1"})).json
    assert (named["policy"]["version"], named["selected"]) == ("1", ["momentum"])
    active = hub.evaluate(evaluation(evaluation_id="nightly-2")).json
    assert (active["policy"]["version"], active["selected"]) == ("2", [])


def test_policy_sent_in_the_request_is_refused() -> None:
    refused = ready().evaluate(evaluation(policy=policy()))
    assert (refused.status, refused.slug) == (422, "evaluation-invalid")
    assert "/policy/profiles" in refused.pointers


def test_stage_without_a_profile_is_409_and_names_the_stages_of_the_policy() -> None:
    refused = ready().evaluate(evaluation(stage="live"))
    assert (refused.status, refused.slug) == (409, "stage-not-covered")
    assert "backtest, paper" in refused.json["detail"]


# Snapshots


def test_world_without_a_snapshot_is_404_and_nothing_is_stored() -> None:
    hub = Evaluating()
    hub.activate()
    refused = hub.evaluate()
    assert (refused.status, refused.slug) == (404, "world-unknown")
    assert not hub.hub.runs.rows


def test_snapshot_that_expired_is_404_with_the_time_of_its_expiry() -> None:
    hub = ready()
    hub.hub.clock.now = START + timedelta(hours=1)
    refused = hub.evaluate()
    assert (refused.status, refused.slug) == (404, "snapshot-expired")


def test_portfolio_is_that_of_the_stage_of_the_evaluation_unless_the_request_names_another() -> None:
    hub = ready()
    refused = hub.evaluate(evaluation(stage="backtest"))
    assert (refused.status, refused.slug) == (404, "snapshot-not-found")
    answer = hub.evaluate(evaluation(stage="backtest", snapshot_stage="paper"))
    assert (answer.status, answer.json["snapshot"]["version"]) == (201, "v1")


# Bad input


def test_more_strategies_than_the_limit_are_422() -> None:
    many = [
        {"strategy_id": f"s{place}", "risk_tier": "low"}
        for place in range(EVALUATED_STRATEGIES_MAX_COUNT + 1)
    ]
    refused = ready().evaluate(evaluation(*many))
    assert (refused.status, refused.slug) == (422, "evaluation-invalid")
    assert refused.pointers == ["/strategies"]


def test_10_000_strategies_with_their_metrics_are_413_with_a_remedy() -> None:
    metrics = {"returns": {"sharpe": 1.25, "max_drawdown": 0.11}, "risk": {"var_99": 0.02}}
    many = (strategy(f"strategy-{place:05}", metrics=metrics) for place in range(10_000))
    refused = ready().evaluate(evaluation(*many))
    assert (refused.status, refused.slug) == (413, "body-too-large")
    assert str(EVALUATED_STRATEGIES_MAX_COUNT) in refused.json["remedy"]


@pytest.mark.parametrize(
    ("raw", "status", "slug"),
    [
        (json.dumps(evaluation()).replace("1.25", "NaN"), 400, "non-finite-number"),
        (json.dumps(evaluation()).replace("1.25", "1e999"), 400, "non-finite-number"),
        (
            json.dumps(evaluation(strategy(metrics={"a": 0}))).replace("0", '{"b":' * 40 + "0" + "}" * 40),
            0,
            "",
        ),
    ],
)
def test_numbers_that_are_not_finite_and_deep_trees_are_refused(raw: str, status: int, slug: str) -> None:
    hub = ready()
    refused = hub.evaluate(raw.encode())
    assert refused.status in {400, 422}
    if slug:
        assert (refused.status, refused.slug) == (status, slug)
    assert not hub.hub.runs.rows


def test_duplicate_strategy_and_unknown_members_are_named() -> None:
    refused = ready().evaluate(evaluation(strategy(), strategy(), unknown=1))
    assert (refused.status, refused.slug) == (422, "evaluation-invalid")
    assert refused.pointers == ["/unknown"]
    refused = ready().evaluate(evaluation(strategy(), strategy()))
    assert refused.pointers == ["/strategies/1/strategy_id"]


def test_run_above_the_size_of_an_item_is_422_and_nothing_is_stored() -> None:
    hub = ready()
    metrics = {
        "own": {f"m{place}{'x' * 120}": {f"n{'y' * 120}": {f"o{'z' * 120}": place}} for place in range(999)}
    }
    refused = hub.evaluate(evaluation(strategy(metrics=metrics)))
    assert (refused.status, refused.slug) == (422, "evaluation-invalid")
    assert not hub.hub.runs.rows


def test_results_that_passed_are_left_out_of_an_answer_above_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = ready().evaluate(evaluation(strategy("a"), strategy("b", 0.1))).json
    module = "functions.evaluation.evaluations.answers.RESPONSE_MAX_BYTES"
    size = len(json.dumps(whole, separators=(",", ":")))
    assert size < RESPONSE_MAX_BYTES
    monkeypatch.setattr(module, size - 1)
    shorter = ready().evaluate(evaluation(strategy("a"), strategy("b", 0.1))).json
    assert shorter["results_included"] == "not_passed"
    assert [len(each["results"]) for each in shorter["strategies"]] == [0, 1]
    monkeypatch.setattr(module, 10)
    none = ready().evaluate(evaluation(strategy("a"), strategy("b", 0.1))).json
    assert (none["results_included"], none["strategies"][1]["results"]) == ("none", [])
    assert [each["status"] for each in none["strategies"]] == ["pass", "fail"]


# Earlier runs


RATIO = {"kind": "paper_shadow", "measure": "sharpe_ratio", "fail": {"min": 0.5}, "severity": "blocking"}
HYSTERESIS = {"kind": "hysteresis", "metric": "returns.sharpe", "enter": 1.0, "exit": 0.5}


def test_paper_shadow_rule_compares_with_the_baseline_run_that_the_request_names() -> None:
    hub = ready(rules={"ratio": RATIO})
    hub.evaluate(
        evaluation(strategy(sharpe=2.0), evaluation_id="bt", stage="backtest", snapshot_stage="paper")
    )
    found = hub.evaluate(evaluation(strategy(sharpe=0.8, baseline_run_id="bt"))).json["strategies"][0]
    assert (found["results"][0]["observed"], found["status"]) == (0.4, "fail")
    without = hub.evaluate(evaluation(evaluation_id="n2")).json["strategies"][0]
    assert without["results"][0]["reason_code"] == "baseline_missing"


def test_hysteresis_continues_the_selection_of_the_evaluation_that_the_request_names() -> None:
    hub = ready(rules={"stay": HYSTERESIS})
    hub.evaluate(evaluation(strategy("a", 1.2), strategy("b", 0.7)))
    later = evaluation(
        strategy("a", 0.7), strategy("b", 0.7), evaluation_id="n2", previous_evaluation_id="nightly-1"
    )
    assert hub.evaluate(later).json["selected"] == ["a"]


def test_named_runs_that_do_not_exist_are_422() -> None:
    hub = ready(rules={"ratio": RATIO})
    refused = hub.evaluate(evaluation(strategy(baseline_run_id="bt"), previous_evaluation_id="n0"))
    assert (refused.status, refused.slug) == (422, "evaluation-invalid")
    assert refused.pointers == ["/strategies/0/baseline_run_id", "/previous_evaluation_id"]
