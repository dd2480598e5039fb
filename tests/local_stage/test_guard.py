"""Both servers accept only programs on this machine: no web page, no rebound name, no other protocol."""

import json
import socket
from typing import Literal
from urllib.parse import urlsplit

import pytest
from h2.connection import H2Connection
from h2.events import ResponseReceived

from infra.local.bring_up import RunningStage
from risk_hub_contracts.base.problems import PROBLEMS
from tests.local_stage import raw_http

ServerName = Literal["front", "aws"]
PATHS: dict[ServerName, str] = {"front": "/risk-hub/health", "aws": "/_ministack/health"}


@pytest.fixture(params=PATHS)
def address(request: pytest.FixtureRequest, stage: RunningStage) -> tuple[int, str]:
    urls = {"front": stage.hub.url, "aws": stage.aws.endpoint}
    return urlsplit(urls[request.param]).port or 0, PATHS[request.param]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_request_with_a_loopback_host_header_is_accepted(address: tuple[int, str], name: str) -> None:
    port, path = address
    status, _ = raw_http.get(port, path, f"Host: {name}:{port}")
    assert status != 403


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
        "[::1]:{port}",
    ],
)
def test_foreign_host_header_returns_a_403_problem(address: tuple[int, str], host: str) -> None:
    port, path = address
    status, body = raw_http.get(port, path, f"Host: {host.format(port=port)}")
    assert status == 403
    problem = json.loads(body)
    assert (problem["type"], problem["title"]) == (
        PROBLEMS["network-denied"].uri,
        PROBLEMS["network-denied"].title,
    )
    assert problem["instance"].startswith("urn:risk-hub:request:local-")


@pytest.mark.parametrize(
    "header",
    [
        "Origin: http://evil.example",
        "Origin: null",
        "Origin: http://127.0.0.1",
        "Referer: http://evil.example/page",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ],
)
def test_request_from_a_web_page_returns_403(address: tuple[int, str], header: str) -> None:
    port, path = address
    status, body = raw_http.get(port, path, f"Host: 127.0.0.1:{port}", header)
    assert status == 403
    assert b"web page" in body


def test_missing_or_repeated_host_header_is_rejected(address: tuple[int, str]) -> None:
    port, path = address
    without, _ = raw_http.get(port, path, version="1.0")
    twice, _ = raw_http.get(port, path, f"Host: 127.0.0.1:{port}", "Host: evil.example")
    assert without in {400, 403}
    assert twice in {400, 403}


def http_2_request(port: int, path: str) -> H2Connection:
    client = H2Connection()
    client.initiate_connection()
    client.send_headers(1, request_headers(port, path), end_stream=True)
    return client


def test_front_server_answers_http_2_with_505(stage: RunningStage) -> None:
    port = urlsplit(stage.hub.url).port or 0
    answer = raw_http.exchange(port, http_2_request(port, PATHS["front"]).data_to_send())
    assert answer.startswith(b"HTTP/1.1 505 ")
    assert b"application/problem+json" in answer


def test_aws_endpoint_answers_http_2_with_505(stage: RunningStage) -> None:
    port = urlsplit(stage.aws.endpoint).port or 0
    client = http_2_request(port, PATHS["aws"])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as opened:
        opened.sendall(client.data_to_send())
        assert first_status(client, opened) == b"505"


def request_headers(port: int, path: str) -> list[tuple[str, str]]:
    return [(":method", "GET"), (":scheme", "http"), (":authority", f"127.0.0.1:{port}"), (":path", path)]


def first_status(client: H2Connection, opened: socket.socket) -> bytes | None:
    while chunk := opened.recv(65_536):
        for event in client.receive_data(chunk):
            if isinstance(event, ResponseReceived):
                return dict(event.headers)[b":status"]
    return None


@pytest.mark.parametrize(
    ("host", "protocol", "status", "detail"),
    [
        ("127.0.0.1:{port}", "websocket", 404, "WebSockets are not supported here."),
        ("127.0.0.1:{port}", "h2c, WebSocket", 404, "WebSockets are not supported here."),
        ("evil.example", "websocket", 403, "The request must have exactly one Host header"),
    ],
)
def test_websocket_upgrade_returns_a_404_problem_and_403_from_another_host(
    address: tuple[int, str], host: str, protocol: str, status: int, detail: str
) -> None:
    port, path = address
    headers = [
        f"Host: {host.format(port=port)}",
        f"Upgrade: {protocol}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    lines = [f"GET {path} HTTP/1.1", *headers, "Connection: Upgrade, close"]
    answer = raw_http.exchange(port, ("\r\n".join(lines) + "\r\n\r\n").encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert b"content-type: application/problem+json" in head.lower()
    problem = json.loads(body)
    assert problem["type"] == PROBLEMS["not-found" if status == 404 else "network-denied"].uri
    assert f"x-correlation-id: {problem['instance'].rpartition(':')[2]}".encode() in head.lower()
    assert problem["detail"].startswith(detail)
    assert "not from a web page" in problem["remedy"] if status == 403 else "Upgrade" in problem["remedy"]


def test_response_has_no_cors_headers(stage: RunningStage) -> None:
    port = urlsplit(stage.hub.url).port or 0
    answer = raw_http.exchange(
        port, f"GET /risk-hub/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    )
    assert b"access-control-" not in answer.lower()
