"""Exit policies over HTTP: a policy that can never fire is refused, and a version never changes."""

import re
from pathlib import Path
from typing import Any

import pytest

from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY
from risk_hub_contracts.reports.warning import KNOWN_CODES
from tests.fakes.gateway import Answer
from tests.fakes.hub import EXIT_POLICY, Hub

ROOT = Path(__file__).parents[2]
VAR: dict[str, Any] = {
    "measure": "value_at_risk",
    "method": "parametric_normal",
    "confidence_bps": 9_900,
    "max_loss": 0.1,
}
VOLATILITY = {"measure": "volatility", "method": "parametric_normal", "max_loss": 0.1}


def read(hub: Hub, version: str | None = None) -> Answer:
    return hub.api("GET", EXIT_POLICY + ("" if version is None else f"&version={version}"))


def without(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != name}


@pytest.mark.parametrize(
    ("limit", "pointer", "exists"),
    [
        ({**VAR, "method": "legacy_v1"}, "/measures/0/method", "historical_upper, historical or parametric"),
        (without(VAR, "confidence_bps"), "/measures/0/confidence_bps", "9500, 9750, 9900"),
        ({**VAR, "confidence_bps": 4_999}, "/measures/0/confidence_bps", "at least 5000"),
        ({**VOLATILITY, "confidence_bps": 9_900}, "/measures/0/confidence_bps", "leave it out"),
        ({**VOLATILITY, "method": "historical"}, "/measures/0/method", "only by parametric_normal"),
        ({**VAR, "on_missing": "reduce"}, "/measures/0/on_missing", "send fallback_ratio"),
        ({**VAR, "on_missing": "panic"}, "/measures/0/on_missing", "'hold', 'exit', 'reduce' or 'ignore'"),
    ],
)
def test_a_measure_limit_that_can_never_fire_is_refused_with_what_exists(
    hub: Hub, limit: dict[str, Any], pointer: str, exists: str
) -> None:
    refused = hub.put_policy(measures=[limit])
    assert (refused.status, refused.slug, refused.pointers) == (422, "registration-invalid", [pointer])
    assert exists in refused.json["errors"][0]["detail"]
    assert not read(hub).json["stored"]
    assert read(hub).json["versions"] == []


def test_legacy_limit_is_accepted_at_9900_where_the_deployment_computes_it() -> None:
    hub = Hub(legacy_method=True)
    legacy = {**VAR, "method": "legacy_v1"}
    refused = hub.put_policy(measures=[{**legacy, "confidence_bps": 9_500}])
    assert refused.pointers == ["/measures/0/confidence_bps"]
    assert hub.put_policy(measures=[legacy]).status == 201


def test_a_warning_action_without_a_share_to_reduce_is_refused(hub: Hub) -> None:
    refused = hub.put_policy(on_warning={"inputs_stale": "reduce"})
    assert (refused.status, refused.pointers) == (422, ["/on_warning/inputs_stale"])
    assert hub.put_policy(on_warning={"inputs_stale": "reduce"}, fallback_ratio=0.5).status == 201


@pytest.mark.parametrize("confidence_bps", [9_500, 9_750, 9_900])
@pytest.mark.parametrize("method", ["parametric_normal", "historical", "historical_upper"])
def test_confidences_that_are_always_computed_are_stored_without_a_warning(
    hub: Hub, method: str, confidence_bps: int
) -> None:
    put = hub.put_policy(measures=[{**VAR, "method": method, "confidence_bps": confidence_bps}])
    assert (put.status, put.json["warnings"]) == (201, [])


def test_another_confidence_is_stored_with_a_warning(hub: Hub) -> None:
    put = hub.put_policy(measures=[{**VAR, "confidence_bps": 9_800}])
    assert put.status == 201
    (warning,) = put.json["warnings"]
    assert warning["pointer"] == "/measures/0/confidence_bps"
    assert "risk.confidences_bps" in warning["detail"]


