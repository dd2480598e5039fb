"""Historical value at risk, expected shortfall and their standard errors: definitions, and rules as properties."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, fsum, inf, nextafter
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.measures import historical
from risk_hub_contracts.base.confidence import interpolated_tail_observations, required_observations

Measure = Callable[[Sequence[float], int], float | None]
VALUES: tuple[Measure, ...] = (
    historical.historical_upper,
    historical.historical_var,
    historical.historical_es,
)
ERRORS: tuple[Measure, ...] = (
    historical.historical_upper_standard_error,
    historical.historical_var_standard_error,
    historical.historical_es_standard_error,
)
ALL = (*VALUES, *ERRORS)
BPS = st.sampled_from([5000, 9000, 9500, 9750, 9900, 9901])
# Returns in whole millionths: the rounding of a translation or a scaling stays far below the tolerance.
RETURNS = st.lists(st.integers(-500_000, 500_000).map(lambda value: value / 1e6), min_size=102, max_size=400)
TIED = st.lists(st.sampled_from([-0.03, -0.02, 0.0, 0.01]), min_size=102, max_size=400)


def losses(returns: Sequence[float]) -> list[Fraction]:
    """Return the losses exactly, the largest first."""
    return sorted((Fraction(-value) for value in returns), reverse=True)


def tail_mass(returns: Sequence[float], bps: int) -> Fraction:
    """Return `p·T` exactly."""
    return Fraction(len(returns) * (10_000 - bps), 10_000)


@pytest.mark.parametrize(("bps", "count"), [(9500, 20), (9900, 100), (9990, 1000), (5000, 2)])
def test_required_observations_is_one_over_the_tail(bps: int, count: int) -> None:
    assert required_observations(bps) == count
    for measure in ALL:
        with pytest.raises(ValueError, match=f"{count} are needed"):
            measure([0.0] * (count - 1), bps)
    assert [measure([0.01] * count, bps) for measure in VALUES] == [-0.01] * 3


def test_historical_measures_of_a_small_sample_match_hand_computation() -> None:
    returns = [-0.10, -0.05, 0.0, 0.01, 0.02] * 4
    for bps, upper, interpolated, shortfall in ((9500, 0.10, 0.10, 0.10), (7500, 0.05, 0.05, 0.09)):
        assert historical.historical_upper(returns, bps) == pytest.approx(upper)
        assert historical.historical_var(returns, bps) == pytest.approx(interpolated)
        assert historical.historical_es(returns, bps) == pytest.approx(shortfall)


@pytest.mark.parametrize("count", [100, 101, 200, 201, 501, 1000, 1001])
def test_upper_var_is_the_loss_at_rank_p_t_rounded_up_at_whole_positions(count: int) -> None:
    """In floating point (1 - 0.99) * 100 is above 1, so the rank would be one too large."""
    returns = [float(value) for value in range(count)]
    assert historical.historical_upper(returns, 9900) == -(ceil(count / 100) - 1)
    assert historical.historical_var(returns, 9900) == pytest.approx(-(count - 1) / 100, rel=1e-15)


@given(RETURNS, BPS)
def test_historical_var_equals_the_numpy_quantile(returns: list[float], bps: int) -> None:
    p = (10_000 - bps) / 10_000
    assert historical.historical_var(returns, bps) == pytest.approx(-np.quantile(returns, p), abs=1e-15)
    upper = np.quantile(returns, p, method="inverted_cdf")
    if (len(returns) * (10_000 - bps)) % 10_000:
        assert historical.historical_upper(returns, bps) == -upper


@given(RETURNS | TIED, BPS)
def test_expected_shortfall_is_the_integral_of_the_quantile_over_the_tail(
    returns: list[float], bps: int
) -> None:
    ordered, left, total = losses(returns), tail_mass(returns, bps), Fraction(0)
    for loss in ordered:
        share = min(left, Fraction(1))
        total, left = total + share * loss, left - share
    exact = total / tail_mass(returns, bps)
    assert historical.historical_es(returns, bps) == pytest.approx(float(exact), rel=1e-14, abs=1e-16)


@given(RETURNS | TIED, BPS, st.randoms(use_true_random=False))
def test_every_measure_is_the_same_to_the_bit_in_any_order(
    returns: list[float], bps: int, random: Random
) -> None:
    shuffled = list(returns)
    random.shuffle(shuffled)
    assert [measure(shuffled, bps) for measure in ALL] == [measure(returns, bps) for measure in ALL]


@given(TIED | RETURNS, BPS, st.data())
def test_a_change_of_one_ulp_in_one_return_changes_every_measure_by_rounding_only(
    returns: list[float], bps: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(returns) - 1))
    nudged = list(returns)
    nudged[index] = nextafter(returns[index], data.draw(st.sampled_from([-inf, inf])))
    for measure in ALL:
        before, after = measure(returns, bps), measure(nudged, bps)
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            # The root of a sum of squares turns a change of one ulp (1e-17) of equal losses into at most this.
            assert after == pytest.approx(before, abs=1e-15)


@given(RETURNS, BPS, st.sampled_from([0.5, 3.0, 1e-6, 1e4]))
def test_every_measure_scales_with_the_returns(returns: list[float], bps: int, factor: float) -> None:
    for measure in ALL:
        before, after = measure(returns, bps), measure([factor * value for value in returns], bps)
        assert (before is None) == (after is None)
        if before is not None:
            assert after == pytest.approx(factor * before, rel=1e-9, abs=1e-15 * factor)


@given(RETURNS, BPS, st.integers(-100_000, 100_000).map(lambda value: value / 1e6))
def test_a_constant_loss_is_added_to_the_measures_and_changes_no_standard_error(
    returns: list[float], bps: int, loss: float
) -> None:
    moved = [value - loss for value in returns]
    for measure in VALUES:
        before, after = measure(returns, bps), measure(moved, bps)
        assert before is not None
        assert after == pytest.approx(before + loss, abs=1e-14)
    for measure in ERRORS:
        assert measure(moved, bps) == pytest.approx(measure(returns, bps), abs=1e-14)


@given(RETURNS | TIED)
def test_measures_do_not_fall_when_the_confidence_rises(returns: list[float]) -> None:
    for measure in VALUES:
        found = [measure(returns, bps) or 0.0 for bps in range(5000, 9901, 490)]
        assert all(second >= first - 1e-15 for first, second in pairwise(found))


@given(RETURNS | TIED, BPS)
def test_var_is_at_most_expected_shortfall(returns: list[float], bps: int) -> None:
    es = historical.historical_es(returns, bps)
    assert historical.historical_upper(returns, bps) <= es
    assert historical.historical_var(returns, bps) <= es + 1e-15


@given(RETURNS | TIED, BPS)
def test_fewer_losses_than_the_tail_mass_exceed_the_upper_var(returns: list[float], bps: int) -> None:
    upper = historical.historical_upper(returns, bps)
    assert sum(-value > upper for value in returns) < tail_mass(returns, bps)


@pytest.mark.parametrize("bps", [9500, 9750, 9900])
@pytest.mark.parametrize("count", [100, 137, 250, 500])
def test_a_next_loss_exceeds_the_upper_var_no_more_often_than_stated_plus_one_in_t(
    bps: int, count: int
) -> None:
    """Of T + 1 exchangeable losses each is the next one equally often: k of them exceed the VaR of the others."""
    values = [(37 * index % (count + 1)) / 1e4 for index in range(count + 1)]
    assert len(set(values)) == count + 1
    exceeded = sum(
        -held > historical.historical_upper(values[:place] + values[place + 1 :], bps)
        for place, held in enumerate(values)
    )
    assert exceeded == historical.upper_tail_observations(count, bps)
    assert Fraction(exceeded, count + 1) <= Fraction(10_000 - bps, 10_000) + Fraction(1, count)


@given(RETURNS, BPS)
def test_tail_observations_count_the_losses_at_or_beyond_the_value_at_risk(
    returns: list[float], bps: int
) -> None:
    spread = [value + index / 1e9 for index, value in enumerate(returns)]
    for measure, count in (
        (historical.historical_upper, historical.upper_tail_observations),
        (historical.historical_var, interpolated_tail_observations),
    ):
        # A value between two losses may be rounded onto one of them; it then counts that loss too.
        at_least = measure(spread, bps) + 1e-12
        at_most = measure(spread, bps) - 1e-12
        low, high = (sum(-value >= bound for value in spread) for bound in (at_least, at_most))
        assert low <= count(len(spread), bps) <= high


@given(st.integers(100, 2_000), BPS)
def test_standard_errors_are_defined_from_three_tail_observations(count: int, bps: int) -> None:
    returns = [index / 1e4 for index in range(count)]
    for error, observations in (
        (historical.historical_upper_standard_error, historical.upper_tail_observations),
        (historical.historical_var_standard_error, interpolated_tail_observations),
        (historical.historical_es_standard_error, historical.upper_tail_observations),
    ):
        if count < required_observations(bps):
            continue
        found = error(returns, bps)
        assert (found is None) == (observations(count, bps) < 3)
        assert found is None or found > 0


@pytest.mark.parametrize(("count", "bps"), [(500, 9500), (1000, 9900), (2000, 9750)])
def test_standard_errors_are_near_the_spread_over_many_samples(count: int, bps: int) -> None:
    """The mean of the estimates is within 15 % of the deviation of the measure over 1,000 normal samples."""
    samples = np.random.default_rng(5).normal(0, 0.01, (1_000, count)).tolist()
    for measure, error in zip(VALUES, ERRORS, strict=True):
        spread = float(np.std([measure(sample, bps) for sample in samples]))
        estimates = [error(sample, bps) or 0.0 for sample in samples]
        assert fsum(estimates) / len(estimates) == pytest.approx(spread, rel=0.15)


def test_standard_error_of_expected_shortfall_is_that_of_the_mean_excess() -> None:
    returns = np.random.default_rng(7).normal(0, 0.01, 500)
    excess = np.maximum(-returns - np.sort(-returns)[-5], 0.0)
    wanted = float(excess.std()) / 500**0.5 / 0.01
    assert historical.historical_es_standard_error(returns.tolist(), 9900) == pytest.approx(wanted, rel=1e-12)
