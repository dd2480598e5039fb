"""The tables of metrics and problems are complete."""

import pytest

from risk_hub_contracts.base import metrics, problems
from risk_hub_contracts.base.metrics import METRICS, Metric
from risk_hub_contracts.base.problems import PROBLEMS, ProblemType


@pytest.mark.parametrize(
    ("module", "kind", "table"), [(metrics, Metric, METRICS), (problems, ProblemType, PROBLEMS)]
)
def test_table_lists_every_declaration_of_its_module_in_order(
    module: object, kind: type, table: dict[str, object]
) -> None:
    declared = [value for value in vars(module).values() if isinstance(value, kind)]
    assert list(table.values()) == declared
    assert len(table) == len(declared)
