"""Published examples of empirical tails and of repaired covariances, posted as books.

A tolerance is half a unit of the last printed digit, or what a comment says about the rounding of the source.
"""

from math import sqrt

import pytest

from tests.fakes.hub import Hub
from tests.http.report_facts import number, tail, upper_covariance
from tests.measures.test_textbook_figures import NORMAL_MODEL

# Hull, Options, Futures and Other Derivatives, 9th ed. 2015, ch. 22, historical simulation with four stock
# indices: the six largest of 500 one-day losses of a portfolio of 10 million dollars. The VaR at 99 % is the
# fifth, 253,385. The book prints no complete list of scenarios; the other 494 below are smaller losses and gains.
PORTFOLIO = 10_000_000
LARGEST_LOSSES = [477_841, 345_435, 282_204, 277_041, 253_385, 217_974]
OTHERS = [(step % 247 - 100) * 1_000 for step in range(494)]
SCENARIOS = [-loss / PORTFOLIO for loss in (*LARGEST_LOSSES, *OTHERS)]


def test_hull_historical_var_of_500_scenarios_is_the_fifth_largest_loss() -> None:
    report = Hub().risk(weights={"INDICES": 1.0}, realized_returns={"INDICES": SCENARIOS})
    row = tail(report, "historical_upper", 9900)
    assert row["value_at_risk"] * PORTFOLIO == pytest.approx(253_385, abs=0.5)
    assert (row["observations"], row["tail_observations"]) == (500, 5)


def test_hull_interpolated_var_of_500_scenarios_is_13_8_percent_lower() -> None:
    """The default of NumPy lies between the fifth and the sixth loss, near the sixth: 218,328."""
    report = Hub().risk(weights={"INDICES": 1.0}, realized_returns={"INDICES": SCENARIOS})
    interpolated = tail(report, "historical", 9900)["value_at_risk"] * PORTFOLIO
    assert interpolated == pytest.approx(253_385 - 0.99 * (253_385 - 217_974), abs=0.5)
    assert 1 - interpolated / 253_385 == pytest.approx(0.138, abs=5e-4)


def test_hull_expected_shortfall_of_500_scenarios_is_the_mean_of_the_five_largest_losses() -> None:
    """One percent of 500 is five whole losses; the mean of the printed ones is 327,181."""
    report = Hub().risk(weights={"INDICES": 1.0}, realized_returns={"INDICES": SCENARIOS})
    shortfall = tail(report, "historical_upper", 9900)["expected_shortfall"] * PORTFOLIO
    assert shortfall == pytest.approx(327_181, abs=0.5)


# Exact-mass expected shortfall of Acerbi and Tasche, On the coherence of expected shortfall, 2002, on the
# discrete distribution of the encyclopedia article "Expected shortfall" (Wikipedia): a portfolio of 100 ends at
# 0, 80, 100 or 150 with probabilities of 10, 30, 40 and 20 percent. Tail mass in percent, and the shortfall.
ENDING_VALUES = [0.0] * 10 + [80.0] * 30 + [100.0] * 40 + [150.0] * 20
EXACT_MASS = [(5, 100.0), (10, 100.0), (20, 60.0), (30, 46.6), (40, 40.0), (50, 32.0)]


@pytest.mark.parametrize(("percent", "printed"), EXACT_MASS)
def test_exact_mass_expected_shortfall_of_a_discrete_distribution(percent: int, printed: float) -> None:
    """Printed values are cut after one decimal: 46.6 stands for 46.67."""
    bps = 10_000 - 100 * percent
    returns = [(value - 100) / 100 for value in ENDING_VALUES]
    report = Hub().risk(weights={"A": 1.0}, realized_returns={"A": returns}, risk={"confidences_bps": [bps]})
    shortfall = 100 * tail(report, "historical_upper", bps)["expected_shortfall"]
    assert printed - 1e-9 <= shortfall < printed + 0.1


# Higham, Computing the nearest correlation matrix, IMA Journal of Numerical Analysis, 2002: the matrix with rows
# (1, 1, 0), (1, 1, 1), (0, 1, 1) is not positive semidefinite. The nearest correlation matrix has 0.7607 next to the
# diagonal and 0.1573 in the corner; its distance is 0.5278.
INDEFINITE = [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]]


def test_nearest_correlation_matrix_of_higham_2002() -> None:
    """The variance of the book shows the weighted sum of the repaired correlations."""
    covariance = upper_covariance(["A", "B", "C"], [[1e-4 * each for each in row] for row in INDEFINITE])
    weights = {"A": 0.3, "B": 0.3, "C": 0.4}
    wanted = {"covariance_repair": "nearest_correlation", "covariance_repair_max_change": 0.5}
    report = Hub().risk(weights=weights, covariance=covariance, risk=wanted)
    assert report["repair"]["frobenius_distance"] == pytest.approx(0.5278, abs=5e-5)
    assert report["repair"]["largest_change"] == pytest.approx(1 - 0.7607, abs=5e-5)
    sigma = number(report, "volatility", "parametric_normal", None)
    pairs = 2 * (0.3 * 0.3 * 0.7607 + 0.3 * 0.4 * 0.1573 + 0.3 * 0.4 * 0.7607)
    printed = 2 * (0.3 * 0.3 + 0.3 * 0.4 + 0.3 * 0.4) * 5e-5
    assert sigma**2 / 1e-4 == pytest.approx(0.3**2 + 0.3**2 + 0.4**2 + pairs, abs=printed)


def test_var_and_es_of_the_normal_model_at_five_requested_confidences() -> None:
    report = Hub().risk(
        weights={"A": 1.0},
        covariance=upper_covariance(["A"], [[(0.2 / sqrt(250)) ** 2]]),
        risk={"confidences_bps": [bps for bps, _, _ in NORMAL_MODEL]},
    )
    for bps, var, shortfall in NORMAL_MODEL:
        row = tail(report, "parametric_normal", bps)
        assert 10_000 * row["value_at_risk"] == pytest.approx(var, abs=0.05)
        assert 10_000 * row["expected_shortfall"] == pytest.approx(shortfall, abs=0.05)
