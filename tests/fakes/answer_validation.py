"""Validation of HTTP answers against the operation that the API description declares for their request.

The shared helpers that call a handler validate every answer here, so that no test can forget it. Bodies are
validated against the closed schemas: a member that no schema declares is an error.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import jsonschema_rs
import orjson

from risk_hub_contracts.api.openapi import document as openapi
from risk_hub_contracts.base.problems import CONTENT_TYPE, PROBLEMS, URI_PREFIX

Json = dict[str, Any]

PROBLEM_JSON: Final = CONTENT_TYPE
PROBLEM_MODEL: Final = "ProblemAnswer"
# The answers for a request that matches no operation.
NO_OPERATION: Final = {404: "not-found", 405: "method-not-allowed"}
NO_CONTENT: Final = 204
# Headers that the media type and the transport add to every response; OpenAPI declares the first one by the
# content.
UNDECLARED_HEADERS: Final = frozenset({"content-type", "content-length", "date", "server", "connection"})
# API Gateway's answers where a request does not reach a function: a problem, with these headers at most.
GATEWAY_HEADERS: Final = frozenset({"cache-control", "retry-after"})
CORRELATION_ID: Final = "x-correlation-id"
RETRYABLE: Final = frozenset({429, 503})
VERBS: Final = ("get", "put", "post", "delete", "patch", "options")
SHOWN_VIOLATIONS: Final = 5


class UndeclaredAnswerError(AssertionError):
    """An answer that the API description does not declare."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as a client sees them.

    Attributes:
        method: the request's method.
        path: the request's path, without a query.
        status: the answer's status.
        headers: the answer's headers, their names in lower case.
        body: the answer's body as text.
    """

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: str

    def __str__(self) -> str:
        """Return the exchange as one line."""
        return f"{self.method} {self.path} -> {self.status} {self.headers.get('content-type', '')}"


def validate_proxy_answer(event: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Validate the answer of a handler to a proxy event.

    Raises:
        UndeclaredAnswerError: with every difference between the answer and its declaration.
    """
    listed = answer.get("multiValueHeaders", {})
    repeated = [name for name, values in listed.items() if len(values) != 1]
    if repeated:
        raise UndeclaredAnswerError(f"{event['httpMethod']} {event['path']}: repeated headers {repeated}")
    headers = {name.lower(): str(values[0]) for name, values in listed.items()}
    if CORRELATION_ID not in headers:
        raise UndeclaredAnswerError(f"{event['httpMethod']} {event['path']}: X-Correlation-Id is missing")
    body = answer.get("body") or ""
    validate_exchange(Exchange(event["httpMethod"], event["path"], answer["statusCode"], headers, body))


def validate_exchange(exchange: Exchange) -> None:
    """Validate status, media type, headers and body of one answer.

    Raises:
        UndeclaredAnswerError: with every difference between the answer and its declaration.
    """
    violations = list(_violations(exchange))
    if violations:
        more = (
            [f"... and {len(violations) - SHOWN_VIOLATIONS} more"]
            if len(violations) > SHOWN_VIOLATIONS
            else []
        )
        raise UndeclaredAnswerError("\n  ".join([str(exchange), *violations[:SHOWN_VIOLATIONS], *more]))


def _violations(exchange: Exchange) -> Iterator[str]:
    if CORRELATION_ID not in exchange.headers:
        yield from _gateway_violations(exchange)
        return
    verb = exchange.method.lower() if exchange.method.isupper() else ""
    operation = _operation("get" if verb == "head" else verb, exchange.path.rstrip("/"))
    if operation is None:
        yield from _no_operation_violations(exchange)
        return
    response = operation["responses"].get(str(exchange.status))
    if response is None:
        yield f"the status {exchange.status} is not declared for {operation['operationId']}: {exchange.body[:200]}"
        return
    yield from _header_violations(exchange, response)
    yield from _content_violations(exchange, response, is_head=verb == "head")


def _gateway_violations(exchange: Exchange) -> Iterator[str]:
    """Yield the violations of an answer without a correlation id, which only the gateway may give."""
    slugs = [slug for slug, problem in PROBLEMS.items() if problem.status == exchange.status]
    if not slugs or exchange.headers.get("content-type") != PROBLEM_JSON:
        yield "the header X-Correlation-Id is missing, but this is not a problem document of the gateway"
        return
    for name in exchange.headers.keys() - GATEWAY_HEADERS - UNDECLARED_HEADERS:
        yield f"the gateway sends the header {name}"
    if exchange.method != "HEAD":
        yield from _body_violations(exchange, PROBLEM_MODEL, slugs)


