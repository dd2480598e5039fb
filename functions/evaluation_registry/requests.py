"""Parts of requests and answers that the routes of this function share."""

from collections.abc import Mapping
from typing import Any

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import Response, json_response
from functions.evaluation.policies.policy_records import Author
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.tokens import Scope

__all__ = ["Path", "author_of", "json_body", "world_of", "written"]

REPLAYED = {"Idempotency-Replayed": "true"}
Path = Mapping[str, str]


def author_of(authenticator: Authenticator, request: Request, scope: Scope) -> Author:
    """Return the author of a write: the subject of a token with the scope."""
    token = authenticator.require_token(request, scope)
    return Author(token.holder, request.correlation_id)


def world_of(path: Path) -> str:
    """Return the world in the path."""
    return check_id(path_value(path["world_id"]), "/world_id")


def json_body(request: Request, too_large_remedy: str) -> bytes:
    """Return the body, which must be declared as JSON."""
    body = request.body(too_large_remedy)
    request.require_json()
    return body


def written(answer: Mapping[str, Any], *, created: bool) -> Response:
    """Return 201 for a new record, and 200 for one that existed."""
    return json_response(201, answer) if created else json_response(200, answer, REPLAYED)
