"""Worked examples of textbooks, posted as books: the reports that GET answers show the printed figures.

A printed amount divided by the portfolio's value is the loss fraction of a report. The tolerance is half a unit
of the last printed digit, plus the effect of printed inputs that are themselves rounded, stated where it exists.
"""

from math import sqrt
from typing import Any

import pytest

from tests.fakes.hub import Hub
from tests.http.report_facts import number, upper_covariance

# The quantiles that the books print, and the exact ones of the engine.
JORION_95 = 1.65
EXACT_95 = 1.6448536269514722


def dollars(value: float) -> Any:
    """Return a printed amount of whole dollars with its tolerance."""
    return pytest.approx(value, abs=0.5)


def hundred(value: float) -> Any:
    """Return a printed amount that was rounded to hundreds of dollars, with its tolerance."""
    return pytest.approx(value, abs=50)


def parametric_var(bps: int, **fields: Any) -> float:
    return float(number(Hub().risk(**fields), "value_at_risk", "parametric_normal", bps))


def uncorrelated(**variances: float) -> dict[str, Any]:
    ids = list(variances)
    return upper_covariance(ids, [[variances[a] if a == b else 0.0 for b in ids] for a in ids])


# Hull, Options, Futures and Other Derivatives, 9th ed. 2015, ch. 22 "Value at risk", the two-asset case: 10
# million of Microsoft at 2 % a day, 5 million of AT&T at 1 % a day, correlation 0.3, confidence 99 %,
# rounded to hundreds.
MICROSOFT, ATT, BOTH = 10e6, 5e6, 15e6
TWO_ASSETS = upper_covariance(["MSFT", "T"], [[0.02**2, 0.3 * 0.02 * 0.01], [0.3 * 0.02 * 0.01, 0.01**2]])


def test_hull_var_of_each_asset_alone_at_99_percent() -> None:
    for asset, value, one_day, ten_days in (
        ("MSFT", MICROSOFT, 465_300, 1_471_300),
        ("T", ATT, 116_300, 367_800),
    ):
        var = value * parametric_var(9900, weights={asset: 1.0}, covariance=TWO_ASSETS)
        assert var == hundred(one_day)
        assert sqrt(10) * var == hundred(ten_days)


def test_hull_var_and_diversification_benefit_of_two_assets() -> None:
    """Printed: deviation 220,227; VaR 512,300 for one day and 1,620,100 for ten, less by 219,000 than the sum."""
    weights = {"MSFT": MICROSOFT / BOTH, "T": ATT / BOTH}
    report = Hub().risk(weights=weights, covariance=TWO_ASSETS)
    sigma = number(report, "volatility", "parametric_normal", None)
    var = number(report, "value_at_risk", "parametric_normal", 9900)
    assert BOTH * sigma == dollars(220_227)
    assert BOTH * var == hundred(512_300)
    assert sqrt(10) * BOTH * var == hundred(1_620_100)
    undiversified = report["concentration"]["diversification_ratio"] * var
    assert sqrt(10) * BOTH * (undiversified - var) == hundred(219_000)


# Hull, as above, section on four indices: thousands of dollars in DJIA, FTSE 100, CAC 40 and Nikkei 225,
# with their covariances over 500 days of equal weight, and with exponentially decreasing weights at lambda
# 0.94.
INDICES = ["DJIA", "FTSE", "CAC", "N225"]
INDEX_WEIGHTS = {"DJIA": 0.4, "FTSE": 0.3, "CAC": 0.1, "N225": 0.2}
EQUAL_WEIGHTS = [
    [0.0001227, 0.0000768, 0.0000767, -0.0000095],
    [0.0000768, 0.0002010, 0.0001817, 0.0000394],
    [0.0000767, 0.0001817, 0.0001950, 0.0000407],
    [-0.0000095, 0.0000394, 0.0000407, 0.0001909],
]
DECREASING_WEIGHTS = [
    [0.0004801, 0.0004303, 0.0004257, -0.0000396],
    [0.0004303, 0.0010314, 0.0009630, 0.0002095],
    [0.0004257, 0.0009630, 0.0009535, 0.0001681],
    [-0.0000396, 0.0002095, 0.0001681, 0.0002541],
]


@pytest.mark.parametrize(
    ("covariance", "variance", "var"),
    [(EQUAL_WEIGHTS, 8_761.833, 217_757), (DECREASING_WEIGHTS, 40_995.765, 471_025)],
    ids=["equal weights", "exponentially decreasing weights"],
)
def test_hull_var_of_four_indices(covariance: list[list[float]], variance: float, var: float) -> None:
    """The covariances are printed to 7 decimals: the variance of 10,000 thousands moves by 10,000² · 0.5e-7 = 5."""
    report = Hub().risk(weights=INDEX_WEIGHTS, covariance=upper_covariance(INDICES, covariance))
    sigma = 10_000 * number(report, "volatility", "parametric_normal", None)
    assert sigma**2 == pytest.approx(variance, abs=5)
    found = 10e6 * number(report, "value_at_risk", "parametric_normal", 9900)
    assert found == pytest.approx(var, rel=5 / variance / 2)


