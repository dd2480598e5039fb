"""Every answer on the front port is the hub's own or a problem document, for every failure behind it."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.local import gateway_responses
from infra.local.asgi import App, ClientDisconnectedError, Message, Receive, Scope, Send
from infra.local.assembly import read_assembly
from infra.local.bring_up import RunningStage
from infra.local.gateway_responses import GatewayResponses, with_gateway_responses
from risk_hub_contracts.base.problems import PROBLEMS
from tests.local_stage import raw_http
from tests.local_stage.caller import Caller, new_world, small_body, wait_until

XML = b"<Error><Code>NoSuchBucket</Code></Error>"
JSON = b'{"message": "Internal server error"}'
PROBLEM = b'{"type": "urn:risk-hub:problem:conflict"}'


def emulator(status: int, content_type: bytes, body: bytes) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        headers = [(b"content-type", content_type), (b"x-of", b"emulator")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def failing(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    raise KeyError("of the emulator")


async def hanging(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    await asyncio.sleep(30)


async def stopping_half_way(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise KeyError("of the emulator")


def ask(app: App, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Send one request through the layer and return its answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    scope: Scope = {
        "type": "http",
        "method": method,
        "path": "/risk-hub/x",
        "headers": [(b"x-correlation-id", b"rebalance-42")],
    }
    layer = with_gateway_responses(app, GatewayResponses.of(read_assembly()))
    asyncio.run(layer(scope, receive, send))
    start, *parts = sent
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(part["body"] for part in parts)


@pytest.mark.parametrize(
    ("app", "slug"),
    [
        (emulator(400, b"application/xml", XML), "invalid-query"),
        (emulator(403, b"application/json", JSON), "network-denied"),
        (emulator(404, b"application/xml", XML), "not-found"),
        (emulator(405, b"application/xml", XML), "not-found"),
        (emulator(413, b"application/json", JSON), "body-too-large"),
        (emulator(429, b"application/json", JSON), "throttled"),
        (emulator(500, b"application/json", JSON), "internal"),
        (emulator(502, b"application/json", JSON), "internal"),
        (emulator(503, b"application/json", JSON), "unavailable"),
        (emulator(504, b"application/json", JSON), "gateway-timeout"),
        (failing, "internal"),
    ],
)
def test_emulator_error_is_replaced_by_the_templates_problem(app: App, slug: str) -> None:
    status, headers, body = ask(app)
    problem = json.loads(body)
    assert (problem["type"], problem["status"]) == (PROBLEMS[slug].uri, PROBLEMS[slug].status)
    assert (problem["title"], problem["remedy"]) == (PROBLEMS[slug].title, PROBLEMS[slug].remedy)
    assert problem["instance"].startswith("urn:risk-hub:request:local-")
    assert status == problem["status"]
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    assert headers["content-length"] == str(len(body))
    assert ("retry-after" in headers) is (status in {429, 503, 504})
    assert headers["x-correlation-id"] == "rebalance-42"
    assert "x-of" not in headers


def test_gateway_response_of_the_emulator_gets_a_correlation_id_and_an_answer_of_the_hub_keeps_its_own() -> (
    None
):
    sent: list[tuple[bytes, bytes]] = [(b"x-amzn-requestid", b"emulated-1")]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        headers = [(b"content-type", b"application/problem+json"), *sent]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": PROBLEM})

    assert ask(app)[1]["x-correlation-id"] == "rebalance-42"
    sent.append((b"X-Correlation-Id", b"of-the-hub"))
    _, headers, _ = ask(app)
    assert [value for name, value in headers.items() if name.lower() == "x-correlation-id"] == ["of-the-hub"]


def test_emulator_timeout_returns_the_templates_504_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway_responses, "RESPONSE_MAX_SECONDS", 0.05)
    status, _, body = ask(hanging)
    assert (status, json.loads(body)["type"]) == (504, PROBLEMS["gateway-timeout"].uri)


def test_truncated_emulator_response_aborts_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConnectionAbortedError):
        ask(stopping_half_way)
    assert "The emulator failed on GET /risk-hub/x" in caplog.text


def test_head_request_gets_the_problem_headers_without_a_body() -> None:
    status, headers, body = ask(emulator(502, b"application/json", JSON), "HEAD")
    assert (status, headers["content-type"], body) == (500, "application/problem+json", b"")


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (200, b"application/json", b"{}"),
        (304, b"", b""),
        (409, b"application/problem+json", PROBLEM),
        (503, b"application/problem+json", PROBLEM),
        (507, b"application/problem+json", PROBLEM),
    ],
)
def test_hub_response_is_forwarded_unchanged(status: int, content_type: bytes, body: bytes) -> None:
    found, headers, received = ask(emulator(status, content_type, body))
    assert (found, headers["x-of"], received) == (status, "emulator", body)


def workers(stage_pid: int, function: str) -> Iterator[int]:
    """Yield the processes of one function among the children of the stage."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
            environment = (folder / "environ").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        name = f"AWS_LAMBDA_FUNCTION_NAME=risk-hub-local-{function}".encode()
        if parent == stage_pid and name in environment:
            yield int(folder.name)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_worker_killed_during_a_request_causes_a_500_problem_and_is_replaced(
    stage: RunningStage, hub: Caller, method: str
) -> None:
    world, function = new_world(), "snapshot-reader" if method == "GET" else "snapshot-writer"

    body = small_body()

    def call() -> Any:
        return (
            hub.get(f"/risk-hub/worlds/{world}/snapshots/latest")
            if method == "GET"
            else hub.post(world, body)
        )

    hub.post(world, body)
    call()
    pids = list(workers(stage.process.process.pid, function))
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(call)
        time.sleep(0.3)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        answer = calling.result()
    problem = answer.document()
    assert (answer.status, problem["status"]) == (500, 500)
    assert (problem["type"], problem["remedy"]) == (PROBLEMS["internal"].uri, PROBLEMS["internal"].remedy)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    wait_until(lambda: call().status == 200, "the function is answered for again")


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: AWS4-HMAC-SHA256 Credential=999999999999/20260101/us-east-1/s3/aws4_request",
        "Content-Encoding: aws-chunked",
        "Content-Encoding: gzip",
        "Expect: something",
        "Accept: application/xml",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize(
    "path", ["/risk-hub/worlds/w/snapshots", "/risk-hub/%ff", "/risk-hub/x?X-Amz-Credential=9/a/b/s3"]
)
def test_unusual_requests_get_a_4xx_problem_and_no_emulator_error(
    stage: RunningStage, method: str, path: str, line: str
) -> None:
    port = urlsplit(stage.hub.url).port or 0
    body = "" if method in {"GET", "OPTIONS", "TRACE"} else "Content-Length: 4\r\n"
    request = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{line}\r\n{body}Connection: close\r\n\r\n"
    )
    answer = raw_http.exchange(port, request.encode() + (b"zz\r\n" if body else b""))
    head, _, document = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    if method == "OPTIONS" and status == 204:
        # The hub's own answer for a route that exists.
        assert b"\nallow: " in head.lower()
        assert document == b""
        return
    assert 400 <= status < 500, answer
    assert b"\ncontent-type: application/problem+json" in head.lower()
    assert json.loads(document)["status"] == status


def test_a_client_that_disconnects_is_not_logged_as_a_failure_of_the_emulator(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def disconnected(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ClientDisconnectedError("closed")

    with pytest.raises(ClientDisconnectedError):
        ask(disconnected)
    assert caplog.records == []
