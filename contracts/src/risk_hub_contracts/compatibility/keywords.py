"""Meaning of each JSON Schema (2020-12) keyword in a comparison; keywords not listed cannot be judged."""

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

# Keywords without effect on which documents are valid.
ANNOTATIONS: Final = frozenset(
    {
        "$defs",
        "$id",
        "$schema",
        "default",
        "deprecated",
        "description",
        "discriminator",
        "examples",
        "title",
        "x-unit",
    }
)
MIN_KEYWORDS: Final = ("minLength", "minItems", "minProperties")
MAX_KEYWORDS: Final = ("maxLength", "maxItems", "maxProperties")
# Compared for equality: whether one pattern admits everything that another admits is not decidable here.
EXACT_KEYWORDS: Final = ("pattern", "format", "multipleOf", "uniqueItems", "prefixItems", "contentEncoding")
ALTERNATIVES: Final = ("anyOf", "oneOf")
KNOWN_KEYWORDS: Final = frozenset(
    {
        *MIN_KEYWORDS,
        *MAX_KEYWORDS,
        *EXACT_KEYWORDS,
        *ALTERNATIVES,
        *("$ref", "type", "enum", "const"),
        *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"),
        *("properties", "required", "additionalProperties", "patternProperties", "propertyNames", "items"),
    }
)
TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")
# The types that a keyword applies to: it does not restrict other types.
APPLICABLE_TYPES: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(
        ("minLength", "maxLength", "pattern", "format", "contentEncoding"), frozenset({"string"})
    ),
    **dict.fromkeys(("minItems", "maxItems", "uniqueItems", "items", "prefixItems"), frozenset({"array"})),
    **dict.fromkeys(("minProperties", "maxProperties", "propertyNames"), frozenset({"object"})),
    "multipleOf": frozenset({"integer", "number"}),
}


def values_of(schema: Schema) -> list[Any] | None:
    """Return the only values that a schema allows; None where it names none."""
    if "const" in schema:
        return [schema["const"]]
    return list(schema["enum"]) if "enum" in schema else None


def types_of(schema: Schema) -> frozenset[str]:
    """Return the types that a schema allows; `number` includes `integer`."""
    named, values = schema.get("type", TYPES), values_of(schema)
    types = {named} if isinstance(named, str) else set(named)
    if values is not None:
        types = {type_of(value) for value in values}
    return frozenset(types | {"integer"} if "number" in types else types)


def type_of(value: object) -> str:
    """Return the JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    names = {
        str: "string",
        int: "integer",
        float: "number",
        dict: "object",
        list: "array",
        type(None): "null",
    }
    return names[type(value)]


def lower_bound(schema: Schema) -> tuple[float, bool]:
    """Return the smallest allowed number, and whether the bound is exclusive."""
    return max(
        (float(schema.get("minimum", "-inf")), False), (float(schema.get("exclusiveMinimum", "-inf")), True)
    )


def upper_bound(schema: Schema) -> tuple[float, bool]:
    """Return the greatest allowed number, and whether the bound is inclusive."""
    return min(
        (float(schema.get("maximum", "inf")), True), (float(schema.get("exclusiveMaximum", "inf")), False)
    )
