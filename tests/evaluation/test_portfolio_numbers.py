"""Numbers of strategies in a portfolio, from the stored returns of a snapshot; a missing one has a reason."""

import random
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.evaluations.portfolio_numbers import portfolio_numbers
from functions.evaluation.evaluations.portfolio_returns import PortfolioReturns, portfolio_returns
from functions.evaluation.evaluations.return_correlations import ReturnCorrelations
from functions.measures.historical import historical_es, historical_upper
from functions.measures.performance import sharpe
from risk_hub_contracts.policies.rules.metrics import (
    HUB_METRICS,
    INCREMENTAL_ES,
    INCREMENTAL_VAR,
    PORTFOLIO_UPLIFT,
)
from risk_hub_contracts.snapshot.parse import parse_snapshot_document
from tests.fakes.clock import START
from tests.fakes.samples import WORLD
from tests.fakes.stores import MemoryBlobs

PERIODS = 300


def returns(seed: int, periods: int = PERIODS) -> list[float]:
    source = random.Random(seed)
    return [source.gauss(0.0005, 0.01) for _ in range(periods)]


SERIES = {name: returns(seed) for seed, name in enumerate(("carry", "momentum", "value"))}
WEIGHTS = {"carry": 0.5, "momentum": 0.5}


def portfolio(weights: dict[str, float] | None = None, **fields: Any) -> PortfolioReturns:
    body = {
        "version": "v1",
        "as_of": "2026-01-05T11:59:00Z",
        "weights": WEIGHTS if weights is None else weights,
        "realized_returns": SERIES,
        "returns_meta": {"frequency": "daily"},
        **fields,
    }
    document = {name: value for name, value in body.items() if value is not None}
    snapshot = parse_snapshot_document(document, world_id=WORLD, actor="gateway", stage="paper", now=START)
    return portfolio_returns(snapshot, MemoryBlobs())


def numbers(strategy: str, weight: float | None = None, **fields: Any) -> dict[str, float]:
    found = portfolio_numbers(portfolio(**fields), strategy, weight, HUB_METRICS)
    assert not found.unresolved
    return found.numbers


def reasons(strategy: str = "carry", weight: float | None = None, **fields: Any) -> set[str]:
    found = portfolio_numbers(portfolio(**fields), strategy, weight, HUB_METRICS)
    assert not found.numbers
    assert set(found.unresolved) == set(HUB_METRICS)
    return set(found.unresolved.values())


def changes(with_it: Any, without_it: Any) -> dict[str, float]:
    """Return the three numbers from two series, by their definitions."""
    now, before = [float(each) for each in with_it], [float(each) for each in without_it]
    ratios = sharpe(now, 252), sharpe(before, 252)
    return {
        INCREMENTAL_VAR: historical_upper(now, 9_900) - historical_upper(before, 9_900),
        INCREMENTAL_ES: historical_es(now, 9_900) - historical_es(before, 9_900),
        PORTFOLIO_UPLIFT: (ratios[0] or nan) - (ratios[1] or nan),
    }


def test_position_is_compared_with_the_book_after_its_sale_for_cash() -> None:
    carry, momentum = (np.array(SERIES[name]) for name in WEIGHTS)
    expected = changes(0.5 * carry + 0.5 * momentum, 0.5 * momentum)
    assert numbers("carry") == pytest.approx(expected, rel=1e-9)


def test_candidate_is_compared_with_the_book_scaled_down_to_its_weight() -> None:
    book = 0.5 * np.array(SERIES["carry"]) + 0.5 * np.array(SERIES["momentum"])
    expected = changes(0.9 * book + 0.1 * np.array(SERIES["value"]), book)
    assert numbers("value", 0.1) == pytest.approx(expected, rel=1e-9)


def test_short_position_of_opposite_returns_reduces_the_risk_of_the_book() -> None:
    hedge = {"carry": SERIES["carry"], "hedge": [-value for value in SERIES["carry"]]}
    found = portfolio_numbers(
        portfolio(weights={"carry": 0.6, "hedge": 0.4}, realized_returns=hedge), "hedge", None, HUB_METRICS
    )
    assert found.numbers[INCREMENTAL_VAR] < 0
    assert found.numbers[INCREMENTAL_ES] < 0


def test_only_position_adds_its_whole_risk_and_has_no_uplift_over_cash() -> None:
    found = portfolio_numbers(portfolio(weights={"carry": 1.0}), "carry", None, HUB_METRICS)
    assert found.numbers[INCREMENTAL_VAR] == historical_upper(SERIES["carry"], 9_900)
    assert found.unresolved == {PORTFOLIO_UPLIFT: "sharpe_undefined"}


