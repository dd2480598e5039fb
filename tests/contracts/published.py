"""The published JSON Schemas and the API description, and a validator of all their dialects' keywords."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
from schemathesis.specs.openapi.definitions import OPENAPI_31

Json = dict[str, Any]

ROOT: Final = Path(__file__).parents[2]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
# JSON Schema ignores unknown keywords. Here a keyword may only be an extension, as OpenAPI 3.1 names them.
STRICT: Final[Json] = {
    "$schema": DIALECT,
    "$id": "urn:tests:strict-schema",
    "$dynamicAnchor": "meta",
    "$ref": DIALECT,
    "patternProperties": {"^x-": True},
    "unevaluatedProperties": False,
}
# The schema of OpenAPI documents refers to that of the schemas inside them by the dynamic anchor `meta`.
STRICT_OPENAPI: Final[Json] = {
    "$schema": DIALECT,
    "$id": "urn:tests:strict-openapi",
    "$ref": OPENAPI_31["$id"],
    "$defs": {"strict": {key: value for key, value in STRICT.items() if key not in {"$schema", "$id"}}},
}
_MAPS: Final = ("properties", "patternProperties", "$defs", "dependentSchemas")
_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE: Final = ("items", "additionalProperties", "propertyNames", "not", "if", "then", "else", "contains")


def schema_documents() -> dict[str, Json]:
    """Return every committed schema file of requests, answers and events, by its path."""
    folders = (ROOT / "contracts" / "schemas", ROOT / "events" / "schemas")
    return {
        path.relative_to(ROOT).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted(folder.glob("*.json"))
    }


@cache
def openapi() -> Json:
    """Return the committed API description."""
    document: Json = json.loads((ROOT / "contracts" / "openapi.json").read_text(encoding="utf-8"))
    return document


@cache
def strict(schema_id: str) -> jsonschema_rs.Validator:
    """Return the validator for schema files, or for OpenAPI documents."""
    registry = jsonschema_rs.Registry(
        [("urn:tests:strict-schema", STRICT), (str(OPENAPI_31["$id"]), OPENAPI_31)]
    )
    schema = STRICT if schema_id == STRICT["$id"] else STRICT_OPENAPI
    return jsonschema_rs.Draft202012Validator(schema, registry=registry, validate_formats=True)


def unknown_words(document: Json, *, is_openapi: bool = False) -> list[str]:
    """Return the violations of a document under the strict reading of its dialect."""
    chosen = STRICT_OPENAPI if is_openapi else STRICT
    found = strict(str(chosen["$id"])).iter_errors(document)
    return [f"/{'/'.join(map(str, each.instance_path))}: {each.message[:200]}" for each in found]


def openapi_schemas() -> Iterator[tuple[str, Json]]:
    """Yield every schema of the API description with its place: components, parameters, headers."""
    document = openapi()
    for name, schema in document["components"]["schemas"].items():
        yield f"schema {name}", schema
    for name, header in document["components"]["headers"].items():
        yield f"header {name}", header["schema"]
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            parameters = operation if verb == "parameters" else operation.get("parameters", ())
            for parameter in parameters:
                yield f"{verb} {path} {parameter['name']}", parameter["schema"]


def inner_schemas(schema: Any, place: str = "") -> Iterator[tuple[str, Json]]:
    """Yield a schema and every schema inside it, each with its place."""
    if not isinstance(schema, dict):
        return
    yield place, schema
    for name in schema.keys() & set(_SINGLE):
        yield from inner_schemas(schema[name], f"{place}/{name}")
    for name in schema.keys() & set(_LISTS):
        for number, each in enumerate(schema[name]):
            yield from inner_schemas(each, f"{place}/{name}/{number}")
    for name in schema.keys() & set(_MAPS):
        for key, each in schema[name].items():
            yield from inner_schemas(each, f"{place}/{name}/{key}")


def all_schemas() -> Iterator[tuple[str, Json]]:
    """Yield every schema that is published, at any depth, with its place."""
    for name, document in schema_documents().items():
        yield from inner_schemas(document, name)
    for name, schema in openapi_schemas():
        yield from inner_schemas(schema, f"openapi.json {name}")
