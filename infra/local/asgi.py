"""ASGI helpers of the front server and the AWS server."""

from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from infra.local.problem import Headers, Problem, problem_headers

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


async def send_problem(
    send: Send,
    status: int,
    problem: Problem,
    *extra_headers: tuple[bytes, bytes],
    request_headers: Headers = (),
    prefix: str = "",
) -> None:
    """Send one complete problem+json response that is not cached.

    Args:
        send: the application's `send`.
        status: HTTP status of the response.
        problem: the problem document.
        extra_headers: further headers.
        request_headers: headers of the request, whose correlation id the response returns.
        prefix: prefix of the ASGI message types, for a response to another request than HTTP.
    """
    headers = [*problem_headers(problem, request_headers), *extra_headers]
    await send({"type": f"{prefix}http.response.start", "status": status, "headers": headers})
    await send({"type": f"{prefix}http.response.body", "body": problem.body})