# Jorion, Value at Risk, 3rd ed. 2007, ch. 7 "Portfolio risk": 2 million in Canadian dollars at 5 % a year
# and 1 million in euros at 12 %, not correlated, at 95 % with the quantile rounded to 1.65.
CURRENCIES = {"CAD": 2 / 3, "EUR": 1 / 3}
CURRENCY_COVARIANCE = uncorrelated(CAD=0.05**2, EUR=0.12**2)
JORION_SCALE = 3e6 * JORION_95 / EXACT_95


def test_jorion_var_of_two_currencies_and_of_each() -> None:
    """Printed: 257,738 diversified; 165,000 and 198,000 alone; 363,000 undiversified."""
    var = parametric_var(9500, weights=CURRENCIES, covariance=CURRENCY_COVARIANCE)
    assert var * JORION_SCALE == dollars(257_738)
    alone = [
        value / 3e6 * JORION_SCALE * parametric_var(9500, weights={id_: 1.0}, covariance=CURRENCY_COVARIANCE)
        for id_, value in (("CAD", 2e6), ("EUR", 1e6))
    ]
    assert alone == [dollars(165_000), dollars(198_000)]


def test_jorion_marginal_and_component_var() -> None:
    """Printed: marginal 0.0528 and 0.1521; components 105,630 and 152,108, which are 41.0 % and 59.0 %.

    Contributions of a report are at 99 %. Each is proportional to the quantile, here Jorion's of 1.65.
    """
    contributions = Hub().risk(weights=CURRENCIES, covariance=CURRENCY_COVARIANCE)["contributions"]
    assert contributions["confidence_bps"] == 9900
    by_id = {each["id"]: each for each in contributions["largest"]}
    to_jorion = JORION_95 / 2.3263478740408408
    assert by_id["CAD"]["marginal"] * to_jorion == pytest.approx(0.0528, abs=5e-5)
    assert by_id["EUR"]["marginal"] * to_jorion == pytest.approx(0.1521, abs=5e-5)
    components = [3e6 * by_id[each]["component"] * to_jorion for each in CURRENCIES]
    assert components == [dollars(105_630), dollars(152_108)]
    assert components[1] / sum(components) == pytest.approx(0.590, abs=5e-4)


def test_jorion_incremental_var_is_the_fall_of_var_when_a_position_is_sold() -> None:
    """Without euros 165,000 remain, without Canadian dollars 198,000, as printed: 257,738 falls by the difference."""
    contributions = Hub().risk(weights=CURRENCIES, covariance=CURRENCY_COVARIANCE)["contributions"]
    incremental = {each["id"]: each["incremental"] for each in contributions["largest"]}
    scale = 3e6 * JORION_95 / 2.3263478740408408
    assert incremental["EUR"] * scale == dollars(257_738 - 165_000)
    assert incremental["CAD"] * scale == dollars(257_738 - 198_000)


# J.P. Morgan, RiskMetrics Technical Document, 4th ed. 1996, ch. 1, examples 1 and 2: a position of 100
# million dollars in a German bond has an exchange rate VaR of 932,000 (0.565 % · 1.65) and an interest rate
# VaR of 999,000, correlated -0.27.
def test_riskmetrics_var_of_a_position_with_two_risk_factors() -> None:
    rate, bond = 0.932 / 100, 0.999 / 100
    covariance = upper_covariance(["DEM", "BUND"], [[rate**2, -0.27 * rate * bond], [0.0, bond**2]])
    report = Hub().risk(weights={"DEM": 0.5, "BUND": 0.5}, covariance=covariance)
    assert 200 * number(report, "volatility", "parametric_normal", None) == pytest.approx(1.168, abs=5e-4)


def test_riskmetrics_var_of_an_exchange_rate_is_1_65_deviations() -> None:
    """The document rounds the quantile at 95 % to 1.65: 100 million · 0.565 % · 1.65 = 932,000."""
    var = parametric_var(9500, weights={"DEM": 1.0}, covariance=uncorrelated(DEM=0.00565**2))
    assert 100e6 * var * JORION_95 / EXACT_95 == pytest.approx(932_000, abs=500)


# U.S. Department of Justice and Federal Trade Commission, Horizontal Merger Guidelines: four firms with
# shares of 30, 30, 20 and 20 percent have a Herfindahl-Hirschman index of 2,600, in squared percents.
def test_herfindahl_index_of_four_shares() -> None:
    weights = {"A": 0.3, "B": 0.3, "C": 0.2, "D": 0.2}
    report = Hub().risk(weights=weights, covariance=uncorrelated(A=1e-4, B=1e-4, C=1e-4, D=1e-4))
    assert 10_000 * report["concentration"]["herfindahl"] == pytest.approx(2_600, abs=1e-9)
    assert report["concentration"]["effective_number"] == pytest.approx(10_000 / 2_600, rel=1e-15)
