"""The API reference: every route and every schema of contracts/openapi.json, as two pages."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

Json = Mapping[str, Any]

METHODS: Final = ("get", "put", "post", "patch", "delete")
SCHEMA_PREFIX: Final = "#/components/schemas/"
# The keywords of JSON Schema that a row shows, in this order.
BOUNDS: Final = (
    "const",
    "enum",
    "format",
    "pattern",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "default",
)


def write_api_reference(description: Path, folder: Path) -> None:
    """Write `routes.md` and `schemas.md`."""
    document = json.loads(description.read_text(encoding="utf-8"))
    folder.mkdir(parents=True)
    (folder / "routes.md").write_text("\n".join(_routes(document)), encoding="utf-8")
    (folder / "schemas.md").write_text("\n".join(_schemas(document)), encoding="utf-8")


def _routes(document: Json) -> Iterator[str]:
    yield "# API: routes\n"
    yield f"{document['info'].get('description', '')}\n"
    yield "Generated from [`contracts/openapi.json`](../contracts/openapi.json). "
    yield "Examples with curl: [API guide](../docs/guides/api.md).\n"
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield from _operation(method, path, item, item[method])


def _operation(method: str, path: str, item: Json, operation: Json) -> Iterator[str]:
    yield f"## `{method.upper()} {path}`\n"
    yield f"{operation['summary']}. Operation `{operation['operationId']}`.\n"
    if "description" in operation:
        yield f"{operation['description']}\n"
    parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
    if parameters:
        yield from _table(("parameter", "in", "required", "value", "meaning"), map(_parameter, parameters))
    if "requestBody" in operation:
        yield f"Body: {_contents(operation['requestBody'])}\n"
    answers = operation["responses"].items()
    yield from _table(
        ("status", "answer", "body"),
        ((status, answer.get("description", ""), _contents(answer)) for status, answer in answers),
    )


def _parameter(parameter: Json) -> Sequence[str]:
    required = "yes" if parameter.get("required") else "no"
    return (
        f"`{parameter['name']}`",
        parameter["in"],
        required,
        _value(parameter.get("schema", {})),
        parameter.get("description", ""),
    )


def _contents(holder: Json) -> str:
    """Return the media types of a body with their schemas."""
    return ", ".join(
        f"`{media}`: {_value(content.get('schema', {}))}"
        for media, content in holder.get("content", {}).items()
    )


def _schemas(document: Json) -> Iterator[str]:
    yield "# API: schemas\n"
    yield "Generated from [`contracts/openapi.json`](../contracts/openapi.json). [Routes](routes.md).\n"
    for name, schema in document["components"]["schemas"].items():
        yield f"## {name}\n"
        yield f"{schema.get('description', '')}\n"
        if "properties" in schema:
            required = schema.get("required", ())
            yield from _table(
                ("member", "required", "value", "meaning"),
                (
                    (f"`{member}`", "yes" if member in required else "no", _value(each), _meaning(each))
                    for member, each in schema["properties"].items()
                ),
            )
        else:
            yield f"{_value(schema)}\n"


def _meaning(schema: Json) -> str:
    return str(schema.get("description", "")) if "$ref" not in schema else ""


def _value(schema: Json) -> str:
    """Return the type and the bounds of a value in words."""
    if "$ref" in schema:
        return _reference(schema["$ref"])
    for keyword, joint in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if keyword in schema:
            return joint.join(_value(each) for each in schema[keyword])
    kind = schema.get("type", "any")
    named = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in schema:
        named += f" of {_value(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        named += f" with values {_value(schema['additionalProperties'])}"
    bounds = [f"{name} `{json.dumps(schema[name], ensure_ascii=False)}`" for name in BOUNDS if name in schema]
    return ", ".join([named, *bounds])


def _reference(reference: str) -> str:
    name = reference.removeprefix(SCHEMA_PREFIX)
    return f"[{name}](schemas.md#{name.lower()})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table, and an empty line after it."""
    yield _row(head)
    yield _row(["---"] * len(head))
    for row in rows:
        yield _row([cell.replace("|", "\\|").replace("\n", " ") for cell in row])
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
