"""Responses: JSON documents and problem documents (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from functions.hub.ports import BlobError, UnavailableError
from risk_hub_contracts.problems import (
    BLOB_UNAVAILABLE,
    INTERNAL,
    UNAUTHENTICATED,
    UNAVAILABLE,
    ProblemError,
)

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 1
RETRYABLE_STATUSES = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back to a client."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_event(self, more_headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the answer as API Gateway takes it from a proxy integration, with headers that each answer has."""
        headers = {**self.headers, **more_headers}
        return {
            "statusCode": self.status,
            "body": self.body,
            "isBase64Encoded": False,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
        }


def json_response(
    status: int, document: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON response."""
    return Response(status, orjson.dumps(document).decode(), {"Content-Type": JSON, **(headers or {})})


def not_modified(etag: str) -> Response:
    """Return the answer to a client that holds the current state already."""
    return Response(304, headers={"ETag": etag})


def problem_response(error: ProblemError, instance: str | None) -> Response:
    """Return the problem as its document, with the headers that its status calls for."""
    status = error.type.status
    headers = {"Content-Type": PROBLEM_JSON}
    if error.type is UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="risk-hub"'
    if status in RETRYABLE_STATUSES:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return Response(status, orjson.dumps(error.to_problem(instance)).decode(), headers)


def as_problem(error: Exception) -> ProblemError:
    """Return any error as a problem for the client; what went wrong inside stays in the log."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, UnavailableError):
        return ProblemError(UNAVAILABLE, f"{error.dependency} did not answer; nothing was half written")
    if isinstance(error, BlobError):
        detail = f"{error.ref.ref}: {error.reason}"
        return ProblemError(BLOB_UNAVAILABLE, detail, extra={"ref": error.ref.document()})
    return ProblemError(
        INTERNAL, "the hub failed to answer; the failure was logged under this correlation id"
    )
