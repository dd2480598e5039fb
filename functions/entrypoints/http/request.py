"""Request parser for API Gateway's proxy event; every error in the input raises a ProblemError."""

import base64
import binascii
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from functions.entrypoints.http.event import Event, external_prefix, sent_path
from risk_hub_contracts.base.limits import ACTOR_MAX_CHARS, BODY_MAX_BYTES, TOKEN_MAX_BYTES
from risk_hub_contracts.base.problems import (
    ACTOR_REQUIRED,
    BODY_TOO_LARGE,
    INVALID_QUERY,
    MALFORMED_JSON,
    NOT_UTF8,
    STAGE_INVALID,
    UNAUTHENTICATED,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemError,
    Violation,
    summary,
)

# A scheme is compared without regard to case (RFC 9110, 11.1).
BEARER = re.compile(rf"(?i:bearer) +([!-~]{{1,{TOKEN_MAX_BYTES}}})")
CORRELATION_ID = re.compile(r"[A-Za-z0-9._:@+/=-]{1,128}")
TRACE_HEADER = re.compile(r"[A-Za-z0-9=;:.,_-]{1,256}")
ACTOR = re.compile(rf"[!-~](?:[ -~]{{0,{ACTOR_MAX_CHARS - 2}}}[!-~])?")
# Parameters as in RFC 9110, 5.6.6: separated by `;`, which spaces may surround; any of them may be empty.
JSON_MEDIA_TYPE = re.compile(
    r'application/json[ \t]*(?:;[ \t]*(?:charset=(?:utf-8|"utf-8")[ \t]*)?)*', re.IGNORECASE
)
IDENTITY = "identity"
SNAPSHOT_REMEDY = (
    "Upload large components as blobs and send their references; /risk-hub/contract lists the limits."
)


