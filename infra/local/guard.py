"""Refuse every request that does not come from a program on this machine or is not plain HTTP/1.1.

The emulator answers `Access-Control-Allow-Origin: *` without authentication on every AWS API. Any web page in
a browser could therefore read and change the local stage, directly (Origin) or through a rebound DNS name
(Host).
"""

from http import HTTPStatus
from typing import Final, NamedTuple

from infra.local.asgi import App, Receive, Scope, Send, header_values, send_problem
from infra.local.problem import ABOUT_BLANK, Problem, problem_body, problem_document
from risk_hub_contracts.base.problems import NOT_FOUND

OWN_HOST_NAMES: Final = ("127.0.0.1", "localhost")
BROWSER_HEADERS: Final = (b"origin", b"referer")
UNSUPPORTED_VERSION: Final = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
SERVED_HTTP_VERSIONS: Final = ("1.0", "1.1")
LOCAL_REMEDY: Final = (
    "Call http://127.0.0.1 or http://localhost with a program such as curl, not from a web page."
)
# The type of an ASGI response to a WebSocket request has this prefix.
WEBSOCKET_PREFIX: Final = "websocket."


class Rejection(NamedTuple):
    """A refused request: the status and the problem document of its answer."""

    status: int
    problem: Problem


def rejection_of(scope: Scope) -> Rejection | None:
    """Return how a request is refused, or None if it may pass."""
    if scope["http_version"] not in SERVED_HTTP_VERSIONS:
        return Rejection(UNSUPPORTED_VERSION, _unsupported_version())
    if (reason := foreign_reason(scope)) is not None:
        body = problem_body("network-denied", 403, "Access from this network is denied", reason, LOCAL_REMEDY)
        return Rejection(HTTPStatus.FORBIDDEN, body)
    if scope["type"] == "websocket" or _asks_for_websocket(scope):
        return Rejection(NOT_FOUND.status, _no_websocket())
    return None


def foreign_reason(scope: Scope) -> str | None:
    """Return why a request may not come from a program on this machine, or None if it does."""
    port = scope["server"][1]
    hosts = [host.lower() for host in header_values(scope, b"host")]
    own = [f"{name}:{port}" for name in OWN_HOST_NAMES]
    if len(hosts) != 1 or hosts[0] not in own:
        return f"The request must have exactly one Host header: {' or '.join(own)}."
    for name in BROWSER_HEADERS:
        if header_values(scope, name):
            return f"The request carries {name.decode().title()}: it comes from a web page."
    if any(site != "none" for site in header_values(scope, b"sec-fetch-site")):
        return "The request comes from a web page (Sec-Fetch-Site)."
    return None


def _asks_for_websocket(scope: Scope) -> bool:
    protocols = ",".join(header_values(scope, b"upgrade")).lower().split(",")
    return "websocket" in [protocol.strip() for protocol in protocols]


def _unsupported_version() -> Problem:
    return problem_document(
        ABOUT_BLANK,
        UNSUPPORTED_VERSION,
        UNSUPPORTED_VERSION.phrase,
        "Only HTTP/1.1 and HTTP/1.0 are served here.",
        "Send the request by HTTP/1.1.",
    )


def _no_websocket() -> Problem:
    """Return the `not-found` problem for a WebSocket request: no path accepts WebSockets."""
    return problem_body(
        NOT_FOUND.slug,
        NOT_FOUND.status,
        NOT_FOUND.title,
        "WebSockets are not supported here.",
        "Send a plain HTTP/1.1 request without the header `Upgrade`.",
    )


def with_local_guard(app: App) -> App:
    """Wrap an app so that only plain HTTP/1.1 requests of programs on this machine reach it."""

    async def guarded_app(scope: Scope, receive: Receive, send: Send) -> None:
        rejection = rejection_of(scope) if scope["type"] in {"http", "websocket"} else None
        if rejection is None:
            await app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await receive()
        prefix = WEBSOCKET_PREFIX if scope["type"] == "websocket" else ""
        headers = scope["headers"]
        await send_problem(send, rejection.status, rejection.problem, request_headers=headers, prefix=prefix)

    return guarded_app
