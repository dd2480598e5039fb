"""Elements of a dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.cdk.alarms.rule import Metric

if TYPE_CHECKING:
    from infra.names import FunctionFolder

__all__ = ["Graph", "Line", "LogTable", "Metric", "Panel", "WorldGraph"]


@dataclass(frozen=True, slots=True)
class Line:
    """One metric over time."""

    label: str
    metric: Metric


@dataclass(frozen=True, slots=True)
class Graph:
    """Several metrics over time, in one unit."""

    title: str
    unit: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class WorldGraph:
    """One metric over time for each world that currently has it."""

    title: str
    unit: str
    namespace: str
    metric: str
    statistic: str = "Maximum"


@dataclass(frozen=True, slots=True)
class LogTable:
    """Fields of a function's log lines, newest first; lines without the first field are left out."""

    title: str
    function: FunctionFolder
    fields: tuple[str, ...]
    only_outcome: str | None = None

    @property
    def query(self) -> str:
        """Return the CloudWatch Logs Insights query."""
        first = self.fields[0]
        wanted = f' and outcome = "{self.only_outcome}"' if self.only_outcome else ""
        fields = ", ".join(self.fields)
        return f"fields @timestamp, {fields} | filter ispresent({first}){wanted} | sort @timestamp desc | limit 50"


Panel = Graph | WorldGraph | LogTable
