"""The front server exposes the hub's API and nothing else that runs behind it."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from infra.local import api_proxy as front_door_module
from infra.local.api_proxy import ApiTarget, api_proxy, write_target
from infra.local.asgi import App, Message, Receive, Scope, Send
from infra.local.bring_up import RunningStage
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
def test_another_path_is_a_404_problem(stage: RunningStage, path: str) -> None:
    port = urlsplit(stage.hub.url).port or 0
    status, body = raw_http.get(port, path, f"Host: 127.0.0.1:{port}")
    problem = json.loads(body)
    assert status == problem["status"] == 404
    assert problem["type"] == PROBLEMS["not-found"].uri


@pytest.mark.parametrize(
    "path",
    [
        "/risk-hub/../_ministack/health",
        "/risk-hub/%2e%2e/%2e%2e/_ministack/health",
        "/risk-hub/..%2f..%2frestapis",
    ],
)
def test_no_path_climbs_out_of_the_hub(stage: RunningStage, path: str) -> None:
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
def test_no_header_reaches_another_aws_api(stage: RunningStage, header: str) -> None:
    port = urlsplit(stage.hub.url).port or 0
    status, body = raw_http.get(port, "/risk-hub/nowhere", f"Host: 127.0.0.1:{port}", header)
    assert (status, json.loads(body)["type"]) == (404, PROBLEMS["not-found"].uri)


def test_the_gateways_own_answer_to_an_unknown_route_is_a_404_problem(hub: Caller) -> None:
    answer = hub.get("/risk-hub/worlds/any/nowhere")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.document()["type"] == PROBLEMS["not-found"].uri


def test_before_the_deployment_the_door_asks_to_retry(tmp_path: Path) -> None:
    sent = through(api_proxy(_never, tmp_path / "front-door.json"), "/risk-hub/health")
    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"])["type"] == PROBLEMS["unavailable"].uri


def test_the_emulator_gets_the_request_as_it_came_but_for_the_path_prefix(tmp_path: Path) -> None:
    seen: list[Scope] = []

    async def emulator(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        seen.append(scope)

    write_target(tmp_path / "front-door.json", ApiTarget("abc", "v1"))
    through(
        api_proxy(emulator, tmp_path / "front-door.json"),
        "/risk-hub/worlds/a:b%2B/x",
        b"as_of=1%2B2+3&q=%25",
    )
    assert seen[0]["raw_path"] == b"/_aws/execute-api/abc/v1/risk-hub/worlds/a:b%2B/x"
    assert seen[0]["path"] == "/_aws/execute-api/abc/v1/risk-hub/worlds/a:b%2B/x"
    assert seen[0]["query_string"] == b"as_of=1%2B2+3&q=%25"


def test_a_repeated_actor_is_withheld_and_a_single_one_passed_on(tmp_path: Path) -> None:
    seen: list[Scope] = []

    async def emulator(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        seen.append(scope)

    write_target(tmp_path / "front-door.json", ApiTarget("abc", "v1"))
    app, stage = api_proxy(emulator, tmp_path / "front-door.json"), (b"x-stage", b"paper")
    for actors in ([(b"x-actor", b"gateway")], [(b"x-actor", b"gateway"), (b"X-Actor", b"other")]):
        through(app, "/risk-hub/worlds/w1/snapshots", headers=[*actors, stage])
    assert [scope["headers"] for scope in seen] == [[(b"x-actor", b"gateway"), stage], [stage]]


@pytest.mark.parametrize(
    ("slug", "body"),
    [
        ("not-found", front_door_module.not_found_problem()),
        ("unavailable", front_door_module.not_deployed_problem()),
    ],
)
def test_the_doors_own_problems_agree_with_the_registry(slug: str, body: bytes) -> None:
    registered = PROBLEMS[slug]
    document = json.loads(body)
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
