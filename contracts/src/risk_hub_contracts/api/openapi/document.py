"""The OpenAPI 3.1 description: routes from here, models from pydantic, problems from the registry."""

from typing import Final

from pydantic import BaseModel

from risk_hub_contracts import __version__
from risk_hub_contracts.api.openapi.blobs import blob_paths
from risk_hub_contracts.api.openapi.builders import (
    Json,
    answer,
    header_components,
    header_parameter,
    header_refs,
    model_ref,
    path_parameter,
    problems,
    query_parameters,
)
from risk_hub_contracts.api.openapi.examples import add_examples
from risk_hub_contracts.api.openapi.links import add_links
from risk_hub_contracts.api.openapi.reports import report_paths
from risk_hub_contracts.api.openapi.worlds import world_paths
from risk_hub_contracts.api.queries import LatestQuery, ListQuery, LookupQuery
from risk_hub_contracts.api.schemas import DIALECT, component_schemas
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.base.ids import ACTOR_PATTERN, CORRELATION_ID_PATTERN, STAGE_PATTERN

_CORRELATION_ID: Final = (
    "Recorded with everything that the request causes. A value that does not match "
    f"`{CORRELATION_ID_PATTERN}` is replaced by the request's own id."
)
_SNAPSHOTS: Final = "/risk-hub/worlds/{world_id}/snapshots"
_ANYWHERE: Final = (p.NETWORK_DENIED, p.THROTTLED, p.INTERNAL, p.UNAVAILABLE, p.GATEWAY_TIMEOUT)
_TOKEN: Final = (*_ANYWHERE, p.UNAUTHENTICATED)
_READ: Final = (*_TOKEN, p.FORBIDDEN_SCOPE, p.NOT_FOUND, p.CONTRACT_VIOLATION)
_NO_SNAPSHOT: Final = (p.SNAPSHOT_NOT_FOUND, p.WORLD_UNKNOWN, p.SNAPSHOT_EXPIRED)
_ONE_SNAPSHOT: Final = (*_READ, *_NO_SNAPSHOT, p.INVALID_QUERY, p.BLOB_UNAVAILABLE, p.DOCUMENT_UNAVAILABLE)
_WRITE: Final = (
    *(*_TOKEN, p.FORBIDDEN_SCOPE, p.FORBIDDEN_ACTOR, p.ACTOR_REQUIRED, p.STAGE_INVALID, p.WORLD_MISMATCH),
    *(p.NOT_FOUND, p.BODY_TOO_LARGE, p.UNSUPPORTED_MEDIA_TYPE, p.MALFORMED_JSON, p.NOT_UTF8),
    *(p.DUPLICATE_KEY, p.NON_FINITE_NUMBER, p.TOO_DEEP, p.CONTRACT_VIOLATION, p.HASH_MISMATCH),
    *(p.REF_INVALID, p.BLOB_MALFORMED, p.VERSION_CONFLICT, p.DOCUMENT_UNAVAILABLE),
)


def openapi_document(*, closed_answers: bool = False) -> Json:
    """Return the whole description, JSON-ready; the same on every run.

    Args:
        closed_answers: forbid members that an answer does not declare; for tests of the hub's output.
    """
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": "Risk Signal Hub",
            "version": __version__,
            "summary": "Portfolio risk snapshots: validated, versioned, announced, evaluated.",
            "description": "Errors are RFC 9457 problems; branch on `type`, show `detail` and `remedy`. Every path with a "
            "GET also answers HEAD, without a body. OPTIONS is 204 with `Allow`, any other method 405 with `Allow`.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": add_links(add_examples(_paths())),
        "components": {
            "schemas": component_schemas(closed_answers=closed_answers),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "One token per client."},
            },
            "headers": header_components(),
        },
    }


def _paths() -> Json:
    world = path_parameter("world_id", "The world.")
    return {
        _SNAPSHOTS: {"parameters": [world], "post": _publish(), "get": _list()},
        f"{_SNAPSHOTS}/latest": {
            "parameters": [world],
            "get": _read_one("latest_snapshot", "The newest unexpired snapshot that matches", LatestQuery),
        },
        f"{_SNAPSHOTS}/lookup": {
            "parameters": [world],
            "get": _read_one("lookup_snapshot", "One snapshot, by version or by instant", LookupQuery),
        },
        **report_paths(world, _READ, _NO_SNAPSHOT),
        **blob_paths(world, _READ),
        **world_paths(),
        "/risk-hub/contract": {
            "get": {
                "operationId": "read_contract",
                "summary": "The contract's version, this deployment's stages, and every limit by name",
                "responses": {"200": answer("ContractAnswer", "The contract.")} | problems(_TOKEN),
            },
        },
        "/risk-hub/health": {
            "get": {
                "operationId": "read_health",
                "summary": "Whether the hub is up",
                "security": [],
                "responses": {"200": answer("HealthAnswer", "The hub is up.")} | problems(_ANYWHERE),
            },
        },
    }


def _publish() -> Json:
    stored = ("ETag", "Location")
    return {
        "operationId": "publish_snapshot",
        "summary": "Publish a snapshot; sending the same content again is safe and changes nothing",
        "parameters": [
            header_parameter("X-Actor", ACTOR_PATTERN, "The producer that publishes.", required=True),
            header_parameter("X-Stage", STAGE_PATTERN, "The stage, in upper or lower case.", required=True),
            header_parameter("X-Correlation-Id", None, _CORRELATION_ID),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": model_ref("SnapshotRequest")}},
        },
        "responses": {
            "201": answer("SnapshotAnswer", "Stored.", *stored),
            "200": answer(
                "SnapshotAnswer",
                "This content was already stored: the stored record, unchanged.",
                *stored,
                "Idempotency-Replayed",
            ),
        }
        | problems(_WRITE),
    }


def _list() -> Json:
    responses = {"200": answer("SnapshotPage", "One page.", "Risk-Hub-Settled")}
    return {
        "operationId": "list_snapshots",
        "summary": "A world's snapshots in pages, newest first",
        "parameters": query_parameters(ListQuery),
        "responses": responses
        | problems((*_READ, p.INVALID_QUERY, p.CURSOR_INVALID, p.DOCUMENT_UNAVAILABLE)),
    }


def _read_one(operation_id: str, summary: str, query: type[BaseModel]) -> Json:
    if_none_match = header_parameter("If-None-Match", None, "The ETag of the answer that the client has.")
    responses = {
        "200": answer("SnapshotAnswer", "The snapshot.", "ETag", "Risk-Hub-Settled"),
        "304": {
            "description": "The client already has this answer.",
            "headers": header_refs(("ETag", "Risk-Hub-Settled", "Cache-Control", "X-Correlation-Id")),
        },
    }
    return {
        "operationId": operation_id,
        "summary": summary,
        "parameters": [if_none_match, *query_parameters(query)],
        "responses": responses | problems(_ONE_SNAPSHOT),
    }
