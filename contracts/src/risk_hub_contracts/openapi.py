"""The OpenAPI 3.1 description of the API: routes here, every model from pydantic, every problem from the registry."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from risk_hub_contracts import __version__
from risk_hub_contracts import problems as p
from risk_hub_contracts.ids import ACTOR_PATTERN, CORRELATION_ID_PATTERN, ID_PATTERN, STAGE_PATTERN
from risk_hub_contracts.problems import CONTENT_TYPE, PROBLEMS, ProblemError, ProblemType
from risk_hub_contracts.queries import LatestQuery, ListQuery, LookupQuery
from risk_hub_contracts.schemas import DIALECT, ContractSchema, component_schemas

Json = dict[str, Any]

_SNAPSHOTS: Final = "/risk-hub/worlds/{world_id}/snapshots"
_ANYWHERE: Final = (p.NETWORK_DENIED, p.THROTTLED, p.INTERNAL, p.UNAVAILABLE, p.GATEWAY_TIMEOUT)
_TOKEN: Final = (*_ANYWHERE, p.UNAUTHENTICATED)
_READ: Final = (*_TOKEN, p.FORBIDDEN_SCOPE, p.NOT_FOUND, p.CONTRACT_VIOLATION)
_NO_SNAPSHOT: Final = (p.SNAPSHOT_NOT_FOUND, p.WORLD_UNKNOWN, p.SNAPSHOT_EXPIRED)
_ONE_SNAPSHOT: Final = (*_READ, *_NO_SNAPSHOT, p.INVALID_QUERY, p.BLOB_UNAVAILABLE)
_WRITE: Final = (
    *(*_TOKEN, p.FORBIDDEN_SCOPE, p.FORBIDDEN_ACTOR, p.ACTOR_REQUIRED, p.STAGE_INVALID, p.WORLD_MISMATCH),
    *(p.NOT_FOUND, p.BODY_TOO_LARGE, p.UNSUPPORTED_MEDIA_TYPE, p.MALFORMED_JSON, p.NOT_UTF8),
    *(p.DUPLICATE_KEY, p.NON_FINITE_NUMBER, p.TOO_DEEP, p.CONTRACT_VIOLATION, p.HASH_MISMATCH),
    *(p.REF_INVALID, p.VERSION_CONFLICT),
)
_HEADERS: Final[dict[str, str]] = {
    "ETag": "The content hash in double quotes.",
    "Location": "Where the snapshot can be read.",
    "Idempotency-Replayed": "`true`: this content was stored before; nothing changed.",
    "Risk-Hub-Settled": "With `known_at`: `true` once nothing can change the answer any more.",
    "X-Correlation-Id": "The request's id, the client's own where it sent one.",
    "WWW-Authenticate": "The scheme that is asked for.",
    "Retry-After": "Seconds to wait before the same request is sent again.",
}


def openapi_document() -> Json:
    """Return the whole description, JSON-ready; the same on every run."""
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": "Risk Signal Hub",
            "version": __version__,
            "summary": "Portfolio risk snapshots: validated, versioned, announced, evaluated.",
            "description": "Errors are RFC 9457 problems; branch on `type`, show `detail` and `remedy`.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": _paths(),
        "components": {
            "schemas": component_schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "One token per client."},
            },
            "headers": {name: _header(text) for name, text in _HEADERS.items()},
        },
    }


def _paths() -> Json:
    world, version = _path_parameter("world_id", "The world."), _path_parameter("version", "The version.")
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
        f"{_SNAPSHOTS}/{{version}}/risk": {"parameters": [world, version], "get": _risk()},
        "/risk-hub/contract": {
            "get": {
                "operationId": "read_contract",
                "summary": "The contract's version, this deployment's stages, and every limit by name",
                "responses": {"200": _answer("ContractAnswer", "The contract.")} | _problems(_TOKEN),
            },
        },
        "/risk-hub/health": {
            "get": {
                "operationId": "read_health",
                "summary": "Whether the hub is up",
                "security": [],
                "responses": {"200": _answer("HealthAnswer", "It is.")} | _problems(_ANYWHERE),
            },
        },
    }


def _publish() -> Json:
    stored = ("ETag", "Location")
    return {
        "operationId": "publish_snapshot",
        "summary": "Publish a snapshot; sending the same content again is safe and changes nothing",
        "parameters": [
            _header_parameter("X-Actor", ACTOR_PATTERN, "Who publishes.", required=True),
            _header_parameter("X-Stage", STAGE_PATTERN, "The stage, in upper or lower case.", required=True),
            _header_parameter(
                "X-Correlation-Id", CORRELATION_ID_PATTERN, "Passed on to everything that follows."
            ),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref("SnapshotRequest")}},
        },
        "responses": {
            "201": _answer("SnapshotAnswer", "Stored.", *stored),
            "200": _answer(
                "SnapshotAnswer",
                "This content was stored before: its record, unchanged.",
                *stored,
                "Idempotency-Replayed",
            ),
        }
        | _problems(_WRITE),
    }


def _list() -> Json:
    responses = {"200": _answer("SnapshotPage", "One page.", "Risk-Hub-Settled")}
    return {
        "operationId": "list_snapshots",
        "summary": "A world's snapshots, newest first, page by page",
        "parameters": _query_parameters(ListQuery),
        "responses": responses | _problems((*_READ, p.INVALID_QUERY, p.CURSOR_INVALID)),
    }


def _read_one(operation_id: str, summary: str, query: type[BaseModel]) -> Json:
    held = _header_parameter("If-None-Match", None, "The ETag that the client holds.")
    responses = {
        "200": _answer("SnapshotAnswer", "The snapshot.", "ETag", "Risk-Hub-Settled"),
        "304": {
            "description": "The client holds it already.",
            "headers": _headers(("ETag", "X-Correlation-Id")),
        },
    }
    return {
        "operationId": operation_id,
        "summary": summary,
        "parameters": [held, *_query_parameters(query)],
        "responses": responses | _problems(_ONE_SNAPSHOT),
    }


def _risk() -> Json:
    responses = {"200": _answer("RiskReport", "The report.")}
    return {
        "operationId": "read_risk",
        "summary": "The risk numbers of one snapshot",
        "responses": responses | _problems((*_READ, p.SNAPSHOT_NOT_FOUND, p.RISK_NOT_FOUND)),
    }


def _answer(model: str, description: str, *headers: str) -> Json:
    return {
        "description": description,
        "headers": _headers((*headers, "X-Correlation-Id")),
        "content": {"application/json": {"schema": _ref(model)}},
    }


def _problems(types: Sequence[ProblemType]) -> dict[str, Json]:
    """Return one response per status, with an example for each problem type that has it."""
    ordered = [problem for problem in PROBLEMS.values() if problem in types]
    statuses = sorted({problem.status for problem in ordered})
    return {str(status): _problem([x for x in ordered if x.status == status]) for status in statuses}


def _problem(types: Sequence[ProblemType]) -> Json:
    status = types[0].status
    extra = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}.get(status, ())
    examples = {x.slug: {"value": ProblemError(x, f"{x.title}.").to_problem()} for x in types}
    return {
        "description": "; ".join(f"{problem.title} (`{problem.slug}`)" for problem in types) + ".",
        "headers": _headers((*extra, "X-Correlation-Id")),
        "content": {CONTENT_TYPE: {"schema": _ref("ProblemAnswer"), "examples": examples}},
    }


def _query_parameters(query: type[BaseModel]) -> list[Json]:
    properties = query.model_json_schema(by_alias=True, schema_generator=ContractSchema)["properties"]
    return [_query_parameter(name, schema) for name, schema in properties.items()]


def _query_parameter(name: str, schema: Mapping[str, Any]) -> Json:
    """A parameter that may be absent is never null, so what pydantic writes for None is left out."""
    present = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    bare = {key: value for key, value in present[0].items() if key != "description"}
    if schema.get("default") is not None:
        bare["default"] = schema["default"]
    return {"name": name, "in": "query", "description": schema["description"], "schema": bare}


def _path_parameter(name: str, description: str) -> Json:
    schema = {"type": "string", "pattern": ID_PATTERN}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _header_parameter(name: str, pattern: str | None, description: str, *, required: bool = False) -> Json:
    schema = {"type": "string"} | ({"pattern": pattern} if pattern else {})
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}


def _headers(names: Sequence[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header(description: str) -> Json:
    return {"description": description, "schema": {"type": "string"}}


def _ref(model: str) -> Json:
    return {"$ref": f"#/components/schemas/{model}"}
