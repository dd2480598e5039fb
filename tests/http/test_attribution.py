"""Contributions of long/short books and statistics of hedges, over HTTP."""

from typing import Any

import numpy as np
import pytest

from tests.fakes.hub import Hub
from tests.http.report_facts import number

Z99 = 2.3263478740408408


def contributions(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in report["contributions"]["largest"]}


def test_incremental_var_of_a_long_short_book_equals_the_change_by_selling_the_position_for_cash(
    hub: Hub,
) -> None:
    """The rest, rescaled from a net weight of 2 % to 100 %, had a VaR of many times the book's."""
    weights = {"A": 0.98, "B": 1.02, "C": -1.0}
    covariance = np.array([[4e-4, 2e-4, 2e-4], [2e-4, 4e-4, 3e-4], [2e-4, 3e-4, 4e-4]])
    report = hub.risk(weights=weights, covariance={"ids": list(weights), "matrix": covariance.tolist()})
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
    found = contributions(hub.risk(weights=weights, covariance=covariance))
    assert found["A"]["incremental"] == pytest.approx(Z99 * 0.02, rel=1e-6)
    assert found["B"]["incremental"] == pytest.approx(Z99 * 0.01 * 5e-9, rel=1e-6)
    assert found["A"]["incremental_rescaled"] is None


def test_hit_ratio_of_a_perfect_hedge_is_null_as_its_other_statistics(hub: Hub) -> None:
    returns = np.random.default_rng(3).normal(0, 0.01, 120)
    weights = {"A": 2.1, "B": -0.7, "C": -0.4}
    series = {"A": returns.tolist(), "B": (3 * returns).tolist(), "C": [0.0] * 120}
    report = hub.risk(weights=weights, realized_returns=series)
    assert {each["hit_ratio"] for each in report["windows"]} == {None}
    assert {each["reasons"]["hit_ratio"] for each in report["windows"]} == {"constant_series"}
    assert number(report, "value_at_risk", "historical", 9900) is None


IDS = ["A", "B", "C", "D"]


def parametric(report: dict[str, Any]) -> list[float]:
    """Return every parametric number; a report without returns has no other numbers."""
    found = [each["value"] for each in report["measures"] if each["method"] == "parametric_normal"]
    assert None not in found
    return found


def covariance_of(order: list[int]) -> tuple[dict[str, Any], dict[str, float]]:
    """Return one covariance and its book, with the ids in another order."""
    series = np.random.default_rng(12).normal(0, 0.01, (60, 4))
    matrix = np.cov(series, rowvar=False)
    weights = dict(zip(IDS, (0.7, 0.6, -0.5, 0.2), strict=True))
    ids = [IDS[index] for index in order]
    covariance = {"ids": ids, "matrix": matrix[np.ix_(order, order)].tolist()}
    return covariance, {asset: weights[asset] for asset in ids}


def test_order_of_ids_changes_no_bit_of_a_report(hub: Hub) -> None:
    reports = []
    for version, order in (("rising", [0, 1, 2, 3]), ("mixed", [2, 0, 3, 1])):
        covariance, weights = covariance_of(order)
        reports.append(hub.risk(version=version, weights=weights, covariance=covariance))
    for member in ("measures", "tails", "contributions", "concentration"):
        assert reports[0][member] == reports[1][member]


def test_splitting_an_asset_in_two_splits_its_component(hub: Hub) -> None:
    covariance, weights = covariance_of([0, 1, 2, 3])
    whole = hub.risk(version="whole", weights=weights, covariance=covariance)
    order = [0, 1, 2, 3, 3]
    matrix = np.array(covariance["matrix"])[np.ix_(order, order)].tolist()
    parts = {**weights, "D": 0.15, "E": 0.05}
    split = hub.risk(version="split", weights=parts, covariance={"ids": [*IDS, "E"], "matrix": matrix})
    assert parametric(split) == pytest.approx(parametric(whole), rel=1e-13)
    before, after = contributions(whole), contributions(split)
    assert after["D"]["component"] + after["E"]["component"] == pytest.approx(
        before["D"]["component"], rel=1e-12
    )
    for asset in ("A", "B", "C"):
        for name in ("marginal", "component", "incremental"):
            assert after[asset][name] == pytest.approx(before[asset][name], rel=1e-12)


def test_last_bit_of_a_weight_changes_numbers_by_their_last_digits_only(hub: Hub) -> None:
    covariance, weights = covariance_of([0, 1, 2, 3])
    near = {**weights, "A": float(np.nextafter(weights["A"], 1))}
    reports = [
        hub.risk(version=version, weights=book, covariance=covariance)
        for version, book in (("v1", weights), ("v2", near))
    ]
    assert parametric(reports[1]) == pytest.approx(parametric(reports[0]), rel=1e-14)
    for before, after in zip(*(report["contributions"]["largest"] for report in reports), strict=True):
        assert after["incremental"] == pytest.approx(before["incremental"], rel=1e-12)
