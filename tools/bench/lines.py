"""Rows of the table, and time measurement."""

import time
from collections.abc import Callable
from typing import NamedTuple


class Line(NamedTuple):
    """One row of the table: name, measured value, floor of the same run, budget, verdict, and reason."""

    what: str
    measured: str
    floor: str
    budget: str
    within_budget: bool
    reason: str = "the reason is not known yet"


def best_ms(work: Callable[[], object], rounds: int = 30) -> float:
    """Return the shortest time of several rounds, in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1000
