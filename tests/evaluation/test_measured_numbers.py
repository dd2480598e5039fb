"""Numbers that the engine computes from returns: those of the measures, by path."""

from math import isclose
from random import Random

import pytest

from functions.evaluation.measured_numbers import Trials, measured_numbers, trials_of
from functions.measures.performance import sharpe
from functions.measures.sharpe import deflated_sharpe, probabilistic_sharpe


def series(seed: int, count: int = 60, drift: float = 0.001) -> list[float]:
    random = Random(seed)
    return [drift + random.gauss(0, 0.01) for _ in range(count)]


def test_numbers_are_those_of_the_measures() -> None:
    returns = series(1)
    found = measured_numbers(returns, Trials(10, 0.01))
    assert found["returns.sharpe"] == sharpe(returns)
    assert found["robustness.probabilistic_sharpe_ratio"] == probabilistic_sharpe(returns)
    assert found["robustness.deflated_sharpe_ratio"] == deflated_sharpe(returns, 10, 0.01)
    assert found["robustness.sharpe_first_half"] == sharpe(returns[:30])
    assert found["robustness.sharpe_second_half"] == sharpe(returns[30:])
    assert found["sample.observations"] == 60


def test_drawdown_and_hit_ratio_of_a_series_computed_by_hand() -> None:
    found = measured_numbers([0.25, -0.2, -0.25, 0.5])
    assert isclose(found["returns.max_drawdown"], 0.4)  # 1.25 to 0.75
    assert found["returns.hit_ratio"] == 0.5


def test_short_and_constant_series_have_no_ratios() -> None:
    assert measured_numbers([]) == {"sample.observations": 0}
    assert measured_numbers([0.01] * 40).keys() == {
        "sample.observations",
        "returns.hit_ratio",
        "returns.max_drawdown",
    }
    halves = {"robustness.sharpe_first_half", "robustness.sharpe_second_half"}
    assert not halves & measured_numbers(series(2, 30)).keys()
    assert "robustness.deflated_sharpe_ratio" not in measured_numbers(series(2))


def test_returns_below_minus_one_have_no_drawdown() -> None:
    assert "returns.max_drawdown" not in measured_numbers([0.1, -1.5, 0.1])


@pytest.mark.parametrize("power", [-4, 3])
def test_scaled_returns_have_the_same_ratios(power: int) -> None:
    returns = series(3)
    scaled = [each * 2.0**power for each in returns]
    one, two = measured_numbers(returns), measured_numbers(scaled)
    for path in ("returns.sharpe", "robustness.probabilistic_sharpe_ratio", "robustness.sharpe_first_half"):
        assert isclose(one[path], two[path], rel_tol=1e-12)


def test_trials_of_a_cohort_do_not_depend_on_its_order() -> None:
    cohort = [series(seed) for seed in range(5)]
    found = trials_of(cohort)
    assert found is not None
    assert found.count == 5
    assert trials_of(cohort[::-1]) == found
    assert trials_of([series(1), [0.0] * 40]) is None