def test_only_wanted_numbers_are_computed() -> None:
    found = portfolio_numbers(portfolio(), "carry", None, [INCREMENTAL_ES])
    assert set(found.numbers) == {INCREMENTAL_ES}


def test_uplift_needs_the_frequency_of_the_returns() -> None:
    found = portfolio_numbers(portfolio(returns_meta=None), "carry", None, HUB_METRICS)
    assert found.unresolved == {PORTFOLIO_UPLIFT: "frequency_unknown"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"realized_returns": None, "returns_meta": None}, "realized_returns_absent"),
        ({"realized_returns": SERIES["carry"]}, "returns_of_portfolio_only"),
        ({"realized_returns": {"carry": SERIES["carry"]}}, "returns_do_not_cover_weights"),
        (
            {"realized_returns": {**SERIES, "carry": SERIES["carry"][1:]}},
            "returns_of_unequal_length",
        ),
        ({"strategy": "unknown"}, "strategy_returns_absent"),
        ({"strategy": "value"}, "candidate_weight_absent"),
        (
            {"strategy": "value", "weight": 0.1, "realized_returns": {**SERIES, "value": returns(9, 299)}},
            "returns_of_unequal_length",
        ),
    ],
)
def test_number_without_its_inputs_is_missing_with_a_reason(arguments: dict[str, Any], reason: str) -> None:
    assert reasons(**arguments) == {reason}


def test_tail_of_fewer_than_three_losses_gives_no_incremental_number() -> None:
    short = {name: values[:200] for name, values in SERIES.items()}
    found = portfolio_numbers(portfolio(realized_returns=short), "carry", None, HUB_METRICS)
    assert found.unresolved == dict.fromkeys((INCREMENTAL_VAR, INCREMENTAL_ES), "too_few_tail_observations")
    assert set(found.numbers) == {PORTFOLIO_UPLIFT}


def test_missing_observation_is_left_out_of_both_books_and_never_counts_as_zero() -> None:
    gap: list[float | None] = [None, *SERIES["value"][1:]]
    found = numbers("value", 0.1, realized_returns={**SERIES, "value": gap})
    without_first = {name: values[1:] for name, values in SERIES.items()}
    assert found == pytest.approx(numbers("value", 0.1, realized_returns=without_first), rel=1e-12)


@given(st.permutations(["carry", "momentum", "value"]))
def test_order_of_series_and_weights_changes_no_digit(names: list[str]) -> None:
    series = {name: SERIES[name] for name in names}
    weights = dict.fromkeys(names, 1 / 4)
    first = numbers("carry", weights=dict.fromkeys(sorted(names), 1 / 4), portfolio={"cash": 0.25})
    assert numbers("carry", weights=weights, realized_returns=series, portfolio={"cash": 0.25}) == first


# Correlations


def test_correlation_is_that_of_pearson_in_either_order() -> None:
    found = ReturnCorrelations(SERIES)
    expected = float(np.corrcoef(SERIES["carry"], SERIES["value"])[0, 1])
    assert found["carry", "value"] == pytest.approx(expected, abs=1e-12)
    assert found["value", "carry"] == found["carry", "value"]
    assert set(found) == {("carry", "momentum"), ("carry", "value"), ("momentum", "value")}
    assert len(found) == 3


def test_correlation_uses_only_the_common_periods_of_a_pair() -> None:
    gapped = {"one": [nan, *SERIES["carry"][1:]], "two": [*SERIES["value"][:-1], nan]}
    expected = float(np.corrcoef(SERIES["carry"][1:-1], SERIES["value"][1:-1])[0, 1])
    assert ReturnCorrelations(gapped)["one", "two"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "other", [[0.01] * PERIODS, SERIES["carry"][1:], [inf, *SERIES["carry"][1:]], [nan] * PERIODS]
)
def test_pair_without_a_correlation_is_unknown(other: list[float]) -> None:
    found = ReturnCorrelations({"one": SERIES["carry"], "two": other})
    assert found.get(("one", "two")) is None
    assert found.get(("one", "unknown")) is None
    with pytest.raises(KeyError):
        found["one", "two"]


def test_correlation_of_a_series_with_itself_is_at_most_one() -> None:
    assert ReturnCorrelations({"one": SERIES["carry"], "two": SERIES["carry"]})[
        "one", "two"
    ] == pytest.approx(1.0)
    assert ReturnCorrelations({"one": SERIES["carry"], "two": SERIES["carry"]})["one", "two"] <= 1.0
