"""The two sides of the wire in JSON Schema: requests are closed and exact, answers and events are open.

A release may add members to answers and events (ADR-0033), so their published schemas allow members that they do not
name. A request with an unknown member is refused, so request schemas stay closed.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Json = dict[str, Any]

INTEGER_TOKEN: Final[Mapping[str, str]] = {"x-json-token": "int"}
"""Marks an integer of a request: JSON Schema counts 900.0 as an integer, the hub takes the RFC 8259 `int` token alone.

An integer of an enumeration (`window`) is compared by its value, as JSON Schema does, and has no mark.
"""
INTEGER_NOTE: Final = "Written without fraction or exponent: 900, not 900.0 or 9e2."
# Written without nulls, and everything else is always there, whatever the model's defaults are.
COMPLETE_WITHOUT_NULLS: Final = frozenset(
    {
        *("Expectation", "QuietHours"),
        *("ExitPolicy", "MeasureLimit", "StressLimit", "DrawdownLimit", "StalenessLimit", "ExitList"),
    }
)
_MAPS: Final = ("properties", "patternProperties", "$defs", "dependentSchemas")
_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE: Final = ("items", "additionalProperties", "propertyNames", "not", "if", "then", "else", "contains")


def as_request(schema: Json) -> Json:
    """Return a schema of a request: its integers are marked with the notation that the hub takes."""
    return _mapped(schema, _with_integer_token)


def as_answer(schema: Json, *, closed: bool = False) -> Json:
    """Return a schema of an answer or event.

    Args:
        schema: as pydantic makes it, closed.
        closed: whether members that are not declared stay forbidden; for tests of what the hub itself writes.
    """
    return schema if closed else _mapped(schema, _opened)


def without_nulls(schema: Json) -> Json:
    """Return a definition of an object that is written whole, but for members that have no value."""
    members = {name: _not_null(member) for name, member in schema["properties"].items()}
    required = [name for name, member in schema["properties"].items() if not _may_be_null(member)]
    return {**schema, "properties": members, "required": required}


def merged(requests: Mapping[str, Json], answers: Mapping[str, Json], prefix: str) -> Json:
    """Return the definitions of both sides; a name with two meanings is `<name>InAnswer` on the answers' side.

    Args:
        requests: the definitions of requests, by name.
        answers: the definitions of answers, by name.
        prefix: what references to a definition begin with.
    """
    renamed = {f"{prefix}{name}": f"{prefix}{name}InAnswer" for name in _ambiguous(requests, answers, prefix)}

    def refer(schema: Json) -> Json:
        reference = schema.get("$ref")
        return schema if reference not in renamed else {**schema, "$ref": renamed[reference]}

    moved = {
        renamed.get(f"{prefix}{name}", f"{prefix}{name}").removeprefix(prefix): _mapped(schema, refer)
        for name, schema in answers.items()
    }
    return {**requests, **moved}


def _ambiguous(requests: Mapping[str, Json], answers: Mapping[str, Json], prefix: str) -> set[str]:
    """Return the names that both sides have with other contents, or with references to such names."""
    shared = requests.keys() & answers.keys()
    found = {name for name in shared if requests[name] != answers[name]}
    while more := {name for name in shared - found if found & set(_references(answers[name], prefix))}:
        found |= more
    return found


def _references(schema: Json, prefix: str) -> Iterator[str]:
    if "$ref" in schema:
        yield schema["$ref"].removeprefix(prefix)
    for child in _children(schema):
        yield from _references(child, prefix)


def _children(schema: Json) -> Iterator[Json]:
    """Yield every schema directly inside a schema, true and false left out."""
    found = [schema[name] for name in _SINGLE if name in schema]
    found += [each for name in _LISTS for each in schema.get(name, ())]
    found += [each for name in _MAPS for each in schema.get(name, {}).values()]
    yield from (each for each in found if isinstance(each, dict))


def _mapped(schema: Json, change: Callable[[Json], Json]) -> Json:
    """Return a schema with a change made to it and to every schema inside it."""

    def inside(value: Any) -> Any:  # noqa: ANN401 - true, false or a schema
        return _mapped(value, change) if isinstance(value, dict) else value

    result = dict(schema)
    for name in result.keys() & set(_SINGLE):
        result[name] = inside(result[name])
    for name in result.keys() & set(_LISTS):
        result[name] = [inside(each) for each in result[name]]
    for name in result.keys() & set(_MAPS):
        result[name] = {key: inside(each) for key, each in result[name].items()}
    return change(result)


def _opened(schema: Json) -> Json:
    if schema.get("additionalProperties") is not False:
        return schema
    return {name: value for name, value in schema.items() if name != "additionalProperties"}


def _with_integer_token(schema: Json) -> Json:
    if schema.get("type") != "integer" or "enum" in schema:
        return schema
    described = " ".join(filter(None, (schema.get("description"), INTEGER_NOTE)))
    return {**schema, "description": described, **INTEGER_TOKEN}


def _may_be_null(schema: Json) -> bool:
    return {"type": "null"} in schema.get("anyOf", ())


def _not_null(schema: Json) -> Json:
    if not _may_be_null(schema):
        return schema
    left = [each for each in schema["anyOf"] if each != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    return {**rest, **left[0]} if len(left) == 1 else {**rest, "anyOf": left}
