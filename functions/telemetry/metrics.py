"""Metrics as EMF log lines, under exactly the dimensions that the contract's table declares and no others."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import orjson

from risk_hub_contracts.base.metrics import Metric

Values = Sequence[tuple[Metric, float]]
NAMESPACE = "POWERTOOLS_METRICS_NAMESPACE"
# CloudWatch's limit on the number of values of one metric in a line.
MAX_VALUES = 100
NANOSECONDS_PER_MS = 1_000_000
Document = dict[str, Any]


class JoinedLines:
    """Collect metric documents, and print compatible ones as one line."""

    def __init__(self) -> None:
        self._directives: list[Document] = []
        self._members: Document = {}
        self._metrics: set[str] = set()

    def add(self, directive: Document, members: Document) -> None:
        """Add a document; print the others first if one has the same metric, or another value of a dimension."""
        metrics = {metric["Name"] for metric in directive["Metrics"]}
        differs = any(self._members.get(name, value) != value for name, value in members.items())
        if differs or metrics & self._metrics:
            self.flush()
        self._directives.append(directive)
        self._members |= members
        self._metrics |= metrics

    def flush(self) -> None:
        """Print what was collected."""
        if self._directives:
            _print_line(self._directives, self._members)
        self._directives, self._members, self._metrics = [], {}, set()


_joined: JoinedLines | None = None


@contextmanager
def joined() -> Iterator[JoinedLines]:
    """Join the lines that the block writes, and print the last of them when it ends, also by an error."""
    global _joined  # noqa: PLW0603 - metrics are written from many places, and an invocation has one thread
    lines = _joined = JoinedLines()
    try:
        yield lines
    finally:
        _joined = None
        lines.flush()


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
        _write({metric: taken[:MAX_VALUES] for metric, taken in found.items()}, dimension_sets)
        found = {metric: left for metric, taken in found.items() if (left := taken[MAX_VALUES:])}


def _write(values: Mapping[Metric, list[float]], dimension_sets: Sequence[Mapping[str, str]]) -> None:
    """Write one document of the Embedded Metric Format (CloudWatch Logs user guide, its specification)."""
    directive = {
        "Namespace": os.environ[NAMESPACE],
        "Dimensions": [list(dimensions) for dimensions in dimension_sets],
        "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric in values],
    }
    members: Document = {}
    for dimensions in dimension_sets:
        members |= dimensions
    members |= {metric.name: taken for metric, taken in values.items()}
    if _joined is None:
        _print_line([directive], members)
    else:
        _joined.add(directive, members)


def _print_line(directives: Sequence[Document], members: Document) -> None:
    envelope = {"Timestamp": time.time_ns() // NANOSECONDS_PER_MS, "CloudWatchMetrics": directives}
    print(orjson.dumps({"_aws": envelope, **members}).decode())  # noqa: T201


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
