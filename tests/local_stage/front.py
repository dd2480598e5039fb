"""The real front server in front of an application that returns the request it received."""

import asyncio
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

import pytest

from infra.local.asgi import Message, Receive, Scope, Send
from infra.local.assembly import read_assembly
from infra.local.front_server import front_server as serving
from infra.local.gateway_responses import GatewayResponses

POST = b"POST /risk-hub/x HTTP/1.1\r\nHost: 127.0.0.1\r\n"
GET = b"GET /risk-hub/x HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@dataclass(frozen=True)
class FrontServer:
    port: int
    seen: list[dict[str, Any]]

    def exchange(self, request: bytes) -> list[tuple[int, dict[str, str], bytes]]:
        """Send bytes, close the sending side and return the answers."""
        return answers(self.received(request))

    def received(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as opened:
            opened.sendall(request)
            opened.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: opened.recv(65_536), b""))


def answers(received: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", "0"))
        found.append((int(first.split()[1]), headers, rest[:length]))
        received = rest[length:]
    return found


@pytest.fixture
def server() -> Iterator[FrontServer]:
    """The real server in front of an application that returns the request it received."""
    seen: list[dict[str, Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        message: Message = await receive()
        seen.append({**scope, "body": message["body"]})
        status = 304 if any(name == b"if-none-match" for name, _ in scope["headers"]) else 200
        body = b"{}" if status == 200 and scope["method"] != "HEAD" else b""
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"Date", b"Thu, 01 Jan 1970 00:00:00 GMT"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    opened = socket.create_server(("127.0.0.1", 0))
    port, stopped, ready = opened.getsockname()[1], Event(), Event()

    async def run() -> None:
        async with serving(app, opened, GatewayResponses.of(read_assembly())):
            ready.set()
            while not stopped.is_set():  # noqa: ASYNC110 - an event of another thread
                await asyncio.sleep(0.01)

    thread = Thread(target=asyncio.run, args=(run(),))
    thread.start()
    ready.wait()
    try:
        yield FrontServer(port, seen)
    finally:
        stopped.set()
        thread.join()


def answer_to_waiting_client(server: FrontServer, request: bytes) -> tuple[int, dict[str, Any]]:
    """Send the beginning of a request, keep the connection open, and return the answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=2) as opened:
        opened.sendall(request)
        ((status, _, body),) = answers(opened.recv(65_536))
    assert server.seen == []
    return status, json.loads(body)
