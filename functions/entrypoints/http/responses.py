"""Responses: JSON documents and problem documents (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from functions.hub.ports import BlobError, DependencyUnavailableError, DocumentError, WorldFullError
from risk_hub_contracts.base.problems import (
    BLOB_UNAVAILABLE,
    DOCUMENT_UNAVAILABLE,
    INTERNAL,
    TEMPORARY_PROBLEMS,
    UNAUTHENTICATED,
    UNAVAILABLE,
    WORLD_FULL,
    ProblemError,
)

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 1
RETRYABLE_STATUSES = frozenset({429, 503})
# Approximate time from the acceptance of a snapshot until its reports are stored.
EVALUATION_RETRY_AFTER_SECONDS = 2
CACHE_CONTROL = "Cache-Control"
CONTENT_TYPE = "Content-Type"
# A cache must revalidate: a snapshot may expire or be superseded, and a token may be revoked.
REVALIDATE = {CACHE_CONTROL: "no-cache"}
# Not cached: an answer with a signed URL, valid for minutes, and an error, which may be transient.
DO_NOT_STORE = {CACHE_CONTROL: "no-store"}
SETTLED_HEADER = "Risk-Hub-Settled"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer to a request."""

    status: int
    headers: Mapping[str, str]
    body: str = ""


def json_response(
    status: int, document: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON response; caches revalidate it unless `headers` say otherwise."""
    body = orjson.dumps(document).decode()
    return Response(status, {**REVALIDATE, **(headers or {}), CONTENT_TYPE: JSON}, body)


def no_content(headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer without a body (204)."""
    return Response(204, dict(headers or {}))


def not_modified(headers: Mapping[str, str]) -> Response:
    """Return 304 for a client that holds this representation, with the headers that a 200 would have."""
    return Response(304, {**REVALIDATE, **headers})


def settled_header(settled: bool | None) -> dict[str, str]:  # noqa: FBT001 - the value of the header
    """Return the header that states whether an answer about the past can still change; {} for None."""
    return {} if settled is None else {SETTLED_HEADER: str(settled).lower()}


def problem_response(error: ProblemError, instance: str | None) -> Response:
    """Return the problem as its document, with the headers that its status requires."""
    status = error.type.status
    headers = {**DO_NOT_STORE, **settled_header(error.settled), CONTENT_TYPE: PROBLEM_JSON}
    if error.type is UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="risk-hub"'
    if status in RETRYABLE_STATUSES:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if error.type in TEMPORARY_PROBLEMS and error.settled is not True:  # a settled answer never changes
        headers["Retry-After"] = str(EVALUATION_RETRY_AFTER_SECONDS)
    body = orjson.dumps(error.to_problem(instance)).decode()
    return Response(status, headers, body)


def as_problem(error: Exception) -> ProblemError:
    """Return any error as a problem for the client; internal details stay in the log."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, DependencyUnavailableError):
        return ProblemError(UNAVAILABLE, f"{error.dependency} is unavailable; no partial write was made")
    if isinstance(error, WorldFullError):
        return ProblemError(WORLD_FULL, f"{error}; nothing was stored")
    if isinstance(error, BlobError):
        detail = f"{error.ref.ref}: {error.reason}"
        return ProblemError(BLOB_UNAVAILABLE, detail, extra={"ref": error.ref.document()})
    if isinstance(error, DocumentError):
        return ProblemError(DOCUMENT_UNAVAILABLE, str(error), extra={"version": error.version})
    return ProblemError(INTERNAL, "the hub failed; the error was logged under this correlation id")
