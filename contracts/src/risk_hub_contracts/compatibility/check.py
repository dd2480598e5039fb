"""Comparison of two contracts: everything that a client of the released one could notice."""

from risk_hub_contracts.compatibility.findings import Findings
from risk_hub_contracts.compatibility.operations import operation_findings
from risk_hub_contracts.compatibility.promises import (
    example_findings,
    limit_findings,
    metric_findings,
    problem_findings,
    schema_findings,
)
from risk_hub_contracts.compatibility.release import Contract


def contract_findings(released: Contract, now: Contract) -> Findings:
    """Yield each broken promise of the released contract; `now` must belong to the running code."""
    yield from operation_findings(released.openapi, now.openapi)
    yield from schema_findings(released.schemas, now.schemas)
    yield from schema_findings(released.events, now.events)
    yield from problem_findings(released.problems, now.problems)
    yield from limit_findings(released.limits, now.limits)
    yield from metric_findings(released.metrics, now.metrics)
    yield from example_findings(released.examples)
