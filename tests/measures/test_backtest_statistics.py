"""The back-test statistics against published figures, and against independent implementations."""

from itertools import pairwise
from math import comb, isclose, log, prod
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.measures import backtest
from functions.measures.backtest import LikelihoodRatio

HITS = st.lists(st.sampled_from((True, False, False, None)), min_size=2, max_size=60)


@given(st.integers(1, 400), st.integers(0, 400), st.integers(9000, 9990))
def test_kupiec_is_the_ratio_of_two_binomial_likelihoods(days: int, failed: int, bps: int) -> None:
    failed = min(failed, days)
    rate, seen = (10_000 - bps) / 10_000, failed / days
    by_hand = 2 * (
        (failed * log(seen / rate) if failed else 0.0)
        + ((days - failed) * log((1 - seen) / (1 - rate)) if failed < days else 0.0)
    )
    assert backtest.kupiec(days, failed, bps).statistic == pytest.approx(by_hand, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("days", "failed"), [(0, 0), (10, 11), (10, -1)])
def test_impossible_exceedance_counts_are_refused(days: int, failed: int) -> None:
    with pytest.raises(ValueError, match="exceedances in"):
        backtest.kupiec(days, failed, 9900)


def chain_ratio(hits: list[bool | None]) -> float | None:
    """Return the likelihood ratio, as products, of one rate for each state of the previous day against a
    single rate.
    """
    moves = [(before, now) for before, now in pairwise(hits) if before is not None and now is not None]
    after = {given: [now for before, now in moves if before is given] for given in (False, True)}
    if not after[True]:
        return None
    share = {given: sum(days) / len(days) for given, days in after.items() if days}
    overall = sum(now for _, now in moves) / len(moves)
    chain = prod(share[before] if now else 1 - share[before] for before, now in moves)
    return chain / prod(overall if now else 1 - overall for _, now in moves)


@given(HITS)
def test_independence_equals_the_markov_chain_likelihood_ratio(hits: list[bool | None]) -> None:
    found, ratio = backtest.independence(hits), chain_ratio(hits)
    if ratio is None:
        assert found is None
        return
    assert found is not None
    assert isclose(found.statistic, 2 * log(ratio), rel_tol=1e-6, abs_tol=1e-6)


def test_independence_does_not_pair_days_across_a_left_out_day() -> None:
    calm: list[bool | None] = [False] * 100
    assert backtest.independence([*calm, True, None, True, None, True]) is None
    found = backtest.independence([*calm, True, None, True, False, None, False, True, True])
    # After a calm day: 99 calm, 2 exceeded; after an exceeded one: 1 calm, 1 exceeded. The gaps would add one and two.
    one_rate = 100 * log(100 / 103) + 3 * log(3 / 103)
    two_rates = 99 * log(99 / 101) + 2 * log(2 / 101) + 2 * log(1 / 2)
    assert found is not None
    assert found.statistic == pytest.approx(2 * (two_rates - one_rate), rel=1e-12)


def test_independence_rejects_consecutive_exceedances_and_accepts_scattered_ones() -> None:
    scattered = ([True] + [False] * 49) * 5
    in_a_row = [True] * 5 + [False] * 245
    alone, together = backtest.independence(scattered), backtest.independence(in_a_row)
    assert alone is not None
    assert together is not None
    assert alone.p_value > 0.5
    assert together.p_value < 1e-6


def test_independence_and_conditional_coverage_are_null_without_a_day_after_an_exceedance() -> None:
    for hits in ([False] * 100, [False] * 99 + [True], [True]):
        assert backtest.independence(hits) is None
        assert backtest.conditional_coverage(hits, 9900) is None


@given(HITS, st.sampled_from((9000, 9500, 9900)))
def test_conditional_coverage_is_the_product_of_both_ratios(hits: list[bool | None], bps: int) -> None:
    found, chain = backtest.conditional_coverage(hits, bps), chain_ratio(hits)
    if chain is None:
        assert found is None
        return
    tested = [hit for hit in hits if hit is not None]
    rate, seen = (10_000 - bps) / 10_000, sum(tested) / len(tested)
    coverage = prod(seen / rate if hit else (1 - seen) / (1 - rate) for hit in tested)
    assert found is not None
    assert isclose(found.statistic, 2 * log(coverage * chain), rel_tol=1e-6, abs_tol=1e-6)


def test_conditional_coverage_rejects_samples_that_pass_one_of_the_two_tests() -> None:
    in_a_row = [False] * 120 + [True] * 12 + [False] * 120
    draw = Random(4).random
    too_many, right = ([draw() < rate for _ in range(2_000)] for rate in (0.1, 0.05))
    alone = backtest.independence(too_many)
    assert alone is not None
    assert backtest.kupiec(252, 12, 9500).p_value > 0.8
    assert alone.p_value > 0.05
    for hits, refuted in ((in_a_row, True), (too_many, True), (right, False)):
        both = backtest.conditional_coverage(hits, 9500)
        assert both is not None
        assert (both.p_value < 1e-6) is refuted
        assert (both.p_value < 0.05) is refuted


@pytest.mark.parametrize(
    ("statistic", "degrees", "p_value"),
    [
        (0.0, 1, 1.0),
        (3.841458820694124, 1, 0.05),
        (6.6348966010212145, 1, 0.01),
        (0.0, 2, 1.0),
        (5.991464547107979, 2, 0.05),
        (9.21034037197618, 2, 0.01),
    ],
)
def test_p_values_match_the_chi_squared_tables(statistic: float, degrees: int, p_value: float) -> None:
    ratio = LikelihoodRatio(statistic, 1 if degrees == 1 else 2)
    assert ratio.p_value == pytest.approx(p_value, rel=1e-12)


def test_the_binomial_tail_is_exact() -> None:
    for failed in range(12):
        exact = sum(comb(250, k) * 99 ** (250 - k) for k in range(failed + 1)) / 100**250
        assert backtest.cumulative_probability(250, failed, 9900) == pytest.approx(exact, rel=1e-11)
    assert backtest.cumulative_probability(250, 250, 9900) == pytest.approx(1.0, abs=1e-12)


def test_basel_zones_and_increases_match_the_1996_table() -> None:
    zones = [backtest.basel_zone(count) for count in range(13)]
    assert zones == ["green"] * 5 + ["yellow"] * 5 + ["red"] * 3
    increases = [backtest.basel_increase(count) for count in range(12)]
    assert increases == [0, 0, 0, 0, 0, 0.40, 0.50, 0.65, 0.75, 0.85, 1, 1]


def test_basel_zones_at_95_percent_start_at_the_same_probabilities() -> None:
    assert [backtest.basel_zone(count, 9500) for count in (17, 18, 26, 27)] == [
        "green",
        "yellow",
        "yellow",
        "red",
    ]
