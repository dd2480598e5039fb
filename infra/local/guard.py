"""Refuse every request that does not come from a program on this machine.

The emulator answers `Access-Control-Allow-Origin: *` without authentication on every AWS API. Any web page in
a browser could therefore read and change the local stage, directly (Origin) or through a rebound DNS name
(Host).
"""

from typing import Final

from infra.local.asgi import App, Receive, Scope, Send, header_values, send_problem
from infra.local.problem import problem_body

OWN_HOST_NAMES: Final = ("127.0.0.1", "localhost")
BROWSER_HEADERS: Final = (b"origin", b"referer")
SERVED_HTTP_VERSIONS: Final = ("1.0", "1.1")


def rejection_reason(scope: Scope) -> str | None:
    """Return why this request is refused, or None if it may pass."""
    port = scope["server"][1]
    hosts = [host.lower() for host in header_values(scope, b"host")]
    if scope["http_version"] not in SERVED_HTTP_VERSIONS:
        return "The local stage supports only HTTP/1.1."
    own = [f"{name}:{port}" for name in OWN_HOST_NAMES]
    if len(hosts) != 1 or hosts[0] not in own:
        return f"The request must have exactly one Host header: {' or '.join(own)}."
    for name in BROWSER_HEADERS:
        if header_values(scope, name):
            return f"The request carries {name.decode().title()}: it comes from a web page."
    if any(name.lower() == "websocket" for name in header_values(scope, b"upgrade")):
        return "The local stage does not support WebSockets."
    if any(site != "none" for site in header_values(scope, b"sec-fetch-site")):
        return "The request comes from a web page (Sec-Fetch-Site)."
    return None


def with_local_guard(app: App) -> App:
    """Wrap an app so that only programs on this machine reach it; all WebSockets are refused."""

    async def guarded_app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http" and (reason := rejection_reason(scope)) is not None:
            await send_problem(send, 403, _rejection_problem(reason))
        else:
            await app(scope, receive, send)

    return guarded_app


def _rejection_problem(reason: str) -> bytes:
    remedy = "Call http://127.0.0.1 or http://localhost with a program such as curl, not from a web page."
    return problem_body("network-denied", 403, "Access from this network is denied", reason, remedy)
