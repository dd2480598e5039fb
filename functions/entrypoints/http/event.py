"""API Gateway's proxy events in one form, and the path prefix before the hub's own routes.

A REST API sends payload 1.0, whose path is percent-encoded as the client sent it. An HTTP API sends payload
2.0, whose path is decoded except for `%25`. Both are read as payload 1.0 with an encoded path, so one
decoding is right for both.
An HTTP API joins repeated headers with commas. Of the headers that a request may send only once, only X-Actor
may contain a comma. Its commas are read as separators: two actors are refused, as they are behind a REST API.
Only fields that API Gateway sets itself are read here: no client header can change a path.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

from risk_hub_contracts.api.routes import ROOT

Event = dict[str, Any]
HTTP_API_VERSION = "2.0"
# RFC 3986: characters allowed in a path without an escape.
PATH_SAFE = "/-._~!$&'()*+,;=:@"
ACTOR_HEADER = "x-actor"


def is_http_api(event: Mapping[str, Any]) -> bool:
    """Return whether the event is from an HTTP API (payload 2.0)."""
    return event.get("version") == HTTP_API_VERSION


def rest_event(event: Event) -> Event:
    """Return the event as payload 1.0; return an event in payload 1.0 unchanged."""
    if not is_http_api(event):
        return event
    context = event["requestContext"]
    path = quote(event["rawPath"].replace("%25", "%"), safe=PATH_SAFE)
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True):
        query.setdefault(name, []).append(value)
    return {
        "resource": event.get("routeKey", "").partition(" ")[2],
        "path": path,
        "httpMethod": context["http"]["method"],
        "multiValueHeaders": {
            name: _sent_values(name, value) for name, value in (event.get("headers") or {}).items()
        },
        "multiValueQueryStringParameters": query,
        "requestContext": {**context, "path": path},
        "body": event.get("body"),
        "isBase64Encoded": event.get("isBase64Encoded", False),
    }


def _sent_values(name: str, value: str) -> list[str]:
    return value.split(",") if name.lower() == ACTOR_HEADER else [value]


def http_api_answer(answer: Event) -> Event:
    """Return an answer in the form that an HTTP API reads: one value for each header."""
    headers = {name: ", ".join(values) for name, values in answer["multiValueHeaders"].items()}
    return {**answer, "headers": headers, "multiValueHeaders": {}}


def route_path(event: Event) -> str:
    """Return the path below the API's stage or a custom domain's base path, for matching with the routes.

    The result has as many segments as the resource that API Gateway matched, whatever prefix was sent.
    """
    path, resource = str(event.get("path") or ""), str(event.get("resource") or "")
    segments = resource.rstrip("/").split("/")
    if resource.startswith(ROOT) and not segments[-1].endswith("+}"):
        return "/".join(["", *path.rstrip("/").split("/")[1 - len(segments) :]])
    start = path.find(f"{ROOT}/")
    return path[start:] if start > 0 else path


def sent_path(event: Event) -> str:
    """Return the path that the client sent, percent-encoded.

    Behind the default endpoint `requestContext.path` includes the API's stage, which `path` lacks. The local
    emulator sets no domain name and always adds the stage, which its clients do not send.
    """
    context, path = event.get("requestContext") or {}, str(event.get("path") or "")
    return str(context.get("path") or path) if "domainName" in context else path


def external_prefix(event: Event) -> str:
    """Return the clients' path prefix before `/risk-hub`: API stage, custom domain's base path, or empty."""
    sent, route = sent_path(event).rstrip("/"), route_path(event).rstrip("/")
    return sent[: -len(route)] if route and sent.endswith(route) else ""
