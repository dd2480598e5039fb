"""Books whose cash completes the weights: cash alone, dollar-neutral, net short, shares of gross exposure."""

from typing import Any

import pytest

from tests.fakes.evaluated_world import EvaluatedWorld, find_measure

COVARIANCE = {"ids": ["A", "B"], "upper": [0.04, 0.01, 0.09]}
SERIES = [(-1) ** day * 0.001 * (day % 7) for day in range(250)]
RETURNS = {"A": SERIES, "B": SERIES[1:] + SERIES[:1]}
BOOKS: dict[str, dict[str, Any]] = {
    "dollar-neutral": {"weights": {"A": 0.5, "B": -0.5}, "portfolio": {"cash": 1}},
    "net short": {"weights": {"A": 0.3, "B": -0.7}, "portfolio": {"cash": 1.4}},
    "gross exposure": {"weights": {"A": 0.6, "B": -0.4}, "portfolio": {"weights_basis": "gross_exposure"}},
}


@pytest.mark.parametrize("book", BOOKS)
def test_risk_of_a_book_with_cash_is_the_risk_of_its_positions(book: str) -> None:
    fields = BOOKS[book]
    report = EvaluatedWorld().evaluated(**fields, covariance=COVARIANCE, realized_returns=RETURNS)
    a, b = fields["weights"].values()
    variance = a * a * 0.04 + 2 * a * b * 0.01 + b * b * 0.09
    assert report.status == "complete"
    assert find_measure(report, "volatility", "parametric_normal", None).value == pytest.approx(variance**0.5)


@pytest.mark.parametrize("inputs", [{}, {"covariance": COVARIANCE}, {"realized_returns": RETURNS}])
def test_a_book_of_cash_alone_is_evaluated_without_a_concentration(inputs: dict[str, Any]) -> None:
    report = EvaluatedWorld().evaluated(weights={"A": 0}, portfolio={"cash": 1}, **inputs)
    assert report.version == "v1"
    assert report.concentration is None


def test_only_the_rescaled_incremental_var_of_a_dollar_neutral_book_is_null() -> None:
    report = EvaluatedWorld().evaluated(**BOOKS["dollar-neutral"], covariance=COVARIANCE)
    assert report.contributions is not None
    assert {row.incremental_rescaled for row in report.contributions.largest} == {None}
    assert None not in {row.incremental for row in report.contributions.largest}
