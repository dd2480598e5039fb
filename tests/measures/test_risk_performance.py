"""Realised returns: Sharpe ratios, drawdowns, windows, and the confidence in a Sharpe ratio."""

from datetime import date, timedelta
from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest

from functions.evaluation.risk.windows import WINDOWS, window_statistics
from functions.measures import performance, sharpe
from functions.measures.returns import BookReturns
from risk_hub_contracts.reports.risk import RiskWindow

RNG = np.random.default_rng(11)
GOOD = RNG.normal(0.001, 0.01, 500).tolist()
BAD = RNG.normal(-0.002, 0.01, 250).tolist()


def test_sharpe_is_the_annualised_mean_over_deviation() -> None:
    wanted = np.mean(GOOD) / np.std(GOOD, ddof=1) * sqrt(252)
    assert performance.sharpe(GOOD) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    "returns",
    [GOOD[:19], [0.001] * 250, [0.0] * 250, [0.1 + 0.2 - 0.3 + 1e-3] * 30, [1e-3, 1e-3 + 1e-18] * 20],
)
def test_few_observations_and_constant_series_have_no_sharpe(returns: list[float]) -> None:
    assert performance.sharpe(returns) is None


@pytest.mark.parametrize(
    ("returns", "drawdown"),
    [
        ([-0.1, 0.2], 0.1),
        ([0.5, -0.5, 0.1], 0.5),
        ([0.1, 0.1], 0.0),
        ([-0.1, -0.1], 0.19),
        ([-1.0, 0.5], 1.0),
    ],
)
def test_a_loss_in_the_first_period_counts_in_the_drawdown(returns: list[float], drawdown: float) -> None:
    assert performance.max_drawdown(returns) == pytest.approx(drawdown)


def test_max_drawdown_refuses_returns_that_do_not_compound() -> None:
    with pytest.raises(ValueError, match="below -1"):
        performance.max_drawdown([0.1, -1.01])
    with pytest.raises(ValueError, match="exceeds the range of a 64-bit float"):
        performance.max_drawdown([1e6] * 60)


def test_the_hit_ratio_counts_gains_alone() -> None:
    assert performance.hit_ratio([0.1, 0.0, -0.1, 0.2]) == 0.5


def test_sharpe_decay_is_significant_only_for_a_real_drop() -> None:
    dropped = sharpe.decay(BAD, GOOD)
    assert dropped is not None
    assert dropped.difference == pytest.approx(
        (performance.sharpe(BAD) or 0) - (performance.sharpe(GOOD) or 0)
    )
    assert dropped.significant
    assert dropped.ratio is not None
    assert dropped.ratio < 0
    same = sharpe.decay(GOOD[:250], GOOD)
    assert same is not None
    assert not same.significant
    backwards = sharpe.decay(GOOD, BAD)
    assert backwards is not None
    assert backwards.ratio is None
    assert sharpe.decay(GOOD[:10], GOOD) is None


def test_sharpe_standard_error_matches_lo_2002() -> None:
    """Lo (2002), table 1: a per-period ratio of 1 over 60 periods has a standard error of 0.158."""
    assert sharpe.sharpe_standard_error(sqrt(252), 60) / sqrt(252) == pytest.approx(0.158, abs=5e-4)


def test_sharpe_standard_error_matches_simulation() -> None:
    samples = np.random.default_rng(3).normal(0.05, 1, (4_000, 100))
    ratios = samples.mean(axis=1) / samples.std(axis=1, ddof=1) * sqrt(252)
    assert sharpe.sharpe_standard_error(0.05 * sqrt(252), 100) == pytest.approx(ratios.std(), rel=0.05)


def test_probabilistic_sharpe_is_a_half_at_its_own_ratio_and_falls_with_the_benchmark() -> None:
    ratio = np.mean(GOOD) / np.std(GOOD, ddof=1)
    assert sharpe.probabilistic_sharpe(GOOD, float(ratio)) == pytest.approx(0.5)
    low, high = sharpe.probabilistic_sharpe(GOOD), sharpe.probabilistic_sharpe(GOOD, 0.05)
    assert low is not None
    assert high is not None
    assert low > high
    assert sharpe.probabilistic_sharpe([0.001] * 50) is None


def test_probabilistic_sharpe_equals_the_formula_with_explicit_moments() -> None:
    values = np.array(GOOD)
    ratio, centred = values.mean() / values.std(ddof=1), values - values.mean()
    skew = (centred**3).mean() / values.std() ** 3
    kurtosis = (centred**4).mean() / values.std() ** 4
    z = ratio * sqrt(499) / sqrt(1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2)
    assert sharpe.probabilistic_sharpe(GOOD) == pytest.approx(NormalDist().cdf(float(z)), rel=1e-12)


