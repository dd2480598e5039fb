"""The measures against their definitions, written another way."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.risk import measures


@pytest.mark.parametrize(("bps", "quantile"), [(9500, 1.6448536269514722), (9900, 2.3263478740408408)])
def test_the_quantile_is_the_exact_normal_one(bps: int, quantile: float) -> None:
    assert measures.normal_quantile(bps) == pytest.approx(quantile, rel=1e-14)


@pytest.mark.parametrize(("bps", "ratio"), [(9500, 2.0627128075074256), (9900, 2.6652142203458073)])
def test_parametric_es_is_the_tail_mean_of_the_normal(bps: int, ratio: float) -> None:
    assert measures.parametric_es(1.0, bps) == pytest.approx(ratio, rel=1e-12)
    grid = np.linspace(0, 1 - bps / 10_000, 200_003)[1:-1]
    tail = [NormalDist().inv_cdf(p) for p in grid[::50]]
    assert measures.parametric_es(1.0, bps) == pytest.approx(-float(np.mean(tail)), rel=2e-3)


def test_volatility_is_the_root_of_the_quadratic_form() -> None:
    weights = np.array([0.5, 0.3, 0.2])
    covariance = np.array([[0.04, 0.006, 0.0], [0.006, 0.09, -0.01], [0.0, -0.01, 0.01]])
    by_hand = sum(weights[i] * covariance[i, j] * weights[j] for i in range(3) for j in range(3))
    assert measures.volatility(weights, covariance) ** 2 == pytest.approx(by_hand, rel=1e-14)


def test_a_hedged_book_has_no_volatility_and_never_a_nan() -> None:
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    flat = np.outer([1, -0.5, 0, 0], [1, -0.5, 0, 0]) * 0.1
    assert measures.volatility(weights, flat) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("bps", "count"), [(9500, 20), (9900, 100), (9990, 1000), (5000, 2)])
def test_required_observations_is_one_over_the_tail(bps: int, count: int) -> None:
    assert measures.required_observations(bps) == count


def test_historical_measures_on_a_sample_small_enough_to_read() -> None:
    returns = np.array([-0.10, -0.05, 0.0, 0.01, 0.02] * 4)
    assert measures.historical_var(returns, 9500) == pytest.approx(0.10)
    assert measures.historical_es(returns, 9500) == pytest.approx(0.10)
    assert measures.historical_var(returns, 7500) == pytest.approx(0.05)
    assert measures.historical_es(returns, 7500) == pytest.approx(0.075)


@given(st.lists(st.floats(-0.5, 0.5), min_size=20, max_size=200))
def test_es_is_at_least_var_and_both_shift_with_a_sure_loss(values: list[float]) -> None:
    returns = np.array(values)
    var, es = measures.historical_var(returns, 9500), measures.historical_es(returns, 9500)
    assert es >= var - 1e-12
    assert measures.historical_var(returns - 0.01, 9500) == pytest.approx(var + 0.01, abs=1e-12)


def test_psd_margin_tells_a_covariance_from_a_poisoned_one() -> None:
    good = np.array([[1.0, 0.9], [0.9, 1.0]])
    bad = np.array([[1.0, 1.1], [1.1, 1.0]])
    assert measures.psd_margin(good) > 0
    assert measures.psd_margin(bad) == pytest.approx(-0.05)
    assert measures.psd_margin(np.zeros((2, 2))) == 0.0
