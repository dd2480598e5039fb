"""The front server reads requests strictly: it refuses ambiguous framing, and limits each request's duration."""

import json
import socket
import time
from collections.abc import Callable
from threading import Thread

import pytest

from infra.local import front_request, front_server
from infra.local.framing import HEAD_MAX_BYTES
from tests.local_stage.front import GET, POST, FrontServer, answers, server

__all__ = ["server"]

# If it were read as a separate request, the application would see it.
SMUGGLED = b"GET /risk-hub/smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(
            POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="both framing headers",
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            id="both framing headers reversed",
        ),
        pytest.param(POST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", id="repeated equal lengths"),
        pytest.param(POST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n", id="two different lengths"),
        pytest.param(POST + b"Content-Length: 0, 0\r\n\r\n", id="a list of lengths"),
        pytest.param(POST + b"Content-Length: -1\r\n\r\n", id="a negative length"),
        pytest.param(POST + b"Content-Length: +1\r\n\r\nx", id="a signed length"),
        pytest.param(POST + b"Content-Length: 0x1\r\n\r\nx", id="a hexadecimal length"),
        pytest.param(POST + b"Content-Length: 1_0\r\n\r\n", id="a length with an underscore"),
        pytest.param(POST + b"Content-Length:\r\n\r\n", id="an empty length"),
        pytest.param(POST + b"Content-Length : 0\r\n\r\n", id="a space before the colon"),
        pytest.param(POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", id="two codings"),
        pytest.param(POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", id="an unknown coding"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="one coding twice",
        ),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n", id="a bad chunk size"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n", id="a negative chunk size"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n1\nx", id="a chunk size ended by a line feed"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n1;a=\rb\r\nx", id="a chunk size with a return"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n1;a=\x01\r\nx", id="a chunk size with a control"
        ),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n", id="a chunk too long"),
        pytest.param(POST + b"Content-Length: 5\r\n\r\nxy", id="a body that ends too early"),
        pytest.param(GET + b"X-Folded: a\r\n b\r\n\r\n", id="a folded header"),
        pytest.param(GET + b"X-Bare: a\n\r\n", id="a bare line feed"),
        pytest.param(GET.replace(b"\r\n", b"\n") + b"\n", id="line feeds only"),
        pytest.param(GET + b"X-Return: a\rb\r\n\r\n", id="a bare carriage return"),
        pytest.param(GET + b"X-Nul: a\0b\r\n\r\n", id="a NUL"),
        pytest.param(GET + b"no colon\r\n\r\n", id="a header without a colon"),
        pytest.param(GET + b": no name\r\n\r\n", id="a header without a name"),
        pytest.param(b"GET /risk-hub/x HTTP/1.1\r\n\r\n", id="no Host"),
        pytest.param(GET + b"Host: 127.0.0.1\r\n\r\n", id="two Hosts"),
        pytest.param(b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", id="authority-form target"),
        pytest.param(
            b"GET ftp://127.0.0.1/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", id="a target of another scheme"
        ),
        pytest.param(b"GET risk-hub HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", id="a relative target"),
        pytest.param(b"GET /risk-hub/x\r\n\r\n", id="HTTP/0.9"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", id="TLS"),
        pytest.param(GET + b"X-Unfinished: ", id="headers that end too early"),
    ],
)
def test_request_with_invalid_framing_gets_a_400_problem_and_closes_the_connection(
    server: FrontServer, request_bytes: bytes
) -> None:
    suffix = b"" if request_bytes.endswith((b"xy", b": ")) else SMUGGLED
    ((status, headers, body),) = server.exchange(request_bytes + suffix)
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert (headers["connection"], headers["cache-control"]) == ("close", "no-store")
    problem = json.loads(body)
    assert (problem["type"], problem["status"], problem["title"]) == ("about:blank", 400, "Bad Request")
    assert problem["detail"]
    assert problem["remedy"]
    assert server.seen == []


REFUSED = [
    pytest.param(GET + b"X-Nul: a\0b\r\n\r\n", 400, id="malformed head"),
    pytest.param(GET + b"X-Long: " + b"x" * HEAD_MAX_BYTES + b"\r\n\r\n", 431, id="headers too large"),
    pytest.param(POST + b"Content-Length: 2000000\r\n\r\n", 413, id="over the limit of the hub"),
    pytest.param(POST + b"Content-Length: 20000000\r\n\r\n", 413, id="over the limit of the gateway"),
    pytest.param(GET.replace(b"HTTP/1.1", b"HTTP/1.2") + b"\r\n", 505, id="version"),
]


@pytest.mark.parametrize(("request_bytes", "status"), REFUSED)
def test_every_answer_of_the_front_server_itself_has_the_correlation_id_of_its_problem(
    server: FrontServer, request_bytes: bytes, status: int
) -> None:
    ((found, headers, body),) = server.exchange(request_bytes)
    assert found == status
    assert json.loads(body)["instance"] == f"urn:risk-hub:request:{headers['x-correlation-id']}"


@pytest.mark.parametrize("sent", ["rebalance-42", "a" * 128])
@pytest.mark.parametrize("size_bytes", [2_000_000, 20_000_000])
def test_answer_of_the_front_server_returns_a_well_formed_correlation_id_of_the_client(
    server: FrontServer, size_bytes: int, sent: str
) -> None:
    head = f"Content-Length: {size_bytes}\r\nX-Correlation-Id: {sent}\r\n\r\n"
    ((status, headers, _),) = server.exchange(POST + head.encode())
    assert (status, headers["x-correlation-id"]) == (413, sent)


@pytest.mark.parametrize("sent", ["two words", "a" * 129, "", "a\r\nX-Correlation-Id: b", "<script>"])
def test_answer_of_the_front_server_replaces_a_correlation_id_that_the_hub_would_not_accept(
    server: FrontServer, sent: str
) -> None:
    head = f"Content-Length: 2000000\r\nX-Correlation-Id: {sent}\r\n\r\n"
    ((status, headers, _),) = server.exchange(POST + head.encode())
    assert (status, headers["x-correlation-id"][:6]) == (413, "local-")


@pytest.mark.parametrize(
    ("request_bytes", "fault"),
    [
        pytest.param(GET + b"X-Nul: a\0b\r\n\r\n", "contains a NUL byte", id="a NUL in a header value"),
        pytest.param(GET + b"X-\0Nul: a\r\n\r\n", "contains a NUL byte", id="a NUL in a header name"),
        pytest.param(GET.replace(b"/x", b"/\0"), "contains a NUL byte", id="a NUL in the target"),
        pytest.param(GET + b"X-Bare: a\nb\r\n\r\n", "contains a bare CR or LF", id="a bare line feed"),
        pytest.param(GET + b"X-Bare: a\rb\r\n\r\n", "contains a bare CR or LF", id="a bare carriage return"),
        pytest.param(GET + b"X-Control: a\x01b\r\n\r\n", "character 0x01", id="a control in a value"),
        pytest.param(GET + b"X-Control: \x1f\r\n\r\n", "character 0x1f", id="a value of a control only"),
        pytest.param(GET + b"X-Delete: a\x7f\r\n\r\n", "character 0x7f", id="a delete"),
        pytest.param(GET + b"X-\x08Name: a\r\n\r\n", "character 0x08", id="a control in a name"),
        pytest.param(GET.replace(b"/x", b"/\x1b"), "character 0x1b", id="a control in the target"),
    ],
)
def test_400_problem_names_the_forbidden_byte_of_the_head(
    server: FrontServer, request_bytes: bytes, fault: str
) -> None:
    ((status, _, body),) = server.exchange(request_bytes + b"\r\n")
    assert status == 400
    assert fault in json.loads(body)["detail"]
    assert ("NUL" in json.loads(body)["detail"]) == (b"\0" in request_bytes)


def test_tab_and_bytes_above_ascii_in_a_header_value_are_accepted(server: FrontServer) -> None:
    ((status, _, _),) = server.exchange(GET + b"X-Text: a\tb \xc3\xa9\r\n\r\n")
    assert status == 200
    assert dict(server.seen[0]["headers"])[b"x-text"] == b"a\tb \xc3\xa9"


def test_headers_over_the_size_limit_return_a_431_problem(server: FrontServer) -> None:
    ((status, headers, body),) = server.exchange(GET + b"X-Long: " + b"x" * HEAD_MAX_BYTES + b"\r\n\r\n")
    assert (status, headers["content-type"]) == (431, "application/problem+json")
    assert "16,384 bytes" in json.loads(body)["detail"]
    assert server.seen == []


def test_unsupported_http_version_returns_a_505_problem(server: FrontServer) -> None:
    ((status, headers, _),) = server.exchange(GET.replace(b"1.1", b"2.0") + b"\r\n")
    assert (status, headers["content-type"]) == (505, "application/problem+json")


def test_absolute_request_target_is_served_and_sets_the_host(server: FrontServer) -> None:
    target = b"GET http://named:1/risk-hub/x?q=%2B HTTP/1.1\r\n"
    ((status, _, _),) = server.exchange(target + b"Host: other\r\n\r\n")
    (seen,) = server.seen
    assert status == 200
    assert (seen["path"], seen["query_string"]) == ("/risk-hub/x", b"q=%2B")
    assert [value for name, value in seen["headers"] if name == b"host"] == [b"named:1"]


def test_http_1_0_request_is_served_and_closes_the_connection(server: FrontServer) -> None:
    ((status, headers, _),) = server.exchange(GET.replace(b"1.1", b"1.0") + b"\r\n" + SMUGGLED)
    assert (status, headers["connection"]) == (200, "close")
    assert len(server.seen) == 1


def test_requests_of_one_connection_are_answered_in_order(server: FrontServer) -> None:
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nTrailer: t\r\n\r\n"
    sized = POST + b"Content-Length: 2\r\n\r\nde"
    found = server.exchange(b"\r\n" + chunked + sized + GET + b"\r\n")
    assert [status for status, _, _ in found] == [200, 200, 200]
    assert [each["body"] for each in server.seen] == [b"abc", b"de", b""]


def test_expect_100_continue_gets_a_100_response_before_the_body(server: FrontServer) -> None:
    found = server.exchange(POST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert [status for status, _, _ in found] == [100, 400]
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as opened:
        opened.sendall(POST + b"Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        assert opened.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n")
        opened.sendall(b"ab")
        assert opened.recv(1_000).startswith(b"HTTP/1.1 200 ")


def test_head_response_has_headers_and_no_body(server: FrontServer) -> None:
    received = server.received(GET.replace(b"GET", b"HEAD") + b"Connection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"\r\n\r\n")


def test_an_answer_to_head_does_not_say_that_the_body_of_the_get_is_empty_or_chunked(
    server: FrontServer,
) -> None:
    head = GET.replace(b"GET", b"HEAD") + b"\r\n"
    first, second, third = server.exchange(head + head + GET + b"\r\n")
    for status, headers, _ in (first, second):
        assert status == 200
        assert headers.keys().isdisjoint({"content-length", "transfer-encoding"})
        assert headers["content-type"] == "application/json"
    assert (third[0], third[2]) == (200, b"{}")


def test_304_response_has_no_content_length(server: FrontServer) -> None:
    received = server.received(GET + b"If-None-Match: *\r\n\r\n" + GET + b"\r\n")
    first, _, second = received.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 304 ")
    assert b"content-length" not in first.lower()
    assert second.startswith(b"HTTP/1.1 200 ")
    assert second.endswith(b"{}")


def test_response_has_exactly_one_date_header(server: FrontServer) -> None:
    received = server.received(GET + b"\r\n").lower()
    assert received.count(b"\r\ndate: ") == 1
    assert b"1970" not in received


@pytest.mark.parametrize(
    ("request_bytes", "detail"),
    [
        (GET + b"Authorization : Bearer secret\r\n\r\n", "illegal header line."),
        (b"GET /risk-hub/a secret HTTP/1.1\r\n\r\n", "illegal request line. Percent-encode spaces"),
        (
            "GET /risk-hub/\u00e9secret HTTP/1.1\r\n\r\n".encode(),
            "illegal request line. Percent-encode spaces",
        ),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nsecret\r\n", "illegal chunk header."),
    ],
)
def test_problem_for_an_unparsable_request_does_not_quote_its_bytes(
    server: FrontServer, request_bytes: bytes, detail: str
) -> None:
    [(status, _, body)] = server.exchange(request_bytes)
    problem = json.loads(body)
    assert status == 400
    assert problem["detail"].startswith(f"The request is not valid HTTP/1.1: {detail}")
    assert "secret" not in body.decode()


def trickle(opened: socket.socket, first: bytes, each: bytes) -> None:
    opened.sendall(first)
    for _ in range(100):
        time.sleep(0.02)
        opened.sendall(each)


def silence(opened: socket.socket, first: bytes, _: bytes) -> None:
    opened.sendall(first)


@pytest.mark.parametrize("sending", [trickle, silence])
@pytest.mark.parametrize(
    ("limit", "part", "first", "each"),
    [
        ("HEAD_READ_MAX_SECONDS", "headers", GET, b"X: y\r\n"),
        ("BODY_READ_MAX_SECONDS", "body", POST + b"Content-Length: 1000\r\n\r\n", b"x"),
        ("BODY_READ_MAX_SECONDS", "body", POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["headers", "body", "chunked body"],
)
def test_request_that_arrives_too_slowly_returns_a_408_problem(  # noqa: PLR0913, PLR0917 - parameters
    server: FrontServer,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    part: str,
    first: bytes,
    each: bytes,
    sending: Callable[[socket.socket, bytes, bytes], None],
) -> None:
    monkeypatch.setattr(front_request, limit, 0.2)
    monkeypatch.setattr(front_server, "LINGER_MAX_SECONDS", 0.1)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as opened:
        sender = Thread(target=_unless_closed, args=(sending, opened, first, each))
        sender.start()
        received = opened.recv(4_096)
        sender.join()
    ((status, headers, body),) = answers(received)
    assert (status, headers["connection"]) == (408, "close")
    assert f"The {part} did not arrive within 0.2 s" in json.loads(body)["detail"]
    assert time.monotonic() - began < 5
    assert server.seen == []


def _unless_closed(
    sending: Callable[[socket.socket, bytes, bytes], None], opened: socket.socket, first: bytes, each: bytes
) -> None:
    try:
        sending(opened, first, each)
    except OSError:
        return


def test_idle_connection_is_closed_without_a_response(
    server: FrontServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_request, "IDLE_MAX_SECONDS", 0.1)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as opened:
        assert opened.recv(1) == b""
