"""Admission: callers are checked before the body is read, and list changes take effect within the documented
time.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, get_args

import pytest
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from functions.entrypoints.http.request import Request
from functions.hub.adapters import secret_tokens
from functions.hub.adapters.secret_tokens import SecretTokens
from infra.tokens.issue import (
    GRANTED_SCOPES,
    SCOPES_OF_RELEASE_1_0,
    TokenRequest,
    issue,
    revoke,
    take_scopes,
)
from infra.tokens.register import TokenRegister
from risk_hub_contracts.api.routes import ANY_SCOPE
from risk_hub_contracts.api.routes import ROUTES as TABLE
from risk_hub_contracts.base.limits import TOKEN_CACHE_MAX_AGE_SECONDS
from risk_hub_contracts.base.tokens import Scope
from tests.fakes.clients import as_client
from tests.fakes.clock import START
from tests.fakes.gateway import Gateway, proxy_event
from tests.fakes.hub import SNAPSHOTS, Hub, book
from tests.fakes.secrets_manager import secrets_manager

BLOBS = "/risk-hub/worlds/w1/blobs"
EXPECTATIONS = "/risk-hub/worlds/w1/expectations?stage=paper"
OPENAPI = json.loads((Path(__file__).parents[2] / "contracts" / "openapi.json").read_text(encoding="utf-8"))
ROUTES = [
    (method.upper(), path)
    for path, item in OPENAPI["paths"].items()
    for method in item
    if method in {"get", "put", "post", "delete"}
]
SCOPES: dict[tuple[str, str], str | None] = {
    (route.method, route.path): route.scope for route in TABLE.values()
}
WITH_A_BODY = [
    ("POST", SNAPSHOTS),
    ("POST", BLOBS),
    ("POST", f"{BLOBS}/{'a' * 64}/complete"),
    ("POST", f"{BLOBS}/{'a' * 64}/abort"),
    ("PUT", EXPECTATIONS),
    ("PUT", "/risk-hub/worlds/w1/exit-policy?stage=paper"),
    ("PUT", "/risk-hub/policies/us-core/versions/1"),
    ("PUT", "/risk-hub/worlds/w1/policy"),
    ("POST", "/risk-hub/worlds/w1/evaluate"),
    ("PUT", "/risk-hub/worlds/w1/rollout"),
    ("POST", "/risk-hub/worlds/w1/rollout/rollback"),
]


class Sealed(str):
    """A body that must not be read."""

    __slots__ = ()

    def encode(self, *_: Any, **__: Any) -> NoReturn:
        raise AssertionError("the body was read")

    __len__ = __iter__ = __getitem__ = encode


def sealed(method: str, path: str, authorization: str) -> dict[str, Any]:
    headers = [("X-Actor", "gateway"), ("X-Stage", "paper"), ("Content-Type", "application/json")]
    event = proxy_event(method, path, [("Authorization", authorization), *headers], None)
    return {**event, "body": Sealed("{}")}


@pytest.fixture(params=WITH_A_BODY, ids=lambda each: " ".join(each)[:60])
def route(request: pytest.FixtureRequest) -> tuple[str, str]:
    requested: tuple[str, str] = request.param
    return requested


def test_sealed_test_body_raises_when_read(api: Gateway, route: tuple[str, str]) -> None:
    request = Request(sealed(*route, authorization=""), "")
    with pytest.raises(AssertionError, match="the body was read"):
        request.body()
    assert api.send(sealed(*route, authorization=api.headers["Authorization"])).status == 500


def test_body_is_not_read_before_the_token_is_authenticated(api: Gateway, route: tuple[str, str]) -> None:
    for authorization in ("", "Bearer nobody", "Bearer tökén", "Basic abc"):
        assert api.send(sealed(*route, authorization=authorization)).slug == "unauthenticated"


def test_body_is_not_read_before_the_scope_is_checked(api: Gateway, hub: Hub, route: tuple[str, str]) -> None:
    reader = f"Bearer {hub.tokens.issue(['snapshots:read'])}"
    assert api.send(sealed(*route, authorization=reader)).slug == "forbidden-scope"


@pytest.mark.parametrize("path", [SNAPSHOTS, BLOBS])
def test_body_is_not_read_before_the_actor_is_checked(api: Gateway, hub: Hub, path: str) -> None:
    other = f"Bearer {hub.tokens.issue(['snapshots:write'], ['engine'])}"
    assert api.send(sealed("POST", path, other)).slug == "forbidden-actor"


def opens_to(api: Gateway, hub: Hub, method: str, path: str) -> set[str]:
    """Return the scopes of which any single one permits a route."""
    admitted = set()
    for scope in get_args(Scope):
        answer = api(
            method, path, {}, headers={"Authorization": f"Bearer {hub.tokens.issue([scope], subject='kim')}"}
        )
        if answer.status not in {401, 403}:
            admitted.add(scope)
    return admitted


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_each_route_accepts_exactly_its_declared_scopes(
    api: Gateway, hub: Hub, method: str, path: str
) -> None:
    scope = SCOPES[method, path]
    wanted = set(get_args(Scope)) if scope in (ANY_SCOPE, None) else {scope}
    concrete = (
        path.replace("{world_id}", "w1")
        .replace("{sha256}", "a" * 64)
        .replace("{version}", "v1")
        .replace("{policy_id}", "us-core")
        .replace("{run_id}", "r1")
    )
    assert opens_to(api, hub, method, f"{concrete}?stage=paper") == wanted


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_only_health_answers_without_a_token(api: Gateway, method: str, path: str) -> None:
    concrete = (
        path.replace("{world_id}", "w1")
        .replace("{sha256}", "a" * 64)
        .replace("{version}", "v1")
        .replace("{policy_id}", "us-core")
        .replace("{run_id}", "r1")
    )
    status = api(method, concrete, {}, headers={"Authorization": None}).status
    assert status == (200 if SCOPES[method, path] is None else 401)


def test_every_scope_is_granted_by_command_and_opens_a_route() -> None:
    assert set(GRANTED_SCOPES) == set(get_args(Scope))
    assert {*SCOPES.values()} - {ANY_SCOPE, None} == set(GRANTED_SCOPES)


@pytest.fixture
def secrets() -> Iterator[Any]:
    with mock_aws():
        secrets_manager().create_secret(Name="tokens", SecretString='{"tokens": []}')
        yield secrets_manager()


@pytest.fixture
def register(secrets: Any) -> TokenRegister:
    return TokenRegister(secrets, "tokens")


@pytest.fixture
def listed(hub: Hub, secrets: Any) -> Gateway:
    """The hub behind its handlers, with its tokens in a secret as on AWS."""
    hub.listed_tokens = SecretTokens(secrets, "tokens", hub.clock)
    return hub.gateway()


class SecretStoreDown:
    def get_secret_value(self, **_: Any) -> NoReturn:
        raise ReadTimeoutError(endpoint_url="any")


def test_f14_a_cold_start_without_the_secret_store_is_503_with_retry_after(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_tokens, "READ_BUDGET_SECONDS", 0.0)
    hub.listed_tokens = SecretTokens(as_client(SecretStoreDown()), "tokens", hub.clock)
    answer = hub.gateway()("POST", SNAPSHOTS, book())
    assert (answer.status, answer.slug, answer.headers["retry-after"]) == (503, "unavailable", "1")


def order(name: str, lifetime: timedelta = timedelta(days=1)) -> TokenRequest:
    return TokenRequest(name, SCOPES_OF_RELEASE_1_0, ["gateway"], lifetime)


def status(api: Gateway, token: str) -> int:
    return api("POST", SNAPSHOTS, book(), headers={"Authorization": f"Bearer {token}"}).status


def test_f21_a_revoked_token_is_refused_within_a_minute_and_a_new_one_accepted(
    listed: Gateway, hub: Hub, register: TokenRegister
) -> None:
    old = issue(register, order("old"), hub.clock()).token
    assert status(listed, old) == 201
    new = issue(register, order("new"), hub.clock()).token
    revoke(register, ["old"])
    hub.clock.advance(seconds=TOKEN_CACHE_MAX_AGE_SECONDS - 1)
    assert (status(listed, old), status(listed, new)) == (200, 401)
    hub.clock.advance(seconds=1)
    assert (status(listed, old), status(listed, new)) == (401, 200)


def test_a_scope_taken_from_a_token_is_refused_with_403_within_a_minute_and_its_other_scopes_remain(
    listed: Gateway, hub: Hub, register: TokenRegister
) -> None:
    token = issue(register, order("gateway"), hub.clock()).token
    other = issue(register, order("other"), hub.clock()).token
    assert status(listed, token) == 201
    take_scopes(register, ["gateway"], ["snapshots:write"])
    hub.clock.advance(seconds=TOKEN_CACHE_MAX_AGE_SECONDS - 1)
    assert status(listed, token) == 200
    hub.clock.advance(seconds=1)
    refused = listed("POST", SNAPSHOTS, book(), headers={"Authorization": f"Bearer {token}"})
    assert (refused.status, refused.slug) == (403, "forbidden-scope")
    assert status(listed, other) == 200
    read = listed("GET", f"{SNAPSHOTS}/latest?stage=paper", headers={"Authorization": f"Bearer {token}"})
    assert read.status == 200


def test_token_expiry_applies_immediately_despite_the_cached_token_list(
    listed: Gateway, hub: Hub, register: TokenRegister
) -> None:
    token = issue(register, order("short", timedelta(seconds=30)), hub.clock()).token
    assert status(listed, token) == 201
    hub.clock.now = START + timedelta(seconds=30)
    assert status(listed, token) == 200
    hub.clock.advance(microseconds=1)
    assert status(listed, token) == 401
