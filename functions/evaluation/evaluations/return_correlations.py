"""Correlations of strategies from the returns of a snapshot, computed when a rule asks for a pair."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from math import isnan
from typing import Any

from functions.measures.exact import Vector, fast_dot
from functions.measures.position_change import standardised
from risk_hub_contracts.base.limits import RETURN_MAX_ABS


class ReturnCorrelations(Mapping[tuple[str, str], float]):
    """Pearson correlations by the pair of ids, over the common periods of both series.

    A pair is unknown if a series is absent, has another length, is constant, or if fewer than 20 periods are common.
    A pair is a product of standardised series: 1,000 strategies with 1,000 periods have 500,000 pairs, but a rule
    asks only for those among the strategies that it keeps.
    """

    def __init__(self, series: Mapping[str, Vector]) -> None:
        """Take the series (T,) by id; NaN is a missing observation."""
        self._series = series
        self._gaps = frozenset(name for name, values in series.items() if any(map(isnan, values)))
        self._units: dict[str, Vector | None] = {}

    def get(self, key: tuple[str, str], default: Any = None) -> Any:  # noqa: ANN401 - as Mapping
        """Return the correlation of a pair, or the default if it is unknown."""
        found = self._correlation(*key)
        return default if found is None else found

    def __getitem__(self, key: tuple[str, str]) -> float:
        """Return the correlation of a pair.

        Raises:
            KeyError: it is unknown.
        """
        found = self._correlation(*key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield the known pairs."""
        return (
            pair for pair in combinations(sorted(self._series), 2) if self._correlation(*pair) is not None
        )

    def __len__(self) -> int:
        """Return the number of known pairs."""
        return sum(1 for _ in self)

    def _correlation(self, one: str, two: str) -> float | None:
        first, second = self._series.get(one), self._series.get(two)
        if first is None or second is None or len(first) != len(second):
            return None
        if one in self._gaps or two in self._gaps:
            pairs = [pair for pair in zip(first, second, strict=True) if not any(map(isnan, pair))]
            return _product(_unit([pair[0] for pair in pairs]), _unit([pair[1] for pair in pairs]))
        return _product(self._unit_of(one), self._unit_of(two))

    def _unit_of(self, name: str) -> Vector | None:
        if name not in self._units:
            self._units[name] = _unit(self._series[name])
        return self._units[name]


def _unit(series: Vector) -> list[float] | None:
    """Return the standardised series; None if it is too short, constant, or beyond the range of returns."""
    if not all(abs(value) <= RETURN_MAX_ABS for value in series):
        return None
    return standardised(series)


def _product(first: Vector | None, second: Vector | None) -> float | None:
    """Return the product of two standardised series, within -1 and 1 in spite of rounding."""
    if first is None or second is None:
        return None
    return min(max(fast_dot(first, second), -1.0), 1.0)