def test_an_unknown_scenario_is_stored_with_a_warning_that_names_the_known_ones(hub: Hub) -> None:
    limits = [{"scenario": "crahs", "max_loss": 0.4}, {"scenario": "rates", "max_loss": 0.4}]
    (first, _) = hub.put_policy(stress=limits).json["warnings"]
    assert "no stress report on the latest snapshot" in first["detail"]
    hub.publish("v1", stress={"crash": {"shocks": {}, "default": -0.1}, "rates": {"loss": 0.1}})
    put = hub.put_policy(version="p2", stress=limits)
    assert put.status == 200
    assert put.json["warnings"] == [
        {
            "pointer": "/stress/0/scenario",
            "detail": "the latest snapshot v1 has the scenarios: crash, rates; "
            "without it on_missing (hold) applies",
        }
    ]


def test_a_version_with_other_content_is_409_and_with_the_same_content_changes_nothing(
    hub: Hub,
) -> None:
    first = hub.put_policy(measures=[VAR])
    hub.clock.advance(hours=1)
    again = hub.put_policy(measures=[VAR])
    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json
    conflict = hub.put_policy(measures=[{**VAR, "max_loss": 0.2}])
    assert (conflict.status, conflict.slug) == (409, "policy-version-conflict")
    assert "was stored at 2026-01-05T12:00:00.000000Z by t0 with other content" in conflict.json["detail"]
    assert read(hub).json["policy"]["measures"][0]["max_loss"] == 0.1