class Request:
    """One proxy event of a REST API, parsed on first use of each part.

    Attributes:
        stages: the accepted values of `stage` and `X-Stage`.
        log_fields: additional fields of the request's log line.
    """

    def __init__(self, event: Event, request_id: str, stages: frozenset[str] = frozenset()) -> None:
        """Take the event, the Lambda invocation's id (fallback correlation id), and the accepted stages."""
        self.event = event
        self.request_id = request_id
        self.stages = stages
        self.log_fields: dict[str, str] = {}

    @property
    def method(self) -> str:
        """Return the HTTP method."""
        return str(self.event.get("httpMethod"))

    @property
    def path(self) -> str:
        """Return the path as the client sent it: with the API's stage or a custom domain's base path."""
        return sent_path(self.event)

    @property
    def prefix(self) -> str:
        """Return the prefix before the hub's own routes in the client's paths."""
        return external_prefix(self.event)

    @cached_property
    def _headers(self) -> Mapping[str, list[str]]:
        """All values of all headers, by the header's name in lower case."""
        found: dict[str, list[str]] = {}
        for name, values in _multi_values(self.event, "multiValueHeaders", "headers").items():
            found.setdefault(name.lower(), []).extend(values or [])
        return found

    def headers(self, name: str) -> list[str]:
        """Return every value of a header; the name's case does not matter."""
        return self._headers.get(name.lower(), [])

    def header(self, name: str) -> str | None:
        """Return a header's value; None when it is absent or was sent more than once."""
        values = self.headers(name)
        return values[0] if len(values) == 1 else None

    @property
    def query(self) -> dict[str, list[str]]:
        """Return every value of every query parameter."""
        given = _multi_values(self.event, "multiValueQueryStringParameters", "queryStringParameters")
        return {key: list(values or [""]) for key, values in given.items()}

    def require_no_query(self) -> None:
        """Refuse every query parameter (`invalid-query`).

        For routes without query parameters: an ignored parameter would look like a filter that was applied.
        """
        text = "this route has no query parameters; remove it"
        violations = [Violation(f"/{name}", text) for name in self.query]
        if violations:
            raise ProblemError(INVALID_QUERY, summary(violations, "The query"), violations)

    @cached_property
    def correlation_id(self) -> str:
        """Return the client's correlation id if it is well formed, else the request's own id."""
        given = self.header("X-Correlation-Id")
        return given if given is not None and CORRELATION_ID.fullmatch(given) else self.request_id

    @property
    def trace_header(self) -> str | None:
        """Return the X-Ray trace header, if the request has a well-formed one."""
        given = self.header("X-Amzn-Trace-Id")
        return given if given is not None and TRACE_HEADER.fullmatch(given) else None

    def bearer_token(self) -> bytes:
        """Return the one bearer token, or refuse the request (`unauthenticated`)."""
        match = BEARER.fullmatch(self.header("Authorization") or "")
        if match is None:
            raise ProblemError(UNAUTHENTICATED, "send exactly one header 'Authorization: Bearer <token>'")
        return match[1].encode()

    def actor(self) -> str:
        """Return X-Actor, or refuse the request (`actor-required`)."""
        actor = (self.header("X-Actor") or "").strip()
        if ACTOR.fullmatch(actor) is None:
            detail = f"send exactly one X-Actor header with 1 to {ACTOR_MAX_CHARS} printable ASCII characters"
            raise ProblemError(ACTOR_REQUIRED, detail)
        return actor

    def stage(self) -> str:
        """Return X-Stage in lower case, or refuse the request (`stage-invalid`)."""
        stage = (self.header("X-Stage") or "").strip().lower()
        if stage not in self.stages:
            repeated = "send exactly one header: " if len(self.headers("X-Stage")) > 1 else ""
            allowed = ", ".join(sorted(self.stages))
            raise ProblemError(STAGE_INVALID, f"{repeated}X-Stage must be one of {allowed}")
        return stage

    def body(self, too_large_remedy: str = SNAPSHOT_REMEDY) -> bytes:
        """Return the body, or refuse one that is too large or not UTF-8 text.

        Args:
            too_large_remedy: the remedy for a body that is too large.
        """
        text = self.event.get("body") or ""
        if len(text) > BODY_MAX_BYTES * 4:
            raise _too_large(len(text), too_large_remedy)
        body = _decode_base64(text) if self.event.get("isBase64Encoded") else _encode_utf8(text)
        if len(body) > BODY_MAX_BYTES:
            raise _too_large(len(body), too_large_remedy)
        return body

    def require_json(self) -> None:
        """Refuse a body that is not declared as plain JSON (`unsupported-media-type`)."""
        if JSON_MEDIA_TYPE.fullmatch(self.header("Content-Type") or "") is None:
            raise ProblemError(UNSUPPORTED_MEDIA_TYPE, "send 'Content-Type: application/json'")
        encodings = {value.strip().lower() for value in self.headers("Content-Encoding")}
        if encodings - {IDENTITY, ""}:
            raise ProblemError(UNSUPPORTED_MEDIA_TYPE, "send the body without Content-Encoding")


def path_value(text: str) -> str:
    """Decode a path value once: `event` passes every path percent-encoded."""
    return unquote(text)


def _multi_values(event: Mapping[str, Any], several: str, one: str) -> Mapping[str, list[str]]:
    """Return the multi-value field, or the single-value field if the gateway sends only that."""
    multi: Mapping[str, list[str]] | None = event.get(several)
    return multi or {key: [value] for key, value in (event.get(one) or {}).items()}


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError(MALFORMED_JSON, "the body is marked as base64 but is not valid base64") from error


def _encode_utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ProblemError(NOT_UTF8, "the body contains a lone surrogate") from error


def _too_large(size_bytes: int, remedy: str) -> ProblemError:
    detail = f"the body has {size_bytes} bytes; at most {BODY_MAX_BYTES} are allowed"
    return ProblemError(BODY_TOO_LARGE, detail, remedy=remedy)
