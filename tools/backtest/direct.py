"""The same back-test directly from the table of returns with numpy: the route's expected results."""

from collections.abc import Iterator
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from tools.backtest.history import WINDOW_DAYS, Table

RELATIVE_TOLERANCE = 1e-9


class Pair(NamedTuple):
    """One forecast and the return that followed."""

    date: str
    value_at_risk: float
    realized_return: float


def pairs(table: Table, method: str, confidence_bps: int) -> Iterator[Pair]:
    """Yield the value at risk at each close, and the book's return on the next day."""
    tail = (10_000 - confidence_bps) / 10_000
    for day in table.closes()[:-1]:
        weights = table.weights(day)
        if method == "parametric_normal":
            spread = float(np.sqrt(weights @ table.covariance(day) @ weights))
            forecast = spread * NormalDist().inv_cdf(1 - tail)
        elif method == "historical":
            forecast = -float(np.quantile(table.window(day) @ weights, tail))
        else:
            rank = -(-(10_000 - confidence_bps) * WINDOW_DAYS // 10_000)
            forecast = -float(np.sort(table.window(day) @ weights)[rank - 1])
        yield Pair(table.dates[day], forecast, float(table.returns[day + 1] @ weights))


def differences(table: Table, report: dict[str, Any]) -> list[str]:
    """Return a sentence for each day on which a report differs; empty if it is right."""
    wanted = list(pairs(table, report["method"], report["confidence_bps"]))
    if [day["date"] for day in report["days"]] != [pair.date for pair in wanted]:
        return [f"{len(report['days'])} days were tested, not the {len(wanted)} there are"]
    return [
        f"{pair.date}: {day['value_at_risk']} and {day['realized_return']}, not {pair[1:]}"
        for day, pair in zip(report["days"], wanted, strict=True)
        if not np.allclose(
            (day["value_at_risk"], day["realized_return"]), pair[1:], rtol=RELATIVE_TOLERANCE, atol=1e-15
        )
        or day["exceeded"] != (-pair.realized_return > pair.value_at_risk)
    ]
