"""Inputs of an evaluation: the numbers of each strategy, and those that the hub resolves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from risk_hub_contracts.policies.rules.limit_rules import COMPARED_PATHS

__all__ = ["NO_NUMBERS", "Context", "Numbers"]

Numbers = Mapping[str, float]
"""Numbers by the path of their metric; a metric that could not be computed is left out."""
NO_NUMBERS: Final[Numbers] = MappingProxyType({})
SHARPE: Final = COMPARED_PATHS["sharpe_ratio"]


@dataclass(frozen=True, slots=True)
class Context:
    """Numbers that the hub resolves itself.

    Attributes:
        resolved: numbers of a strategy by its id, such as its incremental value at risk; they replace those that
            the caller sent for the same paths.
        benchmark: numbers of the benchmark by path; its `returns.sharpe` gives the uplift of a strategy.
        baselines: numbers of the baseline run of a strategy by its id.
        correlations: correlation of two strategies by the pair of their ids, in either order.
        selected_before: ids of the strategies that are selected at present.
    """

    resolved: Mapping[str, Numbers] = field(default_factory=dict)
    benchmark: Numbers = NO_NUMBERS
    baselines: Mapping[str, Numbers] = field(default_factory=dict)
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)
    selected_before: frozenset[str] = frozenset()

    def correlation(self, one: str, two: str) -> float | None:
        """Return the correlation of two strategies, None if it is unknown."""
        found = self.correlations.get((one, two))
        return self.correlations.get((two, one)) if found is None else found

    def merged(self, strategy: str, sent: Numbers) -> dict[str, float]:
        """Return all numbers of a strategy: sent, resolved by the hub, and derived from both."""
        numbers = {**sent, **self.resolved.get(strategy, NO_NUMBERS)}
        benchmark, sharpe = self.benchmark.get(SHARPE), numbers.get(SHARPE)
        if benchmark is not None:
            numbers.pop("diagnostics.vs_benchmark_sharpe", None)
            if sharpe is not None:
                numbers["diagnostics.vs_benchmark_sharpe"] = sharpe - benchmark
        first = numbers.get("robustness.sharpe_first_half")
        second = numbers.get("robustness.sharpe_second_half")
        if first is not None and second is not None:
            numbers["robustness.half_sharpe_gap"] = abs(first - second)
        return numbers
