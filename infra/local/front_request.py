"""Read complete requests of one connection, within limits of size and time."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import h11

from infra.local.body_size import BodySize
from infra.local.framing import (
    HEAD_END,
    HEAD_MAX_BYTES,
    FramingError,
    Headers,
    check_head,
    check_start,
    framing_error,
    parse_error,
    request_target,
)

IDLE_MAX_SECONDS: Final = 75.0
HEAD_READ_MAX_SECONDS: Final = 10.0
BODY_READ_MAX_SECONDS: Final = 30.0
READ_CHUNK_BYTES: Final = 65_536
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
SLOW_REMEDY: Final = "Send the whole request at once, on a new connection; repeating it is safe."


@dataclass(frozen=True, slots=True)
class FrontRequest:
    """One complete request; `protocol` is the h11 connection that sends its response."""

    protocol: h11.Connection
    method: str
    http_version: str
    target: bytes
    headers: Headers
    body: bytes


class RequestReader:
    """Read requests in sequence; bytes after a request are kept for the next one.

    Attributes:
        is_head: whether the request that was read last, also if it was refused, has the method HEAD.
        headers: the headers of that request; empty if they could not be read.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._buffer = bytearray()
        self.is_head = False
        self.headers: Headers = ()

    async def next(self) -> FrontRequest | None:
        """Return the next request, or None if the client closed the connection or stayed idle too long.

        Raises:
            FramingError: the request is malformed, too slow, or its headers are too large.
            GatewayBodyLimitError: its body is larger than the gateway accepts.
        """
        self.headers = ()
        head = await self._read_head()
        if head is None:
            return None
        check_head(head)
        protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_MAX_BYTES)
        protocol.receive_data(bytes(self._buffer))
        self._buffer.clear()
        with _convert_h11_errors():
            event = protocol.next_event()
        if not isinstance(event, h11.Request):
            raise framing_error("The request has no complete request line.")
        self.headers = [(bytes(name), bytes(value)) for name, value in event.headers]
        target, headers = request_target(event)
        body = await self._read_body(protocol, event)
        return FrontRequest(
            protocol, event.method.decode(), event.http_version.decode(), target, headers, body
        )

    async def _read_head(self) -> bytes | None:
        """Return the bytes up to the empty line, or None if the client sent no request."""
        if not self._buffer:
            with contextlib.suppress(TimeoutError):
                self._buffer += await asyncio.wait_for(self._reader.read(READ_CHUNK_BYTES), IDLE_MAX_SECONDS)
            if not self._buffer:
                return None
        try:
            async with asyncio.timeout(HEAD_READ_MAX_SECONDS):
                return await self._read_until_head_end()
        except TimeoutError:
            raise _too_slow("headers", HEAD_READ_MAX_SECONDS) from None

    async def _read_until_head_end(self) -> bytes | None:
        while (head := self._complete_head()) is None:
            data = await self._reader.read(READ_CHUNK_BYTES)
            if not data and not self._buffer:
                return None
            if not data:
                raise framing_error("The connection ended in the middle of the headers.")
            self._buffer += data
        return head

    def _complete_head(self) -> bytes | None:
        """Return the head if it is complete; empty lines before it are ignored (RFC 9112, 2.2)."""
        while self._buffer.startswith(b"\r\n"):
            del self._buffer[:2]
        self.is_head = self._buffer.startswith(b"HEAD ")
        check_start(self._buffer)
        end = HEAD_END.search(self._buffer)
        if (end.end() if end else len(self._buffer)) > HEAD_MAX_BYTES:
            raise FramingError(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"The request line and headers have more than {HEAD_MAX_BYTES:,} bytes.",
                "Send a shorter path and query, or fewer or shorter headers, on a new connection.",
            )
        return bytes(self._buffer[: end.end()]) if end else None

    async def _read_body(self, protocol: h11.Connection, request: h11.Request) -> bytes:
        size = BodySize(request.headers)
        size.add(protocol.trailing_data[0])
        if protocol.they_are_waiting_for_100_continue:
            self._writer.write(CONTINUE)
        try:
            async with asyncio.timeout(BODY_READ_MAX_SECONDS):
                with _convert_h11_errors():
                    return await self._read_until_body_end(protocol, size)
        except TimeoutError:
            raise _too_slow("body", BODY_READ_MAX_SECONDS) from None

    async def _read_until_body_end(self, protocol: h11.Connection, size: BodySize) -> bytes:
        body = bytearray()
        while not isinstance(event := protocol.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                body += event.data
            else:
                data = await self._reader.read(READ_CHUNK_BYTES)
                size.add(data)
                protocol.receive_data(data)
        self._buffer += protocol.trailing_data[0]
        return bytes(body)


@contextlib.contextmanager
def _convert_h11_errors() -> Iterator[None]:
    """Convert h11's errors to FramingError."""
    try:
        yield
    except h11.RemoteProtocolError as error:
        raise parse_error(error) from None


def _too_slow(section: str, seconds: float) -> FramingError:
    detail = f"The {section} did not arrive within {seconds:g} s."
    return FramingError(HTTPStatus.REQUEST_TIMEOUT, detail, SLOW_REMEDY)
