"""Unit of every number of the reports: `x-unit` in the published schemas, and `units` in a risk or stress report.

`unit_table` has the units; a number without a row there fails a test.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, get_args

from pydantic import BaseModel, ConfigDict

from risk_hub_contracts.reports.unit_table import BY_MODEL, BY_NAME

NOT_DESCRIBED: Final = frozenset({"RiskReceipt"})
"""Models left out of `units` of a report: the schema has the units of a receipt."""


def unit_of(model: str, field: str) -> str | None:
    """Return the unit of one number; None for a field without one."""
    return BY_MODEL.get((model, field), BY_NAME.get(field))


def with_units(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Add `x-unit` to the numbers of a model's JSON Schema."""
    for name, each in schema.get("properties", {}).items():
        unit = unit_of(model.__name__, name)
        if unit is not None and is_numeric(each):
            each["x-unit"] = unit


REPORT_MODEL: Final = ConfigDict(frozen=True, extra="forbid", json_schema_extra=with_units)
"""Configuration of every model of a report."""


def is_numeric(schema: Mapping[str, Any]) -> bool:
    """Return whether a property holds a number, a list of numbers, or a map to numbers."""
    if schema.get("type") in {"number", "integer"}:
        return True
    values = schema.get("enum", [schema.get("const")])
    if any(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return True
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), schema.get("items")]
    inner.append(schema.get("additionalProperties"))
    return any(is_numeric(each) for each in inner if isinstance(each, Mapping))


@lru_cache(maxsize=8)
def units_of(model: type[BaseModel]) -> dict[str, str]:
    """Return the unit of each number of a report by the name of its field.

    A name with several units has one entry for each list or object that holds it: `losses/value`.
    """
    found: dict[str, dict[str, str]] = {}
    for section, name, unit in _numbers(model, ""):
        found.setdefault(name, {})[section] = unit
    units: dict[str, str] = {}
    for name, sections in sorted(found.items()):
        if len(set(sections.values())) == 1:
            units[name] = next(iter(sections.values()))
        else:
            units |= {f"{section}/{name}": unit for section, unit in sorted(sections.items())}
    return units


def _numbers(model: type[BaseModel], section: str) -> Iterator[tuple[str, str, str]]:
    """Yield section, name and unit of each number of a model and the models in it."""
    for name, field in model.model_fields.items():
        inner = [each for each in _models(field.annotation) if each.__name__ not in NOT_DESCRIBED]
        for each in inner:
            yield from _numbers(each, name)
        unit = unit_of(model.__name__, name)
        if unit is not None and not inner:
            yield section, name, unit


def _models(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - a type expression
    """Return the models in a type expression."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]
