"""Building blocks of OpenAPI operations: answers, problems, parameters, references."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from risk_hub_contracts.api.schemas import ContractSchema
from risk_hub_contracts.base.ids import ID_PATTERN
from risk_hub_contracts.base.problems import (
    CONTENT_TYPE,
    PROBLEMS,
    SNAPSHOT_EXPIRED,
    TEMPORARY_PROBLEMS,
    ProblemError,
    ProblemType,
)

Json = dict[str, Any]

_HEADERS: Final[dict[str, str]] = {
    "Cache-Control": "`no-cache`: revalidate before each use; `no-store` on errors and on answers with signed URLs.",
    "ETag": "The content hash in double quotes; with a suffix where `expired` is true or references are expanded.",
    "Location": "The path of the snapshot.",
    "Idempotency-Replayed": "`true`: this content was stored before; nothing changed.",
    "Risk-Hub-Settled": "With `known_at`: `true` if the answer can no longer change.",
    "Risk-Hub-Evaluated-As": "`current`; or `history` for a past snapshot evaluated on request: it causes no exit signal.",
    "X-Correlation-Id": "The request's id: the one that the client sent, otherwise a new one.",
    "WWW-Authenticate": "The required authentication scheme.",
    "Retry-After": "Seconds to wait before the same request is sent again.",
}
# Headers that every response sends if it declares them. The other headers are missing from the gateway's own
# errors (correlation id, caching rule) or belong to only one problem of a status (Retry-After).
_REQUIRED_HEADERS: Final = frozenset(_HEADERS) - {
    "Cache-Control",
    "Retry-After",
    "Risk-Hub-Settled",
    "X-Correlation-Id",
}


def header_components() -> Json:
    """Return every response header by its name."""
    return {
        name: _header(text) | ({"required": True} if name in _REQUIRED_HEADERS else {})
        for name, text in _HEADERS.items()
    }


def answer(model: str, description: str, *headers: str) -> Json:
    """Return the Response Object of a JSON body of this model, with these headers."""
    return {
        "description": description,
        "headers": header_refs((*headers, "Cache-Control", "X-Correlation-Id")),
        "content": {"application/json": {"schema": model_ref(model)}},
    }


def problems(types: Sequence[ProblemType]) -> dict[str, Json]:
    """Return one response per status, with an example of each problem type of that status."""
    ordered = [problem for problem in PROBLEMS.values() if problem in types]
    statuses = sorted({problem.status for problem in ordered})
    return {str(status): _problem([x for x in ordered if x.status == status]) for status in statuses}


def _problem(types: Sequence[ProblemType]) -> Json:
    status = types[0].status
    retry = dict.fromkeys((429, 503, 504), ("Retry-After",))
    extra = {401: ("WWW-Authenticate",), **retry}.get(status, ())
    passing = (
        {"Retry-After": _header(_HEADERS["Retry-After"])} if set(types) & set(TEMPORARY_PROBLEMS) else {}
    )
    settled = ("Risk-Hub-Settled",) if SNAPSHOT_EXPIRED in types else ()
    examples = {x.slug: {"value": ProblemError(x, f"{x.title}.").to_problem()} for x in types}
    return {
        "description": "; ".join(f"{problem.title} (`{problem.slug}`)" for problem in types) + ".",
        "headers": header_refs((*extra, *settled, "Cache-Control", "X-Correlation-Id")) | passing,
        "content": {CONTENT_TYPE: {"schema": model_ref("ProblemAnswer"), "examples": examples}},
    }


def query_parameters(query: type[BaseModel]) -> list[Json]:
    """Return one parameter for each field of a query model."""
    model = query.model_json_schema(by_alias=True, schema_generator=ContractSchema)
    required = model.get("required", ())
    return [
        _query_parameter(name, schema) | ({"required": True} if name in required else {})
        for name, schema in model["properties"].items()
    ]


def _query_parameter(name: str, schema: Mapping[str, Any]) -> Json:
    """Return a query parameter; omit the null type, because an absent parameter is never sent as null."""
    present = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    bare = {key: value for key, value in present[0].items() if key != "description"}
    if schema.get("default") is not None:
        bare["default"] = schema["default"]
    return {"name": name, "in": "query", "description": schema["description"], "schema": bare}


def path_parameter(name: str, description: str, pattern: str = ID_PATTERN) -> Json:
    """Return a path parameter, by default an id."""
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def header_parameter(name: str, pattern: str | None, description: str, *, required: bool = False) -> Json:
    """Return the parameter of a request header."""
    schema = {"type": "string"} | ({"pattern": pattern} if pattern else {})
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}


def header_refs(names: Sequence[str]) -> Json:
    """Return references to response headers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header(description: str) -> Json:
    return {"description": description, "schema": {"type": "string"}}


def model_ref(model: str) -> Json:
    """Return the reference to a model."""
    return {"$ref": f"#/components/schemas/{model}"}
