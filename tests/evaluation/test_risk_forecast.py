"""The part of the last returns that a forecast stores for the back-test."""

from array import array
from math import inf, nan
from typing import Any

import pytest

from functions.evaluation.risk.forecast import cross_section
from functions.measures.returns_table import ReturnsTable, returns_table
from risk_hub_contracts.base.limits import RETURN_MAX_ABS
from risk_hub_contracts.blob.types import RealizedReturns
from risk_hub_contracts.blob.write import encode_returns
from tests.fakes.evaluated_world import EvaluatedWorld

PAST_LIMIT = RETURN_MAX_ABS * (1 + 1e-15)


def returns(given: dict[str, list[float]]) -> ReturnsTable:
    """Return series as in a blob, which may hold any float; without names: one bare series."""
    values = array("d", [value for series in given.values() for value in series])
    ids = tuple(name for name in given if name)
    lengths = tuple(map(len, given.values()))
    return returns_table(RealizedReturns(ids, lengths, None, memoryview(values.tobytes())))[0]


@pytest.mark.parametrize("last", [nan, inf, -inf, 1.5e308, PAST_LIMIT, -PAST_LIMIT])
def test_forecast_drops_returns_outside_the_engine_limits(last: float) -> None:
    kept = cross_section(
        returns({"A": [0.01, last], "B": [last, RETURN_MAX_ABS], "C": [0.0, -RETURN_MAX_ABS]})
    )
    assert kept is not None
    assert kept.by_id == {"B": RETURN_MAX_ABS, "C": -RETURN_MAX_ABS}
    assert cross_section(returns({"A": [0.01, last]})) is None
    assert cross_section(returns({"": [0.01, last]})) is None


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"realized_returns": [0.01] * 120}, None),
        ({"realized_returns": {"A": [0.01] * 120, "B": [0.01] * 120}}, {"A": 0.6, "B": 0.4}),
        ({}, {"A": 0.6, "B": 0.4}),
    ],
    ids=["of the portfolio", "by asset", "none"],
)
def test_forecast_refers_to_the_weights_of_its_snapshot_where_returns_need_none(
    given: dict[str, Any], stored: dict[str, float] | None
) -> None:
    world = EvaluatedWorld()
    world.evaluated(weights={"A": 0.6, "B": 0.4}, **given)
    (forecast,) = world.forecasts.rows.values()
    assert forecast.weights == stored


def test_forecast_has_no_cross_section_when_all_returns_are_out_of_range() -> None:
    world = EvaluatedWorld()
    huge = world.blob("realized_returns", encode_returns({"A": [1.5e308], "B": [-1e308]}))
    world.evaluated(weights={"A": 2.0, "B": -1.0}, realized_returns_ref=huge)
    (forecast,) = world.forecasts.rows.values()
    assert forecast.realized is None
