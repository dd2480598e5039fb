"""Evaluation policies over HTTP: immutable versions, activation by a second subject, and their history."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from functions.evaluation.policies.activate_policy import APPEND_MAX_ATTEMPTS
from functions.evaluation.policies.policy_records import PolicyKey
from risk_hub_contracts.api.openapi.examples import POLICY
from risk_hub_contracts.base.limits import EVALUATION_POLICY_MAX_BYTES
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.policies.evaluation_policy import parse_policy
from tests.fakes.clock import START
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.hub import Hub

POLICIES = "/risk-hub/policies"
ACTIVE = "/risk-hub/worlds/w1/policy"


def document(version: str = "1", policy_id: str = "us-core", **members: Any) -> dict[str, Any]:
    return {**POLICY, "policy_id": policy_id, "version": version, **members}


def with_limit(least: float, metric: str = "returns.sharpe") -> dict[str, Any]:
    rule = {"kind": "threshold", "severity": "blocking", "metric": metric, "fail": {"min": least}}
    return {"paper": {"rules": {"sharpe": rule}}}


def path(version: str = "1", policy_id: str = "us-core") -> str:
    return f"{POLICIES}/{quote(policy_id, safe='')}/versions/{quote(version, safe='')}"


class Desk:
    """One person who calls the hub with a token that names them."""

    def __init__(self, hub: Hub, api: Gateway, subject: str) -> None:
        token = hub.tokens.issue(["policies:write", "evaluations:read"], subject=subject)
        self.api, self.headers = api, {"Authorization": f"Bearer {token}"}

    def put(self, body: Any = None, url: str | None = None, **headers: str) -> Answer:
        body = document() if body is None else body
        url = path(body["version"], body["policy_id"]) if url is None else url
        return self.api("PUT", url, body, headers={**self.headers, **headers})

    def activate(
        self, version: str = "1", policy_id: str = "us-core", world: str = "w1", **members: Any
    ) -> Answer:
        body = {"policy_id": policy_id, "version": version, "reason": "committee of 5 January", **members}
        return self.api("PUT", f"/risk-hub/worlds/{world}/policy", body, headers=self.headers)

    def get(self, url: str, status: int = 200) -> Mapping[str, Any]:
        answer = self.api("GET", url, headers=self.headers)
        assert answer.status == status, answer
        found: Mapping[str, Any] = answer.json
        return found


@pytest.fixture
def kim(hub: Hub, api: Gateway) -> Desk:
    return Desk(hub, api, "kim")


@pytest.fixture
def lee(hub: Hub, api: Gateway) -> Desk:
    return Desk(hub, api, "lee")


def test_put_stores_a_policy_under_the_hash_of_its_canonical_document(kim: Desk, lee: Desk) -> None:
    stored = kim.put(document(), **{"X-Correlation-Id": "change-7"})
    assert stored.status == 201
    assert stored.json == {
        "policy_id": "us-core",
        "version": "1",
        "policy_hash": parse_policy(document()).policy_hash,
        "owner": "risk-desk",
        "stored_at": format_instant(START),
        "stored_by": "kim",
        "request_id": "change-7",
        "policy": document(),
        "warnings": [],
    }
    assert lee.get(path()) == {name: stored.json[name] for name in stored.json if name != "warnings"}


def test_put_of_the_same_document_is_a_replay_that_changes_nothing(hub: Hub, kim: Desk, lee: Desk) -> None:
    first = kim.put()
    hub.clock.now = START + timedelta(hours=1)
    again = lee.put({**document(), "on_missing": "fail", "stages": {"paper": "paper"}})
    assert (again.status, again.headers["idempotency-replayed"]) == (200, "true")
    assert again.json == first.json


def test_put_of_another_document_under_a_stored_version_is_409_with_both_hashes(kim: Desk, lee: Desk) -> None:
    first = kim.put()
    refused = lee.put(document(profiles=with_limit(0.1)))
    assert (refused.status, refused.slug) == (409, "policy-version-conflict")
    assert refused.json["stored_hash"] == first.json["policy_hash"]
    offered = parse_policy(document(profiles=with_limit(0.1))).policy_hash
    assert refused.json["offered_hash"] == offered != first.json["policy_hash"]
    assert "'kim'" in refused.json["detail"]
    assert kim.get(path())["policy_hash"] == first.json["policy_hash"]


def test_put_refuses_a_document_that_names_another_policy_than_the_path(hub: Hub, kim: Desk) -> None:
    refused = kim.put(document("2", "eu-core"), url=path("1"))
    assert (refused.status, refused.slug) == (422, "registration-invalid")
    assert refused.pointers == ["/policy_id", "/version"]
    assert not hub.policies.rows


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (document(unknown=1), "/unknown"),
        (document(stages={"live": "paper", "nights": "paper"}), "/stages/nights"),
        (document(stages={"paper": "other"}), "/stages/paper"),
        (document(profiles={"paper": {"rules": {}}}), "/profiles/paper/rules"),
    ],
)
def test_put_names_each_violation_and_stores_nothing(
    hub: Hub, kim: Desk, body: dict[str, Any], pointer: str
) -> None:
    refused = kim.put(body)
    assert (refused.status, refused.slug) == (422, "registration-invalid")
    assert pointer in refused.pointers
    assert not hub.policies.rows


def test_put_refuses_a_policy_above_the_size_limit(hub: Hub, kim: Desk) -> None:
    rule = with_limit(0.1)["paper"]["rules"]["sharpe"]
    tags = [f"tag-{number:056}" for number in range(16)]
    rules = {
        f"r{n}": {**rule, "metric": f"returns.metric_{n}", "unit": "u" * 128, "tags": tags}
        for n in range(200)
    }
    profiles = {"paper": {"rules": rules}, "live": {"rules": rules}}
    body = document(stages={"paper": "paper", "live": "live"}, profiles=profiles)
    refused = kim.put(body)
    assert (refused.status, refused.slug) == (422, "registration-invalid")
    assert str(EVALUATION_POLICY_MAX_BYTES) in refused.json["detail"]
    assert kim.put(b"{" + b" " * 1_100_000, url=path()).slug == "body-too-large"
    assert not hub.policies.rows


def test_put_warns_of_limits_that_may_be_mistakes(kim: Desk) -> None:
    stored = kim.put(document(profiles=with_limit(0.1, "returns.sharp")))
    assert stored.status == 201
    (warning,) = stored.json["warnings"]
    assert warning["pointer"] == "/profiles/paper/rules/sharpe"
    assert "returns.sharpe" in warning["detail"]


def test_read_of_a_version_that_is_not_stored_is_404(kim: Desk) -> None:
    kim.put()
    for url in (path("2"), path("1", "eu-core")):
        assert kim.get(url, 404)["type"].endswith(":policy-not-found")


def test_damaged_policy_is_424_and_is_neither_answered_nor_activated(hub: Hub, kim: Desk, lee: Desk) -> None:
    kim.put()
    key = PolicyKey("us-core", "1")
    hub.policies.rows[key] = replace(hub.policies.rows[key], document=b"{}")
    assert kim.get(path(), 424)["type"].endswith(":document-unavailable")
    assert kim.put().status == 424
    assert lee.activate().status == 424
    assert not hub.activations.rows


def test_policies_are_listed_page_by_page_without_documents(kim: Desk) -> None:
    for number in range(7):
        assert kim.put(document(str(number))).status == 201
    kim.put(document("1", "eu-core"))
    first = kim.get(f"{POLICIES}?policy_id=us-core&limit=5")
    rest = kim.get(f"{POLICIES}?policy_id=us-core&limit=5&cursor={first['next_cursor']}")
    listed = [each["version"] for page in (first, rest) for each in page["policies"]]
    assert listed == [str(number) for number in range(7)]
    assert rest["next_cursor"] is None
    whole = kim.get(POLICIES)["policies"]
    assert [each["policy_id"] for each in whole] == ["eu-core"] + ["us-core"] * 7
    assert "policy" not in whole[0]


@pytest.mark.parametrize("other", ["policy_id=us-cores", "limit=5"])
def test_cursor_of_another_list_is_refused(kim: Desk, other: str) -> None:
    for number in range(3):
        kim.put(document(str(number)))
    cursor = kim.get(f"{POLICIES}?policy_id=us-core&limit=2")["next_cursor"]
    assert kim.get(f"{POLICIES}?{other}&cursor={cursor}", 400)["type"].endswith(":cursor-invalid")


def test_activation_by_another_subject_puts_a_policy_in_force(hub: Hub, kim: Desk, lee: Desk) -> None:
    digest = kim.put().json["policy_hash"]
    hub.clock.now = START + timedelta(hours=1)
    activated = lee.activate()
    assert activated.status == 201
    assert activated.json == {
        "world_id": "w1",
        "sequence": 1,
        "policy_id": "us-core",
        "version": "1",
        "policy_hash": digest,
        "reason": "committee of 5 January",
        "stored_by": "kim",
        "activated_at": format_instant(START + timedelta(hours=1)),
        "activated_by": "lee",
        "request_id": activated.headers["x-correlation-id"],
    }
    assert kim.get(ACTIVE) == activated.json


def test_subject_that_stored_a_policy_cannot_activate_it_with_any_of_its_tokens(
    hub: Hub, api: Gateway, kim: Desk
) -> None:
    kim.put()
    for desk in (kim, Desk(hub, api, "kim"), Desk(hub, api, "Kim")):
        refused = desk.activate()
        assert (refused.status, refused.slug) == (403, "second-subject-required")
    assert not hub.activations.rows


def test_replay_by_another_subject_does_not_change_who_stored_the_policy(kim: Desk, lee: Desk) -> None:
    kim.put()
    assert lee.put().status == 200
    assert kim.activate().slug == "second-subject-required"
    assert lee.activate().status == 201


def test_token_without_a_subject_can_neither_store_nor_activate(hub: Hub, api: Gateway, kim: Desk) -> None:
    kim.put()
    token = hub.tokens.issue(["policies:write"], subject=None)
    headers = {"Authorization": f"Bearer {token}"}
    body = {"policy_id": "us-core", "version": "1", "reason": "because"}
    for url, sent in ((path("2"), document("2")), (ACTIVE, body)):
        refused = api("PUT", url, sent, headers=headers)
        assert (refused.status, refused.slug) == (403, "forbidden-scope")
    assert len(hub.policies.rows) == 1
    assert not hub.activations.rows


def test_repeated_activation_is_a_replay_and_adds_nothing_to_the_history(
    hub: Hub, kim: Desk, lee: Desk
) -> None:
    kim.put()
    first = lee.activate()
    again = lee.activate(reason="once more")
    assert (again.status, again.headers["idempotency-replayed"]) == (200, "true")
    assert again.json == first.json
    assert len(hub.activations.rows) == 1


def test_history_keeps_every_activation_of_a_world_newest_first(kim: Desk, lee: Desk) -> None:
    for version in ("1", "2"):
        kim.put(document(version))
    for version in ("1", "2", "1"):
        assert lee.activate(version, reason=f"change to {version}").status == 201
    lee.activate("2", world="w2")
    page = kim.get(f"{ACTIVE}/history?limit=2")
    rest = kim.get(f"{ACTIVE}/history?limit=2&cursor={page['next_cursor']}")
    found = [(each["sequence"], each["version"]) for part in (page, rest) for each in part["activations"]]
    assert found == [(3, "1"), (2, "2"), (1, "1")]
    assert rest["next_cursor"] is None
    assert kim.get(ACTIVE)["sequence"] == 3


def test_activation_of_a_policy_that_is_not_stored_is_404(kim: Desk, hub: Hub) -> None:
    assert kim.activate("9").slug == "policy-not-found"
    assert not hub.activations.rows


def test_world_without_an_activation_has_no_active_policy_and_an_empty_history(kim: Desk) -> None:
    assert kim.get(ACTIVE, 404)["type"].endswith(":no-active-policy")
    assert kim.get(f"{ACTIVE}/history") == {"activations": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"reason": " "}, "/reason"),
        ({"reason": "two\nlines"}, "/reason"),
        ({"reason": "x" * 1_001}, "/reason"),
        ({"reason": None}, "/reason"),
        ({"version": "no spaces"}, "/version"),
        ({"stage": "paper"}, "/stage"),
    ],
)
def test_activation_names_each_violation(
    hub: Hub, kim: Desk, lee: Desk, members: dict[str, Any], pointer: str
) -> None:
    kim.put()
    refused = lee.activate(**members)
    assert (refused.status, refused.slug, refused.pointers) == (422, "registration-invalid", [pointer])
    assert not hub.activations.rows


def test_concurrent_activation_is_appended_after_the_one_that_came_first(
    hub: Hub, kim: Desk, lee: Desk
) -> None:
    for version in ("1", "2"):
        kim.put(document(version))
    lee.activate("1")
    (first,) = hub.activations.rows.values()
    hub.activations.rows.clear()
    hub.activations.competing = [first]
    assert lee.activate("2").json["sequence"] == 2
    assert [each.key.version for each in hub.activations.page("w1", None, 9)] == ["2", "1"]


def test_activation_that_always_comes_second_is_503_and_not_recorded(hub: Hub, kim: Desk, lee: Desk) -> None:
    for version in ("1", "2"):
        kim.put(document(version))
    lee.activate("1")
    (first,) = hub.activations.rows.values()
    others = [replace(first, sequence=2 + n) for n in range(APPEND_MAX_ATTEMPTS)]
    hub.activations.competing = others
    refused = lee.activate("2")
    assert (refused.status, refused.slug) == (503, "unavailable")
    assert {each.key.version for each in hub.activations.rows.values()} == {"1"}


@pytest.mark.parametrize("url", [f"{POLICIES}/a%20b/versions/1", f"{POLICIES}/a/versions/%2e%2e%2f"])
def test_path_value_that_is_no_id_is_a_contract_violation(kim: Desk, url: str) -> None:
    assert kim.get(url, 422)["type"].endswith(":contract-violation")


@pytest.mark.parametrize("url", [path(), ACTIVE])
def test_routes_without_parameters_refuse_a_query(kim: Desk, url: str) -> None:
    kim.put()
    assert kim.get(f"{url}?stage=paper", 400)["type"].endswith(":invalid-query")
