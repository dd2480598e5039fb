"""Metrics as EMF log lines, under exactly the dimensions that the contract's table declares and no others."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson

from risk_hub_contracts.base.metrics import Metric

Values = Sequence[tuple[Metric, float]]
NAMESPACE = "POWERTOOLS_METRICS_NAMESPACE"
# CloudWatch's limit of values of one metric in a line.
MAX_VALUES = 100
NANOSECONDS_PER_MS = 1_000_000


def write(values: Values, *dimension_sets: Mapping[str, str]) -> None:
    """Write values under every given set of dimensions: one line, or more for a metric with very many values.

    Raises:
        ValueError: a metric is not declared under one of the sets, so no alarm could watch it.
    """
    for metric, _ in values:
        _require_declared(metric, dimension_sets)
    found: dict[Metric, list[float]] = {}
    for metric, value in values:
        found.setdefault(metric, []).append(value)
    while found:
        print(_line({metric: taken[:MAX_VALUES] for metric, taken in found.items()}, dimension_sets))  # noqa: T201
        found = {metric: left for metric, taken in found.items() if (left := taken[MAX_VALUES:])}


def _line(values: Mapping[Metric, list[float]], dimension_sets: Sequence[Mapping[str, str]]) -> str:
    """Return the Embedded Metric Format's document (CloudWatch Logs user guide, its specification)."""
    directive = {
        "Namespace": os.environ[NAMESPACE],
        "Dimensions": [list(dimensions) for dimensions in dimension_sets],
        "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric in values],
    }
    document: dict[str, Any] = {
        "_aws": {"Timestamp": time.time_ns() // NANOSECONDS_PER_MS, "CloudWatchMetrics": [directive]}
    }
    for dimensions in dimension_sets:
        document |= dimensions
    document |= {metric.name: taken for metric, taken in values.items()}
    return orjson.dumps(document).decode()


def _require_declared(metric: Metric, dimension_sets: Sequence[Mapping[str, str]]) -> None:
    for dimensions in dimension_sets:
        if tuple(dimensions) not in metric.dimensions:
            raise ValueError(f"{metric.name} is not declared with the dimensions {', '.join(dimensions)}")


class MeteredWorlds(Protocol):
    """The worlds with their own metrics: a bounded set, so that callers cannot create unlimited metrics."""

    def __call__(self, world_id: str, stage: str) -> bool:
        """Return whether this world and stage has its own metrics; never raise."""


def no_metered_worlds(world_id: str, stage: str) -> bool:  # noqa: ARG001 - see MeteredWorlds
    """Return False: no world has its own metrics."""
    return False
