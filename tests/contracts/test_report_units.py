"""Every number of every report has a unit, in its schema (C14)."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import risk_hub_contracts.reports
from risk_hub_contracts.reports.unit_table import BY_MODEL, BY_NAME
from risk_hub_contracts.reports.units import is_numeric, units_of

ROOT = Path(__file__).parents[2]


def models() -> Iterator[type[BaseModel]]:
    for found in pkgutil.iter_modules(risk_hub_contracts.reports.__path__):
        module = importlib.import_module(f"risk_hub_contracts.reports.{found.name}")
        for each in vars(module).values():
            if isinstance(each, type) and issubclass(each, BaseModel) and each.__module__ == module.__name__:
                yield each


def without_unit(schema: dict[str, Any]) -> list[str]:
    return [
        name
        for name, each in schema.get("properties", {}).items()
        if is_numeric(each) and "x-unit" not in each
    ]


@pytest.mark.parametrize("model", list(models()), ids=lambda model: model.__name__)
def test_every_number_of_a_report_model_has_a_unit(model: type[BaseModel]) -> None:
    assert without_unit(model.model_json_schema()) == []


@pytest.mark.parametrize(
    "file", ["risk-report.json", "stress-report.json", "backtest-report.json", "exit-signal.json"]
)
def test_every_number_of_a_published_report_schema_has_a_unit(file: str) -> None:
    schema = json.loads((ROOT / "contracts" / "schemas" / file).read_text(encoding="utf-8"))
    for name, each in {"": schema, **schema.get("$defs", {})}.items():
        assert (name, without_unit(each)) == (name, [])


def test_every_row_of_the_units_belongs_to_a_field() -> None:
    numbers = {
        (model.__name__, name)
        for model in models()
        for name, each in model.model_json_schema().get("properties", {}).items()
        if is_numeric(each)
    }
    assert set(BY_NAME) <= {name for _, name in numbers}
    assert set(BY_MODEL) <= numbers


def test_name_with_several_units_is_named_with_its_section() -> None:
    class Inner(BaseModel):
        value: float

    class StressMetric(BaseModel):
        value: float

    class Report(BaseModel):
        losses: list[Inner]
        metrics: list[StressMetric] | None
        observations: int

    assert units_of(Report) == {
        "losses/value": "fraction_of_portfolio_value",
        "metrics/value": "chosen_by_the_producer",
        "observations": "count",
    }
