"""Metrics of the last hours, kept in this process as CloudWatch keeps them."""

import math
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from infra.cdk.alarms.rule import Metric

RETENTION_SECONDS: Final = 4 * 3_600
POINTS_MAX_COUNT: Final = 50_000

Key = tuple[str, str, frozenset[tuple[str, str]]]
Point = tuple[float, float]


class MetricLog:
    """Points by metric, in order of arrival; safe to write from one thread and read from another."""

    def __init__(self) -> None:
        self._points: dict[Key, deque[Point]] = defaultdict(lambda: deque(maxlen=POINTS_MAX_COUNT))
        self._lock = threading.Lock()

    def add(self, namespace: str, entries: Iterable[Mapping[str, Any]]) -> None:
        """Keep entries in the form of PutMetricData, with `Timestamp` as a datetime and `Values`."""
        with self._lock:
            for entry in entries:
                pairs = frozenset((each["Name"], each["Value"]) for each in entry["Dimensions"])
                at = entry["Timestamp"].timestamp()
                points = self._points[(namespace, entry["MetricName"], pairs)]
                points.extend((at, value) for value in entry["Values"])
                while points and points[0][0] < at - RETENTION_SECONDS:
                    points.popleft()

    def statistic(self, metric: Metric, start: float, end: float) -> float | None:
        """Return the statistic over `start` ≤ time < `end` (seconds since 1970), or None without data."""
        key = (metric.namespace, metric.name, frozenset(metric.dimensions.items()))
        with self._lock:
            values = [value for at, value in self._points.get(key, ()) if start <= at < end]
        return _statistic(metric.statistic, sorted(values)) if values else None


def _statistic(name: str, ordered: list[float]) -> float:
    if name.startswith("p"):
        rank = math.ceil(float(name[1:]) / 100 * len(ordered))
        return ordered[max(rank, 1) - 1]
    return {
        "Sum": math.fsum(ordered),
        "Maximum": ordered[-1],
        "Minimum": ordered[0],
        "Average": math.fsum(ordered) / len(ordered),
        "SampleCount": float(len(ordered)),
    }[name]
