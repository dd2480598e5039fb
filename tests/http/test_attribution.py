"""Contributions of long/short books and statistics of hedges, through the HTTP door."""

from typing import Any

import numpy as np
import pytest

from tests.http.conftest import Hub
from tests.http.risk_reports import number, risk_report

Z99 = 2.3263478740408408


def contributions(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in report["contributions"]["largest"]}


def test_incremental_var_of_a_long_short_book_is_that_of_selling_the_position_for_cash(hub: Hub) -> None:
    """The rest, rescaled from a net weight of 2 % to 100 %, had a VaR of many times the book's."""
    weights = {"A": 0.98, "B": 1.02, "C": -1.0}
    covariance = np.array([[4e-4, 2e-4, 2e-4], [2e-4, 4e-4, 3e-4], [2e-4, 3e-4, 4e-4]])
    report = risk_report(
        hub, weights=weights, covariance={"ids": list(weights), "matrix": covariance.tolist()}
    )
    whole = np.array(list(weights.values()))
    for index, asset in enumerate(weights):
        rest = np.where(np.arange(3) == index, 0.0, whole)
        found = contributions(report)[asset]
        wanted = Z99 * (np.sqrt(whole @ covariance @ whole) - np.sqrt(rest @ covariance @ rest))
        assert found["incremental"] == pytest.approx(wanted, rel=1e-12)
        assert abs(found["incremental"]) <= Z99 * 0.02 * abs(weights[asset]) * (1 + 1e-12)
    assert contributions(report)["A"]["incremental_rescaled"] < -0.5


def test_incremental_var_of_a_position_with_nearly_the_whole_weight_is_computed(hub: Hub) -> None:
    weights = {"A": 1 - 5e-9, "B": 5e-9}
    covariance = {"ids": ["A", "B"], "matrix": [[4e-4, 2e-4], [2e-4, 4e-4]]}
    found = contributions(risk_report(hub, weights=weights, covariance=covariance))
    assert found["A"]["incremental"] == pytest.approx(Z99 * 0.02, rel=1e-6)
    assert found["B"]["incremental"] == pytest.approx(Z99 * 0.01 * 5e-9, rel=1e-6)
    assert found["A"]["incremental_rescaled"] is None


def test_hit_ratio_of_a_perfect_hedge_is_null_as_its_other_statistics(hub: Hub) -> None:
    returns = np.random.default_rng(3).normal(0, 0.01, 120)
    weights = {"A": 2.1, "B": -0.7, "C": -0.4}
    series = {"A": returns.tolist(), "B": (3 * returns).tolist(), "C": [0.0] * 120}
    report = risk_report(hub, weights=weights, realized_returns=series)
    assert {each["hit_ratio"] for each in report["windows"]} == {None}
    assert {each["reasons"]["hit_ratio"] for each in report["windows"]} == {"constant_series"}
    assert number(report, "value_at_risk", "historical", 9900) is None
