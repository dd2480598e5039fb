"""The operations of the world registry."""

from typing import Final

from risk_hub_contracts.api.openapi.builders import (
    Json,
    answer,
    header_refs,
    model_ref,
    path_parameter,
    problems,
    query_parameters,
)
from risk_hub_contracts.api.world_queries import StageQuery, WorldsQuery
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.base.problems import ProblemType

_READ: Final = (
    *(p.NETWORK_DENIED, p.THROTTLED, p.INTERNAL, p.UNAVAILABLE, p.GATEWAY_TIMEOUT, p.UNAUTHENTICATED),
    *(p.FORBIDDEN_SCOPE, p.INVALID_QUERY, p.NOT_FOUND),
)
_ONE_WORLD: Final = (*_READ, p.CONTRACT_VIOLATION)
_PUT: Final = (
    *(*_ONE_WORLD, p.BODY_TOO_LARGE, p.UNSUPPORTED_MEDIA_TYPE, p.MALFORMED_JSON, p.NOT_UTF8, p.DUPLICATE_KEY),
    *(p.NON_FINITE_NUMBER, p.TOO_DEEP, p.REGISTRATION_INVALID),
)


def world_paths() -> Json:
    """Return the registry's paths."""
    shared = {
        "parameters": [path_parameter("world_id", "The world."), *query_parameters(StageQuery)],
    }
    return {
        "/risk-hub/worlds": {"get": _list()},
        "/risk-hub/worlds/{world_id}/expectations": {
            **shared,
            "put": _put(
                "expect_world", "Register a world, with the allowed lag of its snapshots", "Expectation"
            ),
            "get": _get(
                "read_expectation", "The expectation for a world", "ExpectationAnswer", p.NOTHING_EXPECTED
            ),
            "delete": _delete("forget_world", "Remove the expectation for a world; its snapshots are kept"),
        },
        "/risk-hub/worlds/{world_id}/exit-policy": {
            **shared,
            "put": _put("put_exit_policy", "Set the policy of a world's exit signals", "ExitPolicy"),
            "get": _get(
                "read_exit_policy", "The exit policy in force, stored or default", "ExitPolicyAnswer"
            ),
            "delete": _delete("drop_exit_policy", "Restore the default exit policy"),
        },
    }


def _list() -> Json:
    return {
        "operationId": "list_worlds",
        "summary": "The freshness of every known world: fresh, late, stale or missing",
        "parameters": query_parameters(WorldsQuery),
        "responses": {"200": answer("WorldsPage", "One page.")} | problems((*_READ, p.CURSOR_INVALID)),
    }


def _put(operation_id: str, summary: str, model: str) -> Json:
    return {
        "operationId": operation_id,
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": model_ref(model)}}},
        "responses": {
            "201": answer(f"{model}Answer", "Created."),
            "200": answer(f"{model}Answer", "The previous one was replaced."),
        }
        | problems(_PUT),
    }


def _get(operation_id: str, summary: str, model: str, *absent: ProblemType) -> Json:
    responses = {"200": answer(model, "The one in force.")}
    return {
        "operationId": operation_id,
        "summary": summary,
        "responses": responses | problems((*_ONE_WORLD, *absent)),
    }


def _delete(operation_id: str, summary: str) -> Json:
    gone = {"description": "Nothing is stored any longer.", "headers": header_refs(("X-Correlation-Id",))}
    return {
        "operationId": operation_id,
        "summary": summary,
        "responses": {"204": gone} | problems(_ONE_WORLD),
    }
