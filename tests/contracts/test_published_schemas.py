"""Published schemas: every keyword belongs to its dialect, and patterns match alike in every language."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from infra.locked_node import node_path
from risk_hub_contracts.api.schemas import REQUEST_FILES, REQUEST_MODELS, component_schemas, schema_files
from risk_hub_contracts.base.ids import asset_id_violation
from risk_hub_contracts.golden import raw_body
from tests.contracts.published import (
    ROOT,
    Json,
    all_schemas,
    inner_schemas,
    openapi,
    openapi_schemas,
    schema_documents,
    unknown_words,
)

GOLDEN = sorted((ROOT / "contracts" / "examples").glob("*/*.json"))
FORMATS = {"date", "date-time"}
RUN_PATTERNS = """
const {patterns, texts} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(patterns.map(p => texts.map(t => new RegExp(p, 'u').test(t)))));
"""
# Texts at the edges of every pattern; U+FEFF is white space in ECMA-262 but not in Python.
TEXTS = [
    *("A", "AAPL", "a b", " a", "a ", "a\n", "\ta", "a,b", "a:b", "", "é", "e\u0301", "-a", "9", "\u200b"),
    *("\ufeffA", "A\ufeff", "\u00a0A", "\u2003A", "A\u3000", "A\u0085", "a\u0000b", "0" * 64, "0" * 63),
    *(
        "sha256:" + "0" * 64,
        "blake3:" + "f" * 64,
        "09:30",
        "24:00",
        "2026-01-05",
        "2026-1-5",
        "x" * 128,
        "x" * 129,
    ),
    "s3://bucket/risk-blobs/w1/" + "a" * 64,
]


class IntToken:
    """The extension keyword `x-json-token`: Python reads a number written as an RFC 8259 `int` as an int."""

    def __init__(self, _schema: Json, value: object, _path: list[str | int]) -> None:
        assert value == "int"

    def validate(self, instance: object) -> None:
        """Raise for a float."""
        if isinstance(instance, float):
            raise TypeError("is written with a fraction or an exponent")


def hub_validator(schema: Json) -> jsonschema_rs.Validator:
    """Return a validator that knows our extension keyword."""
    return jsonschema_rs.validator_for(schema, validate_formats=True, keywords={"x-json-token": IntToken})


def golden(path: Path) -> tuple[Any, Json]:
    """Return the body of a golden example as a JSON value, and its expected answer."""
    example = json.loads(path.read_text(encoding="utf-8"))
    return json.loads(raw_body(example["request"])), example["expected"]


@pytest.mark.parametrize("name", sorted(schema_documents()))
def test_published_schemas_use_only_json_schema_2020_12_keywords(name: str) -> None:
    assert unknown_words(schema_documents()[name]) == []


def test_api_description_uses_only_openapi_3_1_keywords() -> None:
    assert unknown_words(openapi(), is_openapi=True) == []


@pytest.mark.parametrize("word", ["ge", "le", "nullable", "min_length", "maximumLength"])
def test_unknown_schema_keyword_is_detected_at_any_depth(word: str) -> None:
    schema = {"$defs": {"A": {"type": "object", "properties": {"a": {"items": {word: 1}}}}}}
    assert unknown_words(schema) != []
    parameter = {"name": "limit", "in": "query", "schema": {"type": "integer", word: 1}}
    operation = {"operationId": "a", "parameters": [parameter], "responses": {"204": {"description": "x"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "a", "version": "1"},
        "paths": {"/a": {"get": operation}},
    }
    assert unknown_words(document, is_openapi=True) != []


def test_x_json_token_and_x_unit_are_the_only_extension_keywords() -> None:
    words = {word for _, schema in all_schemas() for word in schema if word.startswith("x-")}
    assert words == {"x-json-token", "x-unit"}


def test_schemas_use_only_date_and_date_time_formats() -> None:
    assert {schema["format"] for _, schema in all_schemas() if "format" in schema} == FORMATS


def test_every_required_member_is_declared() -> None:
    for place, schema in all_schemas():
        assert set(schema.get("required", ())) <= schema.get("properties", {}).keys(), place


def test_every_pattern_means_the_same_in_ecma_262_and_in_python() -> None:
    patterns = sorted({schema["pattern"] for _, schema in all_schemas() if "pattern" in schema})
    requested = json.dumps({"patterns": patterns, "texts": TEXTS})
    done = subprocess.run(
        [node_path(), "-e", RUN_PATTERNS], input=requested, capture_output=True, encoding="utf-8", check=True
    )
    in_python = [[_found(pattern, text) for text in TEXTS] for pattern in patterns]
    assert dict(zip(patterns, json.loads(done.stdout), strict=True)) == dict(
        zip(patterns, in_python, strict=True)
    )


def _found(pattern: str, text: str) -> bool:
    """Search as JSON Schema does; `$` of Python would also match before a final line feed."""
    return re.search(pattern.replace("$", r"\Z"), text) is not None


@pytest.mark.parametrize("text", ["\ufeffA", "A\ufeff", "\u00a0A", "\u2003A", "A\u3000", "A b", " A"])
def test_asset_id_pattern_treats_white_space_like_the_hub(text: str) -> None:
    names = schema_files()["snapshot-request"]["properties"]["weights"]["propertyNames"]
    assert hub_validator(names).is_valid(text) is (asset_id_violation(text) is None)


@pytest.mark.parametrize("name", sorted(set(schema_files()) - REQUEST_FILES))
def test_published_response_schemas_allow_additional_members(name: str) -> None:
    published = schema_files()[name]
    assert [place for place, schema in inner_schemas(published) if _is_closed(schema)] == []
    assert _is_closed(schema_files(closed_answers=True)[name])


@pytest.mark.parametrize("name", sorted(REQUEST_FILES))
def test_published_request_schemas_forbid_additional_members(name: str) -> None:
    assert _is_closed(schema_files()[name])


def test_openapi_components_forbid_additional_members_only_in_requests() -> None:
    published = component_schemas()
    closed = component_schemas(closed_answers=True)
    of_requests = set(_reached(published, REQUEST_MODELS))
    assert {name for name, schema in published.items() if _is_closed(schema)} <= of_requests
    assert {name for name in REQUEST_MODELS if not _is_closed(published[name])} == set()
    opened = {name for name, schema in closed.items() if _is_closed(schema)} - {
        name for name, schema in published.items() if _is_closed(schema)
    }
    assert opened >= {"SnapshotAnswer", "ProblemAnswer", "RiskReport", "WorldsPage", "UploadAnswer"}


def _reached(schemas: Json, names: Any) -> set[str]:
    """Return the names and every name that their schemas refer to."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            inner = inner_schemas(schemas[name])
            pending += [each["$ref"].rpartition("/")[2] for _, each in inner if "$ref" in each]
    return found