def _options_violations(exchange: Exchange) -> Iterator[str]:
    """Yield the violations of an answer to OPTIONS, which every path has without a declared operation."""
    if "allow" not in exchange.headers:
        yield "the header Allow is missing"
    if exchange.body:
        yield f"a body is sent with 204: {exchange.body[:200]}"


def _no_operation_violations(exchange: Exchange) -> Iterator[str]:
    if exchange.method == "OPTIONS" and exchange.status == NO_CONTENT:
        yield from _options_violations(exchange)
        return
    slug = NO_OPERATION.get(exchange.status)
    if slug is None:
        yield f"no operation takes this request, so its status must be one of {sorted(NO_OPERATION)}"
        return
    if exchange.status == 405 and "allow" not in exchange.headers:
        yield "the header Allow is missing"
    if exchange.method != "HEAD":
        yield from _body_violations(exchange, PROBLEM_MODEL, [slug])


def _header_violations(exchange: Exchange, response: Json) -> Iterator[str]:
    declared = {name.lower(): _resolved(header) for name, header in response.get("headers", {}).items()}
    for name in exchange.headers.keys() - declared.keys() - UNDECLARED_HEADERS:
        yield f"the header {name} is not declared for this status"
    if exchange.status in RETRYABLE and "retry-after" not in exchange.headers:
        yield "the header Retry-After is missing"
    for name, header in declared.items():
        if header.get("required") and name not in exchange.headers:
            yield f"the header {name} is declared as required and missing"


def _content_violations(exchange: Exchange, response: Json, *, is_head: bool) -> Iterator[str]:
    content = response.get("content", {})
    media_type = exchange.headers.get("content-type", "").partition(";")[0]
    if not content or is_head:
        if exchange.body:
            yield f"a body is sent where none is declared: {exchange.body[:200]}"
        return
    if media_type not in content:
        yield f"the media type is {media_type!r}; declared are {sorted(content)}"
        return
    model = content[media_type]["schema"]["$ref"].rpartition("/")[2]
    slugs = content[media_type].get("examples", {}).keys() if media_type == PROBLEM_JSON else ()
    yield from _body_violations(exchange, model, slugs)


def _body_violations(exchange: Exchange, model: str, slugs: Any) -> Iterator[str]:
    try:
        document = orjson.loads(exchange.body)
    except orjson.JSONDecodeError as error:
        yield f"the body is not JSON: {error}"
        return
    for violation in _validator(model).iter_errors(document):
        yield f"/{'/'.join(map(str, violation.instance_path))}: {violation.message[:300]}"
    if slugs:
        yield from _problem_violations(exchange, document, slugs)


def _problem_violations(exchange: Exchange, document: Json, slugs: Any) -> Iterator[str]:
    slug = str(document.get("type")).removeprefix(URI_PREFIX)
    if slug not in slugs:
        yield f"the problem {slug} is not declared for this status; declared are {sorted(slugs)}"
    if document.get("status") != exchange.status:
        yield f"the problem's status is {document.get('status')}, the answer's {exchange.status}"


@cache
def _document() -> Json:
    return openapi.openapi_document(closed_answers=True)


@cache
def _routes() -> list[tuple[re.Pattern[str], Json]]:
    """Return every path as a pattern; paths without parameters come first, as the routers prefer them."""
    paths = sorted(_document()["paths"].items(), key=lambda path: path[0].count("{"))
    return [(re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path))), item) for path, item in paths]


def _operation(verb: str, path: str) -> Json | None:
    for pattern, item in _routes():
        if pattern.fullmatch(path):
            found: Json | None = item.get(verb) if verb in VERBS else None
            return found
    return None


def _resolved(node: Json) -> Json:
    found: Any = node
    while "$ref" in found:
        target: Any = _document()
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        found = target
    return dict(found)


@cache
def _validator(model: str) -> jsonschema_rs.Draft202012Validator:
    """Return the compiled schema of one body; a compiled one validates 20,000 numbers within a millisecond."""
    schemas = _document()["components"]["schemas"]
    schema = {"$ref": f"#/components/schemas/{model}", "components": {"schemas": schemas}}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
