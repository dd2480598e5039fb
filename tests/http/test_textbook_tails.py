"""Published examples of empirical tails, posted as books.

A tolerance is half a unit of the last printed digit, or what a comment says about the rounding of the source.
"""

import pytest

from tests.http.evaluating_hub import EvaluatingHub, tail

# Hull, Options, Futures and Other Derivatives, 9th ed. 2015, ch. 22, historical simulation with four stock
# indices: the six largest of 500 one-day losses of a portfolio of 10 million dollars. The VaR at 99 % is the
# fifth, 253,385. The book prints no complete list of scenarios; the other 494 below are smaller losses and gains.
PORTFOLIO = 10_000_000
LARGEST_LOSSES = [477_841, 345_435, 282_204, 277_041, 253_385, 217_974]
OTHERS = [(step % 247 - 100) * 1_000 for step in range(494)]
SCENARIOS = [-loss / PORTFOLIO for loss in (*LARGEST_LOSSES, *OTHERS)]


def test_hull_historical_var_of_500_scenarios_is_the_fifth_largest_loss() -> None:
    report = EvaluatingHub().risk(weights={"INDICES": 1.0}, realized_returns={"INDICES": SCENARIOS})
    row = tail(report, "historical_upper", 9900)
    assert row["value_at_risk"] * PORTFOLIO == pytest.approx(253_385, abs=0.5)
    assert (row["observations"], row["tail_observations"]) == (500, 5)


def test_hull_interpolated_var_of_500_scenarios_is_13_8_percent_lower() -> None:
    """The default of NumPy lies between the fifth and the sixth loss, near the sixth: 218,328."""
    report = EvaluatingHub().risk(weights={"INDICES": 1.0}, realized_returns={"INDICES": SCENARIOS})
    interpolated = tail(report, "historical", 9900)["value_at_risk"] * PORTFOLIO
    assert interpolated == pytest.approx(253_385 - 0.99 * (253_385 - 217_974), abs=0.5)
    assert 1 - interpolated / 253_385 == pytest.approx(0.138, abs=5e-4)


def test_hull_expected_shortfall_of_500_scenarios_is_the_mean_of_the_five_largest_losses() -> None:
    """One percent of 500 is five whole losses; the mean of the printed ones is 327,181."""
    report = EvaluatingHub().risk(weights={"INDICES": 1.0}, realized_returns={"INDICES": SCENARIOS})
    shortfall = tail(report, "historical_upper", 9900)["expected_shortfall"] * PORTFOLIO
    assert shortfall == pytest.approx(327_181, abs=0.5)
