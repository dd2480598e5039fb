"""Route selection, and an answer to every exception."""

import gc
from collections.abc import Mapping
from typing import Any
from weakref import ReferenceType, ref

import pytest

from functions.entrypoints.http.request import Request
from functions.entrypoints.http.responses import Response, json_response
from functions.entrypoints.http.router import Router
from tests.fakes.gateway import proxy_event


def handler_returning(name: str) -> Any:
    def handle(_request: Request, path: Mapping[str, str]) -> Response:
        return json_response(200, {"route": name, **path})

    return handle


def handler() -> Router:
    made = Router()
    made.add("read_latest_risk", handler_returning("latest"))
    made.add("read_risk", handler_returning("version"))
    made.add("list_snapshots", handler_returning("list"))
    made.add("publish_snapshot", handler_returning("post"))
    made.add("list_worlds", handler_returning("worlds"))
    return made


def ask(method: str, path: str) -> dict[str, Any]:
    return handler()({**proxy_event(method, "/", [], None), "path": f"/risk-hub{path}"}, None)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/worlds/w1/snapshots/latest/risk", '{"route":"latest","world_id":"w1"}'),
        ("GET", "/worlds/w1/snapshots/v1/risk", '{"route":"version","world_id":"w1","version":"v1"}'),
        ("GET", "/worlds/w1/snapshots", '{"route":"list","world_id":"w1"}'),
        ("POST", "/worlds/w1/snapshots", '{"route":"post","world_id":"w1"}'),
        ("GET", "/worlds/w1/snapshots/latest/risk//", '{"route":"latest","world_id":"w1"}'),
        ("GET", "/worlds/", '{"route":"worlds"}'),
        ("GET", "/worlds/a:b %7C[ü]/snapshots", '{"route":"list","world_id":"a:b %7C[ü]"}'),
    ],
)
def test_first_matching_route_gets_the_path_values_unchanged(method: str, path: str, body: str) -> None:
    answer = ask(method, path)
    assert (answer["statusCode"], answer["body"]) == (200, body)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/world"),
        ("GET", "/world"),
        ("GET", "/worlds/w1"),
        ("GET", "/worlds//snapshots"),
        ("GET", "/worlds/w1/x/snapshots"),
        ("GET", '/worlds/"/snapshots'),
        ("GET", "x/worlds"),
        pytest.param("GET", "/health", id="a route of another function"),
    ],
)
def test_request_without_a_matching_route_is_a_404_problem(method: str, path: Any) -> None:
    answer = ask(method, path)
    assert answer["statusCode"] == 404
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]


def test_unexpected_exception_is_a_500_problem_without_its_text() -> None:
    def fail(_request: Request, _path: Mapping[str, str]) -> Response:
        raise RuntimeError("a secret")

    failing = Router()
    failing.add("read_health", fail)
    answer = failing(proxy_event("GET", "/risk-hub/health", [], None), None)
    assert answer["statusCode"] == 500
    assert "secret" not in answer["body"]


def test_router_keeps_no_request_after_its_answer() -> None:
    answered: list[ReferenceType[Request]] = []

    def remember(request: Request, _path: Mapping[str, str]) -> Response:
        answered.append(ref(request))
        return json_response(200, {})

    router = Router()
    router.add("read_health", remember)
    router(proxy_event("GET", "/risk-hub/health", [], None), None)
    gc.collect()
    assert [each() for each in answered] == [None]


def test_header_lookup_is_case_insensitive_in_both_event_formats() -> None:
    several = Request({"multiValueHeaders": {"X-A": ["1"], "x-a": ["2"], "X-B": None}}, "r")
    assert (several.headers("x-A"), several.header("X-A"), several.headers("x-b")) == (["1", "2"], None, [])
    assert Request({"headers": {"X-A": "1"}}, "r").header("x-a") == "1"
    assert Request({}, "r").header("x-a") is None
