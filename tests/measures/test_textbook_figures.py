"""Published figures of tests and ratios, on the functions that compute them.

A tolerance is half a unit of the last printed digit. Worked examples that are a whole book are posted to the hub
in `tests/http/test_textbook_books.py`.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import pytest

from functions.measures import backtest, measures, sharpe

# Kupiec, Techniques for Verifying the Accuracy of Risk Measurement Models, Journal of Derivatives, 1995;
# also Jorion, Value at Risk, 3rd ed., table 6-2: failures N between which a model is not refuted at 5 %.
# (99 %, 255 days: "N < 7"; 95 %, 1000 days: "37 < N < 65".)
NON_REJECTION_REGIONS = [
    (9900, 255, 0, 7),
    (9900, 510, 1, 11),
    (9900, 1000, 4, 17),
    (9750, 255, 2, 12),
    (9750, 510, 6, 21),
    (9750, 1000, 15, 36),
    (9500, 255, 6, 21),
    (9500, 510, 16, 36),
    (9500, 1000, 37, 65),
    (9250, 255, 11, 28),
    (9250, 510, 27, 51),
    (9250, 1000, 59, 92),
    (9000, 255, 16, 36),
    (9000, 510, 38, 65),
    (9000, 1000, 81, 120),
]

# Basel Committee, Supervisory Framework for the Use of "Backtesting" in Conjunction with the Internal
# Models Approach to Market Risk Capital Requirements, 1996. Table 2: zone, increase of the multiplier,
# cumulative probability in percent.
TRAFFIC_LIGHT = [
    (0, "green", 0.00, 8.11),
    (1, "green", 0.00, 28.58),
    (2, "green", 0.00, 54.32),
    (3, "green", 0.00, 75.81),
    (4, "green", 0.00, 89.22),
    (5, "yellow", 0.40, 95.88),
    (6, "yellow", 0.50, 98.63),
    (7, "yellow", 0.65, 99.60),
    (8, "yellow", 0.75, 99.89),
    (9, "yellow", 0.85, 99.97),
    (10, "red", 1.00, 99.99),
]
# Table 1 of the same document, a model with a true coverage of 99 %: percent of samples with exactly so
# many exceptions.
EXACTLY = (8.1, 20.5, 25.7, 21.5, 13.4, 6.7, 2.7, 1.0, 0.3, 0.1, 0.0)

# McNeil, Frey, Embrechts, Quantitative Risk Management, 2005, ch. 2, table of VaR and ES in the normal
# model: a position of 10,000 with a volatility of 20 % a year, 250 days a year. Confidence, VaR, expected
# shortfall.
NORMAL_MODEL = [
    (9000, 162.1, 222.0),
    (9500, 208.1, 260.9),
    (9750, 247.9, 295.7),
    (9900, 294.3, 337.1),
    (9950, 325.8, 365.8),
]

# Lo, The Statistics of Sharpe Ratios, Financial Analysts Journal, 2002, table 1: standard errors for
# independent returns, by the ratio per period, for samples of 12, 24, 36, 48, 60, 125, 250 and 500.
SAMPLES = (12, 24, 36, 48, 60, 125, 250, 500)
LO_TABLE_1 = {
    0.50: (0.306, 0.217, 0.177, 0.153, 0.137, 0.095, 0.067, 0.047),
    1.00: (0.354, 0.250, 0.204, 0.177, 0.158, 0.110, 0.077, 0.055),
    2.00: (0.500, 0.354, 0.289, 0.250, 0.224, 0.155, 0.110, 0.077),
    3.00: (0.677, 0.479, 0.391, 0.339, 0.303, 0.210, 0.148, 0.105),
}


@pytest.mark.parametrize(("bps", "days", "above", "below"), NON_REJECTION_REGIONS)
def test_kupiec_non_rejection_regions_of_1995(bps: int, days: int, above: int, below: int) -> None:
    accepted = [x for x in range(days + 1) if backtest.kupiec(days, x, bps).p_value > 0.05]
    assert accepted == list(range(above + 1, below))


@pytest.mark.parametrize(("count", "zone", "increase", "cumulative"), TRAFFIC_LIGHT)
def test_basel_traffic_light_of_1996_with_cumulative_probabilities(
    count: int, zone: str, increase: float, cumulative: float
) -> None:
    assert backtest.basel_zone(count) == zone
    assert backtest.basel_increase(count) == increase
    assert 100 * backtest.cumulative_probability(250, count, 9900) == pytest.approx(cumulative, abs=0.005)


def test_basel_probabilities_of_exactly_so_many_exceptions() -> None:
    cumulative = [backtest.cumulative_probability(250, count, 9900) for count in range(len(EXACTLY))]
    exactly = [after - before for before, after in pairwise([0.0, *cumulative])]
    assert [100 * each for each in exactly] == [pytest.approx(printed, abs=0.05) for printed in EXACTLY]


def test_jorion_example_of_christoffersens_independence_test() -> None:
    """Jorion, Value at Risk, 3rd ed., ch. 6: 20 exceptions in 252 days, of which 6 follow an exception.

    The statistics of the tests at 95 %, as printed: unconditional coverage 3.91, independence 9.53.
    """
    hits: list[bool | None] = [False] * 8
    for run in range(14):
        hits += [False] * 16 + [True] * (2 if run < 6 else 1)
    hits.append(False)
    moves = list(pairwise(hits))
    kinds = ((False, False), (False, True), (True, False), (True, True))
    assert [moves.count(kind) for kind in kinds] == [218, 14, 14, 6]
    clustering = backtest.independence(hits)
    assert clustering is not None
    assert clustering.statistic == pytest.approx(9.53, abs=0.005)
    assert backtest.kupiec(252, 20, 9500).statistic == pytest.approx(3.91, abs=0.005)


@pytest.mark.parametrize(("bps", "var", "shortfall"), NORMAL_MODEL)
def test_var_and_es_of_the_normal_model(bps: int, var: float, shortfall: float) -> None:
    sigma = 10_000 * 0.2 / sqrt(250)
    assert measures.parametric_var(sigma, bps) == pytest.approx(var, abs=0.05)
    assert measures.parametric_es(sigma, bps) == pytest.approx(shortfall, abs=0.05)


@pytest.mark.parametrize("ratio", LO_TABLE_1)
def test_standard_errors_of_sharpe_ratios_of_lo_2002(ratio: float) -> None:
    year = sqrt(252)
    errors = [sharpe.sharpe_standard_error(ratio * year, sample) / year for sample in SAMPLES]
    assert errors == [pytest.approx(printed, abs=5e-4) for printed in LO_TABLE_1[ratio]]


# Bailey, López de Prado, The Sharpe Ratio Efficient Frontier, Journal of Risk, 2012, numerical example: 24
# monthly returns with a ratio of 0.458, skewness -2.448 and kurtosis 10.164. The paper does not print the
# returns. These have those moments.
SKEWED = [-3.917216713237495, 1.51890052987950] + [-0.860884212132051] * 5 + [0.394278661412838] * 17
# Skewness 0 and kurtosis 3, as the normal distribution has.
SYMMETRIC = [sqrt(3), -sqrt(3)] * 4 + [0.0] * 16


def moment(values: Sequence[float], order: int) -> float:
    return sum(value**order for value in values) / len(values)


@pytest.mark.parametrize(
    ("shape", "skewness", "kurtosis", "probability"),
    [(SYMMETRIC, 0.0, 3.0, 0.982), (SKEWED, -2.448, 10.164, 0.913)],
    ids=["normal moments", "skewed and with heavy tails"],
)
def test_probabilistic_sharpe_ratio_of_bailey_and_lopez_de_prado_2012(
    shape: list[float], skewness: float, kurtosis: float, probability: float
) -> None:
    assert [moment(shape, order) for order in range(1, 5)] == pytest.approx(
        [0, 1, skewness, kurtosis], abs=1e-12
    )
    returns = [value + 0.458 * sqrt(24 / 23) for value in shape]
    assert sharpe.probabilistic_sharpe(returns) == pytest.approx(probability, abs=5e-4)
