"""The measures against independent implementations of their definitions."""

from decimal import Decimal, localcontext
from math import fsum, nextafter, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.measures import attribution, concentration, measures
from functions.measures.exact import dot

Z99 = 2.3263478740408408
W = [0.5, 0.3, 0.2]
COVARIANCE = np.array([[0.04, 0.006, 0.0], [0.006, 0.09, -0.01], [0.0, -0.01, 0.01]])
TIMES = (COVARIANCE @ W).tolist()
VARIANCES = np.diag(COVARIANCE).tolist()
SIGMA = measures.volatility(dot(W, TIMES))


def var99(weights: list[float], covariance: np.ndarray = COVARIANCE) -> float:
    return Z99 * float(np.sqrt(np.array(weights) @ covariance @ np.array(weights)))


@pytest.mark.parametrize(("bps", "quantile"), [(9500, 1.6448536269514722), (9900, Z99)])
def test_normal_quantile_is_exact(bps: int, quantile: float) -> None:
    assert measures.normal_quantile(bps) == pytest.approx(quantile, rel=1e-14)


@pytest.mark.parametrize(("bps", "ratio"), [(9500, 2.0627128075074256), (9900, 2.6652142203458073)])
def test_parametric_es_is_the_tail_mean_of_the_normal(bps: int, ratio: float) -> None:
    assert measures.parametric_es(1.0, bps) == pytest.approx(ratio, rel=1e-12)
    grid = np.linspace(0, 1 - bps / 10_000, 200_003)[1:-1]
    tail = [NormalDist().inv_cdf(p) for p in grid[::50]]
    assert measures.parametric_es(1.0, bps) == pytest.approx(-float(np.mean(tail)), rel=2e-3)


def test_legacy_method_reproduces_the_old_gateways_numbers() -> None:
    assert measures.legacy_var(0.01) == pytest.approx(0.0233)
    assert measures.legacy_es(0.01) == pytest.approx(0.02796)


def test_volatility_is_the_root_of_the_quadratic_form() -> None:
    by_hand = sum(W[i] * COVARIANCE[i, j] * W[j] for i in range(3) for j in range(3))
    assert pytest.approx(by_hand, rel=1e-14) == SIGMA**2
    assert measures.volatility(-1e-20) == 0.0


def test_component_vars_sum_to_var_and_marginal_var_is_its_derivative() -> None:
    marginal = attribution.marginal_var(TIMES, SIGMA, 9900)
    component = attribution.component_var(W, marginal)
    assert fsum(component) == pytest.approx(var99(W), abs=1e-9)
    for index in range(3):
        nudged = list(W)
        nudged[index] += 1e-6
        assert (var99(nudged) - var99(W)) / 1e-6 == pytest.approx(marginal[index], rel=1e-4)


def test_rescaled_incremental_var_is_var_minus_var_of_the_rescaled_rest() -> None:
    found = attribution.incremental_var_rescaled(W, TIMES, VARIANCES, 9900)
    for index, value in enumerate(found):
        rest = [0.0 if each == index else weight for each, weight in enumerate(W)]
        rescaled = [weight / fsum(rest) for weight in rest]
        assert value == pytest.approx(var99(W) - var99(rescaled), rel=1e-12)


@pytest.mark.parametrize("weights", [[1.0], [1.5, -0.5], [1.0, 0.5, -0.5]])
def test_rescaled_incremental_var_is_null_if_the_rest_has_no_positive_weight(weights: list[float]) -> None:
    count = len(weights)
    times = (np.eye(count) @ weights).tolist()
    assert attribution.incremental_var_rescaled(weights, times, [1.0] * count, 9900)[0] is None


def two_equal_sigmas(weights: tuple[Decimal, Decimal], covariance: Decimal) -> Decimal:
    """Return `z σ_p` of two assets at a deviation of 1 % each."""
    first, second = weights
    variance = (first * first + second * second) * Decimal("1e-4") + 2 * first * second * covariance
    return Decimal(Z99) * variance.sqrt()


@pytest.mark.parametrize("decade", range(1, 18))
def test_rescaled_incremental_var_next_to_a_dominating_position_is_accurate_or_null(decade: int) -> None:
    """The variance of the rest of a book is a difference; if rounding has consumed it, no number is given."""
    small = 10.0**-decade
    weights, exact = [1 - small, small], 3e-5
    covariance = np.array([[1e-4, exact], [exact, 1e-4]])
    times = [dot(row, weights) for row in covariance.tolist()]
    large, tiny = attribution.incremental_var_rescaled(weights, times, [1e-4, 1e-4], 9900)
    with localcontext() as context:
        context.prec = 60
        w = (Decimal(weights[0]), Decimal(weights[1]))
        whole = two_equal_sigmas(w, Decimal("3e-5"))
        wanted = float(whole - sum(w) * Decimal(Z99) / 100)
    assert tiny == pytest.approx(wanted, rel=1e-6, abs=0.0)
    assert large is None or large == pytest.approx(wanted, rel=1e-6, abs=0.0)
    assert (large is None) == (decade > 3)


def test_rescaled_incremental_var_is_null_if_the_rest_is_a_perfect_hedge() -> None:
    covariance = np.array([[1e-4, 0, 0], [0, 1e-4, 1.5e-4], [0, 1.5e-4, 2.25e-4]])
    weights = [0.5, 1.5, -1.0]
    times = [dot(row, weights) for row in covariance.tolist()]
    found = attribution.incremental_var_rescaled(weights, times, np.diag(covariance).tolist(), 9900)
    assert found[0] is None
    assert None not in found[2:]


