"""The handlers as a WSGI application, which schemathesis calls in this process."""

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

from tests.fakes.gateway import proxy_event
from tests.fakes.hub import Hub

StartResponse = Callable[[str, list[tuple[str, str]]], object]


def wsgi_app(hub: Hub) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """Return the handlers of a hub as one application."""
    gateway = hub.gateway()

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        event = _event(environ)
        answer = gateway.handler_for(event)(event, SimpleNamespace(aws_request_id="generated"))
        listed = [(name, value) for name, values in answer["multiValueHeaders"].items() for value in values]
        start_response(f"{answer['statusCode']} -", listed)
        return [(answer.get("body") or "").encode()]

    return app


def _event(environ: dict[str, Any]) -> dict[str, Any]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    headers = [
        (name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_")
    ]
    if environ.get("CONTENT_TYPE"):
        headers.append(("Content-Type", environ["CONTENT_TYPE"]))
    path = environ["REQUEST_URI"].partition("?")[0]
    url = f"{path}?{environ.get('QUERY_STRING', '')}"
    return proxy_event(environ["REQUEST_METHOD"], url, headers, body or None)
