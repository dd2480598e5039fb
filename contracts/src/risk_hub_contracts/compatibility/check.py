"""Comparison of two contracts: everything that a client of the released one could notice."""

from risk_hub_contracts.compatibility.findings import Findings
from risk_hub_contracts.compatibility.operations import operation_faults
from risk_hub_contracts.compatibility.promises import (
    example_faults,
    limit_faults,
    metric_faults,
    problem_faults,
    schema_faults,
)
from risk_hub_contracts.compatibility.release import Contract


def faults(released: Contract, now: Contract) -> Findings:
    """Yield each broken promise of the released contract; `now` must belong to the running code."""
    yield from operation_faults(released.openapi, now.openapi)
    yield from schema_faults(released.schemas, now.schemas)
    yield from schema_faults(released.events, now.events)
    yield from problem_faults(released.problems, now.problems)
    yield from limit_faults(released.limits, now.limits)
    yield from metric_faults(released.metrics, now.metrics)
    yield from example_faults(released.examples)
