"""The front server exposes the hub's API and nothing else that runs behind it."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from infra.local import api_proxy as api_proxy_module
from infra.local.api_proxy import SIMULTANEOUS_REQUESTS_MAX, ApiTarget, api_proxy, write_target
from infra.local.asgi import App, Message, Receive, Scope, Send
from infra.local.bring_up import RunningStage
from infra.local.problem import Problem
from risk_hub_contracts.base.problems import PROBLEMS
from tests.local_stage import raw_http
from tests.local_stage.caller import Caller


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/risk-hub",
        "/health",
        "/_ministack/health",
        "/_ministack/reset",
        "/_aws/execute-api/any/v1/risk-hub/health",
        "/restapis",
        "/2015-03-31/functions",
        "/?Action=ListQueues",
        "/cdk-hnb659fds-assets-000000000000-us-east-1",
        "/RISK-HUB/health",
        "//risk-hub/health",
    ],
)
def test_path_outside_the_api_returns_a_404_problem(stage: RunningStage, path: str) -> None:
    port = urlsplit(stage.hub.url).port or 0
    status, body = raw_http.get(port, path, f"Host: 127.0.0.1:{port}")
    problem = json.loads(body)
    assert status == problem["status"] == 404
    assert problem["type"] == PROBLEMS["not-found"].uri
    assert problem["instance"].startswith("urn:risk-hub:request:local-")


@pytest.mark.parametrize(
    "path",
    [
        "/risk-hub/../_ministack/health",
        "/risk-hub/%2e%2e/%2e%2e/_ministack/health",
        "/risk-hub/..%2f..%2frestapis",
    ],
)
def test_path_traversal_returns_a_404_problem(stage: RunningStage, path: str) -> None:
    port = urlsplit(stage.hub.url).port or 0
    status, body = raw_http.get(port, path, f"Host: 127.0.0.1:{port}")
    assert status == 404
    assert json.loads(body)["type"] == PROBLEMS["not-found"].uri


@pytest.mark.parametrize(
    "header",
    [
        "X-Amz-Target: DynamoDB_20120810.ListTables",
        "X-Amz-Request-Route: x",
        "X-Amz-Account-Id: 000000000000",
    ],
)
def test_aws_routing_headers_do_not_reach_other_aws_apis(stage: RunningStage, header: str) -> None:
    port = urlsplit(stage.hub.url).port or 0
    status, body = raw_http.get(port, "/risk-hub/nowhere", f"Host: 127.0.0.1:{port}", header)
    assert (status, json.loads(body)["type"]) == (404, PROBLEMS["not-found"].uri)


def test_unknown_api_route_returns_a_404_problem_from_the_gateway(hub: Caller) -> None:
    answer = hub.get("/risk-hub/worlds/any/nowhere")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.document()["type"] == PROBLEMS["not-found"].uri


def test_front_server_returns_a_503_problem_before_the_deployment(tmp_path: Path) -> None:
    sent = through(api_proxy(_never, tmp_path / "api-target.json"), "/risk-hub/health")
    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"])["type"] == PROBLEMS["unavailable"].uri


def test_front_server_forwards_a_request_changing_only_the_path_prefix(tmp_path: Path) -> None:
    seen: list[Scope] = []

    async def emulator(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        seen.append(scope)

    write_target(tmp_path / "api-target.json", ApiTarget("abc", "v1"))
    through(
        api_proxy(emulator, tmp_path / "api-target.json"),
        "/risk-hub/worlds/a:b%2B/x",
        b"as_of=1%2B2+3&q=%25",
    )
    assert seen[0]["raw_path"] == b"/_aws/execute-api/abc/v1/risk-hub/worlds/a:b%2B/x"
    assert seen[0]["path"] == "/_aws/execute-api/abc/v1/risk-hub/worlds/a:b%2B/x"
    assert seen[0]["query_string"] == b"as_of=1%2B2+3&q=%25"


def test_requests_of_a_burst_above_the_limit_wait_and_are_all_forwarded(tmp_path: Path) -> None:
    running, most, answered = 0, 0, 0

    async def emulator(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        nonlocal running, most, answered
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running, answered = running - 1, answered + 1

    write_target(tmp_path / "api-target.json", ApiTarget("abc", "v1"))
    app = api_proxy(emulator, tmp_path / "api-target.json")
    count = 3 * SIMULTANEOUS_REQUESTS_MAX

    async def burst(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.gather(*(app(scope, receive, send) for _ in range(count)))

    through(burst, "/risk-hub/health")
    assert (most, answered) == (SIMULTANEOUS_REQUESTS_MAX, count)


def test_repeated_x_actor_headers_are_dropped_and_a_single_one_is_forwarded(tmp_path: Path) -> None:
    seen: list[Scope] = []

    async def emulator(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        seen.append(scope)

    write_target(tmp_path / "api-target.json", ApiTarget("abc", "v1"))
    app, stage = api_proxy(emulator, tmp_path / "api-target.json"), (b"x-stage", b"paper")
    for actors in ([(b"x-actor", b"gateway")], [(b"x-actor", b"gateway"), (b"X-Actor", b"other")]):
        through(app, "/risk-hub/worlds/w1/snapshots", headers=[*actors, stage])
    assert [scope["headers"] for scope in seen] == [[(b"x-actor", b"gateway"), stage], [stage]]


@pytest.mark.parametrize(
    ("slug", "problem"),
    [
        ("not-found", api_proxy_module.not_found_problem()),
        ("unavailable", api_proxy_module.not_deployed_problem()),
    ],
)
def test_front_server_problems_match_the_problem_registry(slug: str, problem: Problem) -> None:
    registered = PROBLEMS[slug]
    document = json.loads(problem.body)
    assert (document["type"], document["status"]) == (registered.uri, registered.status)
    assert document["title"] == registered.title


async def _never(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    pytest.fail("the emulator was reached")


def through(
    app: App, path: str, query: bytes = b"", headers: Sequence[tuple[bytes, bytes]] = ()
) -> list[Message]:
    """Send one GET through an ASGI app and return its response."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query,
        "headers": list(headers),
        "server": ("127.0.0.1", 1),
    }
    asyncio.run(app(scope, receive, send))
    return sent