def test_old_versions_are_read_listed_and_put_in_force_again(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    hub.clock.advance(hours=1)
    hub.put_policy(version="p2", gross=[{"max_gross": 2.0}])
    assert [each["version"] for each in read(hub).json["versions"]] == ["p1", "p2"]
    old, new = read(hub, "p1").json, read(hub, "p2").json
    assert (old["in_force"], new["in_force"]) == (False, True)
    assert (old["policy"]["measures"][0]["max_loss"], new["policy"]["gross"][0]["max_gross"]) == (0.1, 2.0)
    assert hub.put_policy(measures=[VAR]).status == 200
    assert read(hub).json["policy"]["version"] == "p1"
    assert len(read(hub).json["versions"]) == 2


def test_delete_returns_to_the_default_and_keeps_the_history(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    assert hub.api("DELETE", EXIT_POLICY).status == 204
    assert read(hub).json["policy"]["version"] == "default_v1"
    assert read(hub, "p1").json["policy"]["measures"][0]["max_loss"] == 0.1
    assert hub.put_policy().slug == "policy-version-conflict"


def test_an_unknown_version_is_404_and_the_default_is_always_known(hub: Hub) -> None:
    missing = read(hub, "p9")
    assert (missing.status, missing.slug) == (404, "policy-version-not-found")
    hub.put_policy()
    default = read(hub, "default_v1").json
    assert (default["stored"], default["in_force"]) == (False, False)
    assert default["policy"] == DEFAULT_POLICY.model_dump(mode="json", exclude_none=True)


def test_the_name_of_the_default_policy_cannot_be_given_to_another_one(hub: Hub) -> None:
    refused = hub.put_policy(version="default_v1", measures=[VAR])
    assert (refused.status, refused.slug) == (409, "policy-version-conflict")


def test_a_policy_that_release_1_0_stored_is_kept_as_a_version(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    hub.policy_versions.rows.clear()
    assert read(hub, "p1").json["in_force"]
    assert hub.put_policy(measures=[{**VAR, "max_loss": 0.2}]).slug == "policy-version-conflict"
    hub.put_policy(version="p2")
    assert read(hub, "p1").json["policy"]["measures"][0]["max_loss"] == 0.1


def test_the_policy_of_every_signal_can_be_read(hub: Hub) -> None:
    for number, listed in enumerate(({}, {"drain": {"assets": ["AAPL"]}}, {"drain": {"assets": ["MSFT"]}})):
        if listed:
            hub.put_policy(version=f"p{number}", **listed)
        hub.publish(f"v{number}", number, stress={"crash": {"loss": 0.5 - number / 10}})
    hub.api("DELETE", EXIT_POLICY)
    hub.publish("v4", 4)
    named = {signal["policy_version"] for signal in hub.signals()}
    assert named == {"default_v1", "p1", "p2"}
    assert {read(hub, version).json["policy"]["version"] for version in named} == named


def test_versions_of_worlds_and_stages_are_separate(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    live = EXIT_POLICY.replace("paper", "live")
    assert hub.api("PUT", live, {"version": "p1", "cool_down_seconds": 60}).status == 201
    other = EXIT_POLICY.replace("w1", "w2")
    assert hub.api("PUT", other, {"version": "p1", "cool_down_seconds": 90}).status == 201
    assert len(hub.api("GET", live).json["versions"]) == 1


@pytest.mark.parametrize(("response", "ratio"), [("hold", 0.0), ("exit", 1.0), ("reduce", 0.5)])
def test_a_warning_of_the_report_signals_as_the_policy_says(hub: Hub, response: str, ratio: float) -> None:
    hub.put_policy(on_warning={"age_unknown": response}, fallback_ratio=0.5)
    hub.publish("v1", 0, realized_returns={"AAPL": [0.01, -0.02] * 60, "MSFT": [0.02, -0.01] * 60})
    (signal,) = hub.signals()
    assert (signal["rule"], signal["cause"]) == ("warning.risk.age_unknown", "warned")
    assert (signal["action"], signal["ratio"]) == (response, ratio)
    hub.publish("v2", 1)
    assert [each["cause"] for each in hub.signals()] == ["warned", "cleared"]


def test_warnings_cause_no_signal_by_default(hub: Hub) -> None:
    hub.put_policy()
    hub.publish("v1", 0, realized_returns={"AAPL": [0.01, -0.02] * 60, "MSFT": [0.02, -0.01] * 60})
    assert hub.signals() == []


@pytest.mark.parametrize("max_loss", [1, 20])
def test_a_drawdown_limit_that_no_drawdown_passes_is_refused(hub: Hub, max_loss: float) -> None:
    refused = hub.put_policy(drawdown=[{"window": 30, "max_loss": max_loss}])
    assert (refused.status, refused.pointers) == (422, ["/drawdown/0/max_loss"])
    assert "0.1 is 10 %" in refused.json["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("part", "pointer"),
    [
        ({"measures": [{**VAR, "max_loss": 10}]}, "/measures/0/max_loss"),
        ({"stress": [{"max_loss": 40}]}, "/stress/0/max_loss"),
        ({"gross": [{"max_gross": 150}]}, "/gross/0/max_gross"),
        ({"on_warning": {"scale_missmatch": "exit"}}, "/on_warning/scale_missmatch"),
    ],
    ids=["loss in percent", "stress in percent", "gross in percent", "unknown code"],
)
def test_a_limit_in_percent_and_an_unknown_warning_code_are_stored_with_a_warning(
    hub: Hub, part: dict[str, Any], pointer: str
) -> None:
    put = hub.put_policy(**part)
    assert (put.status, [each["pointer"] for each in put.json["warnings"]]) == (201, [pointer])


def test_limits_of_a_leveraged_book_and_known_codes_are_stored_without_a_warning(hub: Hub) -> None:
    put = hub.put_policy(
        measures=[{**VAR, "max_loss": 1.0}],
        stress=[{"max_loss": 0.4}],
        gross=[{"max_gross": 10}],
        on_warning={"scale_mismatch": "exit"},
    )
    assert (put.status, put.json["warnings"]) == (201, [])


def test_the_guide_lists_the_warning_codes_that_a_policy_may_name() -> None:
    guide = (ROOT / "docs/guides/warnings.md").read_text(encoding="utf-8")
    assert (
        set(re.findall(r"^\| `([a-z0-9_]+)` \|", guide, re.MULTILINE))
        - {
            "code",
            "makes_insufficient",
            "subject",
            "evidence",
            "likely_cause",
        }
        == KNOWN_CODES
    )


@pytest.mark.parametrize(
    ("rules", "warned"),
    [
        ({}, True),
        ({"on_warning": {"inputs_stale": "ignore"}}, True),
        ({"on_warning": {"inputs_stale": "hold"}}, False),
        ({"drain": {"assets": ["AAPL"]}}, False),
        ({"staleness": {"max_age_seconds": 60}}, False),
    ],
)
def test_a_policy_without_any_rule_is_stored_with_a_warning(
    hub: Hub, rules: dict[str, Any], *, warned: bool
) -> None:
    put = hub.put_policy(**rules)
    assert put.status == 201
    assert [each["pointer"] for each in put.json["warnings"]] == [""] * warned
