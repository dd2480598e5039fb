"""Every route of the description with every method: declared ones are answered, HEAD as GET, OPTIONS, else 405."""

import json
from pathlib import Path
from typing import Any

import pytest

from risk_hub_contracts.api.routes import METHODS_BY_ROUTE, allowed_methods
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, post

OPENAPI = json.loads((Path(__file__).parents[2] / "contracts" / "openapi.json").read_text(encoding="utf-8"))
DECLARED = {path: {verb.upper() for verb in item} - {"PARAMETERS"} for path, item in OPENAPI["paths"].items()}
METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
    "Post",
    "",
)


def concrete(path: str) -> str:
    return path.format(world_id="w1", version="v1", sha256="a" * 64, policy_id="us-core", run_id="r1")


def allow(path: str) -> list[str]:
    with_head = DECLARED[path] | ({"HEAD"} if "GET" in DECLARED[path] else set())
    return sorted(with_head | {"OPTIONS"})


def without_id(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "x-correlation-id"}


def test_route_table_has_the_routes_and_methods_of_the_openapi() -> None:
    assert {path: set(methods) for path, methods in METHODS_BY_ROUTE.items()} == DECLARED
    assert {path: allowed_methods(concrete(path)) for path in DECLARED} == {p: allow(p) for p in DECLARED}


@pytest.mark.parametrize("path", DECLARED)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_a_route_does_not_declare_is_405_with_allow(
    api: Gateway, path: str, method: str
) -> None:
    if method in allow(path):
        assert api(method, concrete(path)).status != 405
        return
    for handler in (api.reader, api.writer, api.registry, api.evaluations, api.evaluator):
        answer = Gateway(handler, handler, handler, handler, handler, {})(
            method, concrete(path), headers={"X-Correlation-Id": "c1"}
        )
        assert (answer.status, answer.headers["allow"]) == (405, ", ".join(allow(path)))
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-correlation-id"] == "c1"
        if method == "HEAD":
            assert answer.body == ""
        else:
            assert answer.slug == "method-not-allowed"
            assert answer.json["remedy"] == "Use one of the methods named in the `Allow` header."


@pytest.mark.parametrize("path", DECLARED)
def test_options_is_204_with_allow_and_needs_no_token(api: Gateway, path: str) -> None:
    answer = api("OPTIONS", concrete(path), headers={"Authorization": None})
    assert (answer.status, answer.body) == (204, "")
    assert answer.headers["allow"] == ", ".join(allow(path))


def test_every_method_on_an_unknown_path_is_404(api: Gateway) -> None:
    for method in METHODS:
        for path in (
            "/risk-hub",
            "/risk-hub/worlds/w1",
            f"{SNAPSHOTS}/v1",
            "/risk-hub/worlds//snapshots",
            "/",
            "*",
        ):
            answer = api(method, path)
            assert answer.status == 404, (method, path)


@pytest.mark.parametrize("query", ["", "?stage=paper", "?stage=nowhere", "?version=v1", "?expand=true"])
@pytest.mark.parametrize("path", [path for path in DECLARED if "GET" in DECLARED[path]])
def test_head_has_the_status_and_headers_of_get_and_no_body(api: Gateway, path: str, query: str) -> None:
    assert post(api).status == 201
    got, head = (api(method, concrete(path) + query) for method in ("GET", "HEAD"))
    assert (head.status, without_id(head), head.body) == (got.status, without_id(got), "")
    assert got.body


def test_head_with_a_matching_etag_is_304(api: Gateway) -> None:
    assert post(api).status == 201
    etag = api("HEAD", f"{SNAPSHOTS}/latest").headers["etag"]
    assert api("HEAD", f"{SNAPSHOTS}/latest", headers={"If-None-Match": etag}).status == 304


@pytest.mark.parametrize("path", [path for path in DECLARED if "GET" in DECLARED[path]])
def test_head_needs_the_same_authorization_as_get(api: Gateway, hub: Hub, path: str) -> None:
    writer = f"Bearer {hub.tokens.issue(['snapshots:write'])}"
    for authorization in (None, "Bearer nobody", writer):
        given: dict[str, Any] = {"headers": {"Authorization": authorization}}
        statuses = [api(method, concrete(path), **given).status for method in ("GET", "HEAD")]
        assert statuses[0] == statuses[1]


def test_head_on_a_route_without_get_is_405_without_a_body(api: Gateway) -> None:
    answer = api("HEAD", "/risk-hub/worlds/w1/blobs")
    assert (answer.status, answer.body, answer.headers["allow"]) == (405, "", "OPTIONS, POST")
