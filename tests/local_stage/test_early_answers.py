"""The front server answers at once what can only be refused, before the rest of the request arrives."""

import json
import socket
import time

import pytest

from infra.local.framing import HEAD_MAX_BYTES
from infra.local.gateway_responses import BODY_MAX_BYTES
from risk_hub_contracts.base.limits import BODY_MAX_BYTES as HUB_MAX_BYTES
from risk_hub_contracts.base.problems import PROBLEMS
from tests.local_stage.front import GET, POST, FrontServer, answer_to_waiting_client, answers, server

__all__ = ["server"]


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS handshake", id="TLS"),
        pytest.param(b"\x16", "TLS handshake", id="the first byte of TLS"),
        pytest.param(b"\x05\x01\x00", "HTTP method", id="a SOCKS proxy"),
        pytest.param(b"\r\n\x80", "HTTP method", id="a byte after an empty line"),
        pytest.param(b"\rGET", "HTTP method", id="a carriage return"),
        pytest.param(b"SSH-2.0-Client\r\n", "The request line", id="SSH"),
        pytest.param(b"GET /risk-hub/x\r\n", "The request line", id="HTTP/0.9"),
    ],
)
def test_client_of_another_protocol_that_waits_is_answered_at_once(
    server: FrontServer, first: bytes, fault: str
) -> None:
    status, problem = answer_to_waiting_client(server, first)
    assert status == 400
    assert fault in problem["detail"]
    assert ("http://" in problem["remedy"]) == (fault == "TLS handshake")


@pytest.mark.parametrize(
    "request_bytes", [b"X-Control: \x01\r\n\r\n", b"Content-Length: 2097152\r\n\r\n"], ids=["400", "413"]
)
def test_refused_head_request_is_answered_without_a_body(server: FrontServer, request_bytes: bytes) -> None:
    received = server.received(GET.replace(b"GET", b"HEAD") + request_bytes)
    assert received.startswith(b"HTTP/1.1 4")
    assert b"content-type: application/problem+json" in received
    assert received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param(b"Content-Length: %d\r\n\r\n" % (HUB_MAX_BYTES + 1), id="by content length"),
        pytest.param(
            b"Content-Length: 2097152\r\nExpect: 100-continue\r\n\r\n", id="with a request to continue"
        ),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (HUB_MAX_BYTES + 1), id="by one chunk"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n%x;a=b\r\n" % (HUB_MAX_BYTES - 3),
            id="by the sum of two chunks",
        ),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 20 + b"\r\n", id="by a huge chunk"),
    ],
)
def test_body_announced_over_the_limit_returns_a_413_problem_before_it_is_sent(
    server: FrontServer, framing: bytes
) -> None:
    status, problem = answer_to_waiting_client(server, POST + framing)
    assert (status, problem["type"]) == (413, PROBLEMS["body-too-large"].uri)
    assert (problem["title"], problem["remedy"]) == (
        PROBLEMS["body-too-large"].title,
        PROBLEMS["body-too-large"].remedy,
    )


def test_chunks_whose_size_lines_arrive_in_pieces_are_counted_together(server: FrontServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as opened:
        opened.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        for piece in (b"3", b"\r", b"\nab", b"c\r", b"\n", b"10", b"0000", b"\r\n"):
            time.sleep(0.02)
            opened.sendall(piece)
        ((status, _, body),) = answers(opened.recv(65_536))
    assert status == 413
    assert f"at least {0x100000 + 3:,} bytes" in json.loads(body)["detail"]


def test_body_of_exactly_the_limit_is_served_sized_and_chunked(server: FrontServer) -> None:
    body = b"x" * HUB_MAX_BYTES
    half = HUB_MAX_BYTES // 2
    chunks = b"".join(b"%x\r\n%b\r\n" % (half, body[:half]) for _ in range(2))
    sized = POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    assert [status for status, _, _ in server.exchange(sized + chunked)] == [200, 200]
    assert [each["body"] == body for each in server.seen] == [True, True]


def test_problems_of_the_front_server_name_the_request_as_the_hubs_do(server: FrontServer) -> None:
    refused = {
        400: b"\x16\x03\x01",
        413: POST + b"Content-Length: 2097152\r\n\r\n",
        431: GET + b"X-Long: " + b"x" * HEAD_MAX_BYTES,
        505: GET.replace(b"1.1", b"2.0") + b"\r\n",
    }
    problems = [json.loads(server.exchange(request)[0][2]) for request in refused.values()]
    assert [problem["status"] for problem in problems] == list(refused)
    for problem in problems:
        assert list(problem) == ["type", "title", "status", "detail", "remedy", "instance"]
        assert problem["instance"].startswith("urn:risk-hub:request:local-")
    assert len({problem["instance"] for problem in problems}) == len(problems)


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: %d\r\n\r\n" % (BODY_MAX_BYTES + 1),
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
        % (BODY_MAX_BYTES + 1, b"x" * (BODY_MAX_BYTES + 1)),
    ],
    ids=["by content length", "chunked"],
)
def test_body_over_the_gateway_limit_returns_the_templates_413_problem(
    server: FrontServer, framing: bytes
) -> None:
    ((status, _, body),) = server.exchange(POST + framing)
    assert (status, json.loads(body)["type"]) == (413, PROBLEMS["body-too-large"].uri)
    assert server.seen == []
