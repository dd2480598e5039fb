"""HTTP/1.1 server on the front port of the local stage.

A request that cannot be read is answered with a problem document and its connection is closed, so that none
of its bytes are read as another request.
"""

import asyncio
import contextlib
import logging
import re
import socket
from collections.abc import AsyncIterator
from email.utils import formatdate
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import h11

from infra.local.asgi import App, ClientDisconnectedError, Message, Scope
from infra.local.body_size import GatewayBodyLimitError
from infra.local.framing import FramingError, Headers
from infra.local.front_request import READ_CHUNK_BYTES, FrontRequest, RequestReader
from infra.local.gateway_responses import TOO_LARGE, GatewayResponse, GatewayResponses
from infra.local.problem import problem_headers

WRITE_MAX_SECONDS: Final = 30.0
# Time for which a refused client may keep sending: closing at once could discard the response.
LINGER_MAX_SECONDS: Final = 2.0
STOP_MAX_SECONDS: Final = 1.0
NO_LENGTH: Final = (b"content-length", b"0")
# Added by h11 to an answer without a length; the answer to GET has a length instead.
CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: chunked(?=\r\n)", re.IGNORECASE)

logger = logging.getLogger("local-stage.front-server")


@contextlib.asynccontextmanager
async def front_server(app: App, listener: socket.socket, responses: GatewayResponses) -> AsyncIterator[None]:
    """Serve an application on a listening socket while the block runs."""
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(FrontConnection(app, responses, reader, writer).serve())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, sock=listener)
    try:
        yield
    finally:
        server.close()
        await _end_tasks(tasks)


async def _end_tasks(tasks: set[asyncio.Task[None]]) -> None:
    if tasks:
        _, unfinished = await asyncio.wait(tasks, timeout=STOP_MAX_SECONDS)
        for task in unfinished:
            task.cancel()


class FrontConnection:
    """One connection, whose requests are answered in sequence."""

    def __init__(
        self,
        app: App,
        responses: GatewayResponses,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._app, self._responses = app, responses
        self._reader, self._writer = reader, writer
        self._requests = RequestReader(reader, writer)

    async def serve(self) -> None:
        """Answer requests until one side closes the connection."""
        try:
            while await self._serve_one():
                pass
        except (OSError, TimeoutError, h11.LocalProtocolError) as error:
            logger.warning("A connection was closed: %s", error)
        except Exception:
            logger.exception("A connection failed")
        finally:
            self._writer.close()

    async def _serve_one(self) -> bool:
        """Read one request and answer it; return whether another may follow on this connection."""
        try:
            request = await self._requests.next()
        except FramingError as error:
            await self._send_and_close(_problem_answer(error, self._requests.headers))
            return False
        except GatewayBodyLimitError:
            await self._send_and_close(self._responses.answer(TOO_LARGE, self._requests.headers))
            return False
        if request is None:
            return False
        await self._answer(request)
        protocol = request.protocol
        return protocol.our_state is h11.DONE and protocol.their_state is h11.DONE

    async def _answer(self, request: FrontRequest) -> None:
        received = iter([request.body])

        async def receive() -> Message:
            for body in received:
                return {"type": "http.request", "body": body, "more_body": False}
            never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
            return await never

        head_only = request.method == "HEAD"

        async def send(message: Message) -> None:
            for event in _events(message, head_only=head_only):
                data = request.protocol.send(event) or b""
                await self._write(CHUNKED.sub(b"", data, count=1) if head_only else data)

        await self._app(self._scope(request), receive, send)

    def _scope(self, request: FrontRequest) -> Scope:
        path, _, query = request.target.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": request.http_version,
            "method": request.method,
            "scheme": "http",
            "path": unquote(path.decode("latin-1")),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": request.headers,
            "client": self._writer.get_extra_info("peername"),
            "server": self._writer.get_extra_info("sockname"),
        }

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        try:
            await asyncio.wait_for(self._writer.drain(), WRITE_MAX_SECONDS)
        except ConnectionError as error:
            raise ClientDisconnectedError("the client disconnected before the answer was sent") from error

    async def _send_and_close(self, answer: GatewayResponse) -> None:
        """Answer without h11, unusable after a malformed request, and close without losing the answer."""
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}".encode()]
        closing = [*answer.headers, _date(), (b"connection", b"close")]
        lines += [name + b": " + value for name, value in closing]
        body = b"" if self._requests.is_head else answer.body
        await self._write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        with contextlib.suppress(OSError):
            self._writer.write_eof()
            async with asyncio.timeout(LINGER_MAX_SECONDS):
                while await self._reader.read(READ_CHUNK_BYTES):
                    pass


def _problem_answer(error: FramingError, request_headers: Headers) -> GatewayResponse:
    problem = error.problem()
    return GatewayResponse(error.status, problem_headers(problem, request_headers), problem.body)


def _events(message: Message, *, head_only: bool) -> list[h11.Event]:
    """Return the h11 events for one message of the application."""
    if message["type"] == "http.response.start":
        headers = _response_headers(message, head_only=head_only)
        return [h11.Response(status_code=message["status"], headers=headers)]
    body = b"" if head_only else message.get("body", b"")
    end: list[h11.Event] = [] if message.get("more_body") else [h11.EndOfMessage()]
    return [h11.Data(data=body), *end] if body else end


def _response_headers(start: Message, *, head_only: bool) -> list[tuple[bytes, bytes]]:
    """Return the application's headers with one Date, and without a Content-Length of 0 for an omitted body.

    In a 304 and in an answer to HEAD, Content-Length is the length of the 200 answer to GET (RFC 9110, 8.6).
    """
    is_left_out = head_only or start["status"] == HTTPStatus.NOT_MODIFIED
    kept = [
        (name, value)
        for name, value in start["headers"]
        if name.lower() != b"date" and not (is_left_out and (name.lower(), value) == NO_LENGTH)
    ]
    return [*kept, _date()]


def _date() -> tuple[bytes, bytes]:
    return b"date", formatdate(usegmt=True).encode()