def _is_closed(schema: Json) -> bool:
    return schema.get("additionalProperties") is False


def test_request_integers_outside_enums_are_marked_with_x_json_token() -> None:
    for name in sorted(REQUEST_FILES):
        for place, schema in inner_schemas(schema_files()[name]):
            is_integer = schema.get("type") == "integer" and "enum" not in schema
            assert is_integer is (schema.get("x-json-token") == "int"), (name, place)
    of_requests = _reached(openapi()["components"]["schemas"], REQUEST_MODELS)
    for name, schema in openapi()["components"]["schemas"].items():
        marked = [each for _, each in inner_schemas(schema) if "x-json-token" in each]
        assert name in of_requests or not marked, name


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_request_schema_accepts_every_golden_request_that_the_hub_accepts(path: Path) -> None:
    try:
        body, expected = golden(path)
    except ValueError:
        return  # not JSON: no schema describes it
    if "content_hash" in expected:
        assert hub_validator(schema_files()["snapshot-request"]).is_valid(body)


def test_whole_float_is_valid_in_plain_json_schema_but_rejected_by_the_hub() -> None:
    body, expected = golden(ROOT / "contracts" / "examples" / "invalid" / "ttl-whole-float.json")
    schema = schema_files()["snapshot-request"]
    assert jsonschema_rs.validator_for(schema).is_valid(body)
    assert not hub_validator(schema).is_valid(body)
    assert expected["pointers"] == ["/ttl_sec"]


def test_every_openapi_example_matches_its_schema() -> None:
    document = openapi()
    for place, schema, value in _examples(document):
        whole = {**schema, "components": document["components"]}
        assert list(hub_validator(whole).iter_errors(value)) == [], place


def _examples(node: Any, place: str = "") -> Any:
    """Yield every example of a document with the schema next to it."""
    if isinstance(node, dict):
        if "schema" in node and "examples" in node:
            for name, example in node["examples"].items():
                yield f"{place}/{name}", node["schema"], example["value"]
        for key, child in node.items():
            yield from _examples(child, f"{place}/{key}")
    elif isinstance(node, list):
        for number, child in enumerate(node):
            yield from _examples(child, f"{place}/{number}")


def test_openapi_schema_walk_visits_parameters_and_headers() -> None:
    places = [place for place, _ in openapi_schemas()]
    assert "get /risk-hub/worlds limit" in places
    assert "header ETag" in places
