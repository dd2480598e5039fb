"""The gateway's own errors as the problem documents of the contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_apigateway as apigateway

from risk_hub_contracts.base.problems import CONTENT_TYPE, PROBLEMS, ProblemError

if TYPE_CHECKING:
    from risk_hub_contracts.base.problems import ProblemType

RETRY_AFTER_SECONDS: Final = 1
_RETRYABLE_STATUSES: Final = frozenset({429, 503, 504})

# No method requires IAM, a Cognito user or an API key, so the gateway's errors for a missing token or a bad
# signature always mean an unknown path, with or without an Authorization header. A known path accepts every
# method that the gateway accepts: the function answers 405.
SLUG_OF: Final[dict[str, str]] = {
    "DEFAULT_4XX": "not-found",
    "MISSING_AUTHENTICATION_TOKEN": "not-found",
    "INVALID_SIGNATURE": "not-found",
    "EXPIRED_TOKEN": "not-found",
    "RESOURCE_NOT_FOUND": "not-found",
    "UNAUTHORIZED": "unauthenticated",
    "INVALID_API_KEY": "unauthenticated",
    "ACCESS_DENIED": "network-denied",
    "WAF_FILTERED": "network-denied",
    "BAD_REQUEST_BODY": "malformed-json",
    "BAD_REQUEST_PARAMETERS": "invalid-query",
    "REQUEST_TOO_LARGE": "body-too-large",
    "UNSUPPORTED_MEDIA_TYPE": "unsupported-media-type",
    "THROTTLED": "throttled",
    "QUOTA_EXCEEDED": "throttled",
    "DEFAULT_5XX": "internal",
    "API_CONFIGURATION_ERROR": "internal",
    "AUTHORIZER_CONFIGURATION_ERROR": "internal",
    "AUTHORIZER_FAILURE": "internal",
    "INTEGRATION_FAILURE": "unavailable",
    "INTEGRATION_TIMEOUT": "gateway-timeout",
}

_DETAIL_OF: Final[dict[str, str]] = {
    "not-found": "The hub has no route with this path.",
    "unauthenticated": "The gateway found no valid credentials.",
    "network-denied": "The caller's address is outside the networks of this stage, or the web ACL refused the request.",
    "malformed-json": "The gateway could not read the body.",
    "invalid-query": "The gateway could not read the parameters.",
    "body-too-large": "The body exceeds the gateway's limit of 10 MB.",
    "unsupported-media-type": "The gateway does not support this content type.",
    "throttled": "This stage accepts no more requests at the moment.",
    "internal": "The gateway or the function behind it failed.",
    "unavailable": "The function behind the gateway could not be reached.",
    "gateway-timeout": "The function behind the gateway did not answer in time.",
}


def add_gateway_responses(api: apigateway.RestApi) -> None:
    """Define every response type of the gateway; types that AWS adds later use the two defaults."""
    for response_type, slug in SLUG_OF.items():
        problem = PROBLEMS[slug]
        api.add_gateway_response(
            _construct_id(response_type),
            type=apigateway.ResponseType.of(response_type),
            status_code=str(problem.status),
            response_headers=_headers(problem),
            # The gateway uses this template for every Accept header; the Content-Type header states
            # the actual type.
            templates={"application/json": _document(problem)},
        )


def _headers(problem: ProblemType) -> dict[str, str]:
    headers = {"Content-Type": f"'{CONTENT_TYPE}'", "Cache-Control": "'no-store'"}
    if problem.status in _RETRYABLE_STATUSES:
        headers["Retry-After"] = f"'{RETRY_AFTER_SECONDS}'"
    return headers


def _document(problem: ProblemType) -> str:
    """Return the document that a function would answer; the gateway inserts only the request id."""
    error = ProblemError(problem, _DETAIL_OF[problem.slug])
    return json.dumps(error.to_problem("urn:risk-hub:request:$context.requestId"))


def _construct_id(response_type: str) -> str:
    return "".join(word.capitalize() for word in response_type.split("_"))
