"""Volatility and contributions of a book without a covariance, over HTTP."""

from math import fsum
from typing import Any

import numpy as np
import pytest

from tests.fakes.hub import Hub
from tests.http.report_facts import number, volatility

NAMES = [f"A{index:02}" for index in range(20)]


def returns_of_three(observations: int) -> Any:
    return np.random.default_rng(11).normal(0, 0.01, (observations, 3))


def columns(values: Any) -> dict[str, list[float]]:
    return dict(zip(NAMES, np.asarray(values).T.tolist(), strict=False))


@pytest.fixture(scope="module")
def bill_heavy() -> tuple[dict[str, float], Any]:
    """A book with 95 % in bills that hardly move, and ten volatile equities."""
    random = np.random.default_rng(11)
    equities = random.normal(0, 0.01, (60, 1)) + random.normal(0, 0.02, (60, 10))
    returns = np.hstack([random.normal(0, 2e-6, (60, 1)), equities])
    weights = {NAMES[0]: 0.995, **dict.fromkeys(NAMES[1:11], 0.0005)}
    return weights, returns


def test_bill_heavy_book_has_the_sample_volatility_of_its_returns(
    hub: Hub, bill_heavy: tuple[dict[str, float], Any]
) -> None:
    """Shrinkage of variances towards their mean gave bills the variance of equities."""
    weights, returns = bill_heavy
    report = hub.risk(weights=weights, realized_returns=columns(returns))
    own = returns @ np.array(list(weights.values()))
    assert volatility(report) == pytest.approx(own.std(ddof=1), rel=1e-12)
    bills = [each for each in report["contributions"]["largest"] if each["id"] == NAMES[0]]
    assert abs(bills[0]["component"]) < 0.05 * number(report, "value_at_risk", "parametric_normal", 9900)


def test_volatility_has_no_step_at_ten_observations_per_asset(hub: Hub) -> None:
    returns = returns_of_three(31) + np.random.default_rng(12).normal(0, 0.01, (31, 1))
    weights = dict(zip(NAMES[:3], (0.5, 0.3, 0.2), strict=True))
    found = {
        days: hub.risk(version=f"v{days}", weights=weights, realized_returns=columns(returns[:days]))
        for days in (29, 30, 31)
    }
    for days, report in found.items():
        own = returns[:days] @ np.array(list(weights.values()))
        assert volatility(report) == pytest.approx(own.std(ddof=1), rel=1e-12)
        assert {each["covariance"] for each in report["measures"]} == {"sample", None}
    shrinkage = [report["covariance_estimate"]["shrinkage"] for report in found.values()]
    assert max(shrinkage) - min(shrinkage) < 0.05


def test_contributions_of_an_estimate_add_up_to_the_value_at_risk_that_they_state(
    hub: Hub, bill_heavy: tuple[dict[str, float], Any]
) -> None:
    weights, returns = bill_heavy
    report = hub.risk(weights=weights, realized_returns=columns(returns))
    estimate, parts = report["covariance_estimate"], report["contributions"]
    assert 0 < estimate["shrinkage"] < 1
    assert (estimate["observations"], estimate["shrinkage_target"]) == (60, "zero_correlation")
    assert estimate["volatility"] == volatility(report)
    assert estimate["attribution_volatility"] == parts["volatility"]
    assert parts["covariance"] == "ledoit_wolf"
    sample = np.cov(returns, rowvar=False)
    delta, held = estimate["shrinkage"], np.array(list(weights.values()))
    shrunk = (1 - delta) * sample + delta * np.diag(np.diag(sample))
    assert parts["volatility"] == pytest.approx(np.sqrt(held @ shrunk @ held), rel=1e-12)
    total = fsum(each["component"] for each in parts["largest"]) + parts["omitted_component"]
    assert total == pytest.approx(parts["value_at_risk"], rel=1e-12)


def test_contributions_of_a_given_covariance_add_up_to_the_headline(hub: Hub) -> None:
    covariance = {"ids": ["AAPL", "MSFT"], "matrix": [[4e-4, 1e-4], [1e-4, 1e-4]]}
    report = hub.risk(covariance=covariance)
    assert report["covariance_estimate"] is None
    assert report["contributions"]["volatility"] == volatility(report)
    headline = number(report, "value_at_risk", "parametric_normal", 9900)
    assert report["contributions"]["value_at_risk"] == headline


@pytest.mark.parametrize("factor", [2.0, 0.37])
def test_returns_scaled_by_a_factor_scale_every_parametric_number(hub: Hub, factor: float) -> None:
    returns = returns_of_three(40)
    weights = dict(zip(NAMES[:3], (1.2, -0.5, 0.3), strict=True))
    once, scaled = (
        hub.risk(version=name, weights=weights, realized_returns=columns(values))
        for name, values in (("once", returns), ("scaled", factor * returns))
    )
    for before, after in zip(once["measures"], scaled["measures"], strict=True):
        if before["value"] is not None:
            assert after["value"] == pytest.approx(factor * before["value"], rel=1e-9)
    for before, after in zip(
        once["contributions"]["largest"], scaled["contributions"]["largest"], strict=True
    ):
        assert after["component"] == pytest.approx(factor * before["component"], rel=1e-7)


def test_splitting_an_asset_or_adding_one_of_weight_zero_changes_no_volatility(hub: Hub) -> None:
    returns = returns_of_three(40)
    series = columns(returns)
    whole = {"A00": 0.5, "A01": 0.3, "A02": 0.2}
    split = {"A00": 0.5, "A01": 0.3, "A02": 0.15, "A02b": 0.05}
    books: dict[str, dict[str, Any]] = {
        "whole": {"weights": whole, "realized_returns": series},
        "split": {"weights": split, "realized_returns": series | {"A02b": series["A02"]}},
        "zero": {"weights": whole | {"Z": 0.0}, "realized_returns": series},
        "renamed": {
            "weights": {"Z": 0.5, "A01": 0.3, "A02": 0.2},
            "realized_returns": {"Z": series["A00"], "A01": series["A01"], "A02": series["A02"]},
        },
    }
    reports = {name: hub.risk(version=name, **fields) for name, fields in books.items()}
    assert volatility(reports["split"]) == pytest.approx(volatility(reports["whole"]), rel=1e-14)
    for name in ("zero", "renamed"):
        assert volatility(reports[name]) == volatility(reports["whole"])
        assert reports[name]["covariance_estimate"] == reports["whole"]["covariance_estimate"]
