"""ASGI helpers of the front server and the AWS server."""

from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from infra.local.problem import PROBLEM_MEDIA_TYPE

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


class ClientDisconnectedError(ConnectionError):
    """The client closed its connection before the answer was sent: no answer can reach it."""


def header_values(scope: Scope, name: bytes) -> list[str]:
    """Return every value of a header, in the order sent; `name` is lower case."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


async def send_problem(send: Send, status: int, body: bytes, *extra_headers: tuple[bytes, bytes]) -> None:
    """Send one complete problem+json response that is not cached; `extra_headers` are further headers."""
    headers = [
        (b"content-type", PROBLEM_MEDIA_TYPE),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body)).encode()),
        *extra_headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
