"""Stress losses of one book: `-sum(w_i * shock_i)` per scenario, and the producer's own numbers.

Losses are positive fractions of portfolio value. Sums are exact (`math.fsum`), so order does not matter.
"""

from collections.abc import Collection, Mapping, Sequence
from math import fsum
from typing import Any, TypeVar

from risk_hub_contracts.base.limits import LIMITED_LOSS_RETURN_RATIO
from risk_hub_contracts.reports.stress import StressLoss, StressMetric

SHOCKS = "shocks"
DEFAULT = "default"
# Bytes of JSON text that losses and metrics may take in an event's entry; the rest of a report is small.
SHOWN_MAX_BYTES = 180_000

Row = TypeVar("Row", StressLoss, StressMetric)
Weights = Mapping[str, float]
Scenarios = Mapping[str, Mapping[str, Any]]


def stress_losses(
    scenarios: Scenarios, weights: Weights, unlimited_loss: Collection[str] = ()
) -> list[StressLoss]:
    """Return one loss per scenario, in the order of their names; see `stress_loss`."""
    return [stress_loss(name, scenarios[name], weights, unlimited_loss) for name in sorted(scenarios)]


def stress_loss(
    name: str, scenario: Mapping[str, Any], weights: Weights, unlimited_loss: Collection[str] = ()
) -> StressLoss:
    """Return the loss under one scenario.

    An id without a shock takes the scenario's `default`. Without a default the id is not covered, and the
    loss of the whole book is unknown. A shock below -1 covers only an id whose loss can exceed its value. An
    id of weight zero needs no shock.

    Args:
        name: name of the scenario.
        scenario: shocks and metrics of the scenario.
        weights: weights of the book, by asset id.
        unlimited_loss: ids whose loss can exceed their value.
    """
    if SHOCKS not in scenario:
        return _no_loss(name, weights)
    shocks, default = scenario[SHOCKS], scenario.get(DEFAULT)
    shocked = {asset: shocks.get(asset, default) for asset, weight in weights.items() if weight}
    covered = {
        asset: shock
        for asset, shock in shocked.items()
        if shock is not None and not is_impossible(asset, shock, unlimited_loss)
    }
    loss = -fsum(weights[asset] * shock for asset, shock in covered.items()) + 0.0
    complete = len(covered) == len(shocked)
    return StressLoss(
        scenario=name,
        value=loss if complete else None,
        covered_value=loss if covered or complete else None,
        coverage=1.0 if complete else gross_share(weights, covered),
        uncovered_count=len(shocked) - len(covered),
        reason=None if complete else "shocks_do_not_cover_weights",
    )


def is_impossible(asset: str, shock: float | None, unlimited_loss: Collection[str]) -> bool:
    """Return whether a shock takes more than the whole value of an asset of limited loss."""
    return shock is not None and shock < LIMITED_LOSS_RETURN_RATIO and asset not in unlimited_loss


def gross_share(weights: Weights, ids: Mapping[str, float]) -> float:
    """Return the share of the gross weight held in `ids`, 0 to 1; 1 for a book without positions."""
    gross = fsum(map(abs, weights.values()))
    if not gross:
        return 1.0
    return min(1.0, fsum(abs(weights[asset]) for asset in ids) / gross)


def stress_metrics(scenarios: Scenarios) -> list[StressMetric]:
    """Return the producer's own numbers, in the order of scenario and metric.

    In a scenario with `shocks`, `default` is a shock; in one without, it is an ordinary metric.
    """
    return [
        StressMetric(
            name=f"stress.{scenario}.{metric}", scenario=scenario, metric=metric, value=values[metric]
        )
        for scenario, values in sorted(scenarios.items())
        for metric in sorted(set(values) - ({SHOCKS, DEFAULT} if SHOCKS in values else set()))
    ]


def worst_that_fit(
    losses: Sequence[StressLoss], metrics: Sequence[StressMetric]
) -> tuple[list[StressLoss], list[StressMetric]]:
    """Return the losses and metrics that fit in one event, in the order given; losses have priority.

    The worst losses are kept: an omitted loss is never worse than one that is shown.
    """
    shown, room_bytes = _first_that_fit(sorted(losses, key=_worst_first), SHOWN_MAX_BYTES)
    return sorted(shown, key=lambda loss: loss.scenario), _first_that_fit(metrics, room_bytes)[0]


def _first_that_fit(rows: Sequence[Row], room_bytes: int) -> tuple[list[Row], int]:
    """Return the leading rows that fit, and the remaining space in bytes: 0 once a row was omitted."""
    shown: list[Row] = []
    for row in rows:
        row_bytes = len(row.model_dump_json().encode()) + 1
        if row_bytes > room_bytes:
            return shown, 0
        room_bytes -= row_bytes
        shown.append(row)
    return shown, room_bytes


def _worst_first(loss: StressLoss) -> tuple[bool, float, str]:
    return loss.value is None, -(loss.value or 0.0), loss.scenario


def _no_loss(name: str, weights: Weights) -> StressLoss:
    held = sum(1 for weight in weights.values() if weight)
    return StressLoss(
        scenario=name,
        value=None,
        covered_value=None,
        coverage=0.0,
        uncovered_count=held,
        reason="shocks_absent",
    )