def test_expected_best_sharpe_matches_simulated_trials_without_skill() -> None:
    best = np.random.default_rng(5).normal(0, 0.5, (20_000, 10)).max(axis=1).mean()
    assert sharpe.expected_best_sharpe(10, 0.25) == pytest.approx(best, rel=0.05)
    for trials, variance in ((1, 0.1), (10, -0.1)):
        with pytest.raises(ValueError, match="two trials"):
            sharpe.expected_best_sharpe(trials, variance)


def test_deflated_sharpe_matches_the_published_example() -> None:
    """Bailey, López de Prado (2014), numerical example: 0.1132 to beat, and a deflated ratio of 0.9004.

    T = 1250 days of 250 a year, SR 2.5 a year, skewness -3, kurtosis 10, 100 trials whose ratios vary by 1/2 a year. Of
    a kurtosis of 1 + skewness² there is one kind of series, of two values; 105 falls in 1250 come closest.
    """
    moves = np.repeat([1.0, 0.0], [1_145, 105])
    returns = moves - moves.mean() + 2.5 / sqrt(250) * moves.std(ddof=1)
    assert sharpe.expected_best_sharpe(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)
    assert sharpe.deflated_sharpe(returns.tolist(), 100, 0.5 / 250) == pytest.approx(0.9004, abs=1e-4)


def dated(count: int, step: int = 1) -> BookReturns:
    first = date(2026, 1, 1)
    return BookReturns(GOOD[:count], tuple(first + timedelta(days=step * i) for i in range(count)))


@pytest.mark.parametrize("length", WINDOWS)
def test_window_counts_calendar_days_for_dated_returns_and_observations_otherwise(length: RiskWindow) -> None:
    weekly = window_statistics(dated(200, step=7), length)
    assert (weekly.basis, weekly.calendar_observations) == ("calendar_days", -(-length // 7))
    undated = window_statistics(BookReturns(GOOD, None), length)
    assert (undated.basis, undated.observations) == ("observations", length)
    assert (undated.calendar_observations, undated.first_date) == (None, None)
    assert undated.reasons == {}


@pytest.mark.parametrize("length", WINDOWS)
def test_sharpe_is_annualised_only_with_known_periods_per_year(length: RiskWindow) -> None:
    undated = window_statistics(BookReturns(GOOD, None), length)
    assert undated.sharpe == performance.sharpe(GOOD[-length:], 1.0)
    assert (undated.sharpe_annualised, undated.periods_per_year) == (False, None)
    weekly = window_statistics(BookReturns(GOOD, None), length, 52.0)
    assert weekly.sharpe == performance.sharpe(GOOD[-length:], 52.0)
    assert (weekly.sharpe_annualised, weekly.periods_per_year) == (True, 52.0)


@pytest.mark.parametrize(
    ("step", "per_year", "wanted"),
    [(7, 52.0, 20), (30, 12.0, 20), (1, 252.0, 30), (2, 252.0, 20), (5, 252.0, 12), (7, None, 9)],
)
def test_window_reaches_back_to_20_observations_within_twice_their_time(
    step: int, per_year: float | None, wanted: int
) -> None:
    found = window_statistics(dated(200, step), 30, per_year)
    assert (found.observations, found.calendar_observations) == (wanted, -(-30 // step))
    last = dated(200, step).dates
    assert last is not None
    assert found.first_date == last[-wanted].isoformat()


def test_window_statistics_are_null_with_a_reason_for_short_constant_or_ruined_series() -> None:
    short = window_statistics(dated(1), 30)
    assert short.observations == 1
    assert (short.sharpe, short.volatility, short.value_at_risk, short.expected_shortfall) == (None,) * 4
    assert set(short.reasons.values()) == {"too_few_observations"}
    constant = window_statistics(BookReturns([0.01] * 90, None), 60)
    assert (constant.sharpe, constant.volatility) == (None, None)
    measured = ("sharpe", "volatility", "value_at_risk", "expected_shortfall")
    assert constant.reasons == dict.fromkeys(measured, "constant_series")
    assert (constant.value_at_risk, constant.expected_shortfall) == (None, None)
    assert constant.hit_ratio == 1.0
    ruined = window_statistics(BookReturns([*GOOD[:40], -1.5], None), 30)
    assert ruined.reasons == {"max_drawdown": "returns_do_not_compound"}


def test_rounding_noise_of_a_hedged_book_is_treated_as_a_constant_series() -> None:
    """A deviation is compared with the size of the terms, not with the size of the result."""
    noise = [1e-18 * value for value in GOOD[:90]]
    hedged = window_statistics(BookReturns(noise, None, [0.01] * 90), 30)
    assert set(hedged.reasons.values()) == {"constant_series"}
    assert (hedged.hit_ratio, hedged.reasons["hit_ratio"]) == (None, "constant_series")
    partly = window_statistics(BookReturns([*noise[:89], 0.01], None, [0.01] * 90), 30)
    assert partly.hit_ratio == 1 / 30
    assert (hedged.sharpe, hedged.volatility, hedged.value_at_risk, hedged.expected_shortfall) == (None,) * 4
    bare = window_statistics(BookReturns(noise, None), 30)
    assert bare.reasons == {}