def test_rescaled_incremental_var_of_identical_positions_is_zero() -> None:
    found = attribution.incremental_var_rescaled([0.5, 0.5], [1e-4, 1e-4], [1e-4, 1e-4], 9900)
    assert found == pytest.approx([0.0, 0.0], abs=1e-15)


def decimal_variance(book: list[Decimal], covariance: np.ndarray) -> Decimal:
    products = (
        first * Decimal(entry) * second
        for first, row in zip(book, covariance.tolist(), strict=True)
        for entry, second in zip(row, book, strict=True)
    )
    return sum(products, Decimal(0))


def sold(weights: list[float], covariance: np.ndarray, index: int) -> float:
    """Return the VaR of a book less its VaR with one position sold for cash, to 60 digits."""
    with localcontext() as context:
        context.prec = 60
        books = [list(map(Decimal, weights)), list(map(Decimal, weights))]
        books[1][index] = Decimal(0)
        variances = [decimal_variance(book, covariance) for book in books]
        return float(Decimal(Z99) * (variances[0].sqrt() - variances[1].sqrt()))


def times(weights: list[float], covariance: np.ndarray) -> list[float]:
    return [dot(row, weights) for row in covariance.tolist()]


def test_incremental_var_is_var_minus_var_with_the_position_sold_for_cash() -> None:
    found = attribution.incremental_var(W, TIMES, VARIANCES, 9900)
    assert found == pytest.approx([sold(W, COVARIANCE, index) for index in range(3)], rel=1e-13)


@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.integers(0, 2))
def test_incremental_var_never_exceeds_the_stand_alone_var(weights: list[float], index: int) -> None:
    """A rescaled rest has no bound: that of a long/short book can be many times its own VaR."""
    of_book = times(weights, COVARIANCE)
    if dot(weights, of_book) <= 1e-12:
        return
    found = attribution.incremental_var(weights, of_book, VARIANCES, 9900)[index]
    alone = Z99 * abs(weights[index]) * sqrt(VARIANCES[index])
    assert found is None or abs(found) <= alone * (1 + 1e-9)


def test_incremental_var_of_the_only_risky_position_is_the_whole_var() -> None:
    for weights in ([1.0], [1.5, -0.5]):
        covariance = np.diag([1e-4, 0.0][: len(weights)])
        found = attribution.incremental_var(
            weights, times(weights, covariance), np.diag(covariance).tolist(), 9900
        )
        assert found[0] == pytest.approx(Z99 * weights[0] / 100, rel=1e-12)
        assert found[1:] == [0.0] * (len(weights) - 1)


@pytest.mark.parametrize("decade", range(1, 18))
def test_incremental_var_next_to_a_dominating_position_is_computed_to_six_digits(decade: int) -> None:
    """Also at weight 1 - 5e-9, where the variance of the rest is smaller than the rounding of the whole."""
    for small in (10.0**-decade, 5 * 10.0**-decade):
        weights, covariance = [1 - small, small], np.array([[1e-4, 3e-5], [3e-5, 1e-4]])
        found = attribution.incremental_var(weights, times(weights, covariance), [1e-4, 1e-4], 9900)
        wanted = [sold(weights, covariance, index) for index in range(2)]
        assert found == pytest.approx(wanted, rel=1e-6, abs=0.0)


def test_incremental_var_of_a_position_next_to_a_perfect_hedge_is_the_whole_var() -> None:
    covariance = np.array([[1e-4, 0, 0], [0, 1e-4, 1.5e-4], [0, 1.5e-4, 2.25e-4]])
    weights = [0.5, 1.5, -1.0]
    found = attribution.incremental_var(
        weights, times(weights, covariance), np.diag(covariance).tolist(), 9900
    )
    assert found[0] == pytest.approx(Z99 * 0.005, rel=1e-6)


def test_incremental_var_is_continuous_in_the_last_bit_of_a_weight() -> None:
    for weights in ([0.5, 0.3, 0.2], [3.0, -2.5, 0.5], [1 - 5e-9, 5e-9, 0.0]):
        near = [nextafter(weights[0], 9.0), *weights[1:]]
        first, second = (
            attribution.incremental_var(each, times(each, COVARIANCE), VARIANCES, 9900)
            for each in (weights, near)
        )
        assert first == pytest.approx(second, rel=1e-7)


def test_concentration_measures_of_equal_and_hedged_books_match_hand_computation() -> None:
    assert concentration.effective_number([0.25] * 4) == pytest.approx(4.0)
    assert concentration.herfindahl([0.0, 1.0]) == 1.0
    assert concentration.effective_number([0.5, -0.5, 1.0]) == pytest.approx(1 / 0.375)
    assert concentration.gross_exposure([1.5, -0.5]) == 2.0
    assert concentration.net_exposure([1.5, -0.5]) == 1.0
    deviations = [sqrt(each) for each in VARIANCES]
    assert concentration.undiversified([0.5, -0.5], [0.2, 0.4]) == pytest.approx(0.3)
    assert concentration.diversification_ratio(concentration.undiversified(W, deviations), SIGMA) > 1
    assert concentration.diversification_ratio(concentration.undiversified([1.0], [0.2]), 0.2) == 1.0
