"""Repair of a covariance on request of the snapshot, over HTTP."""

from typing import Any

import numpy as np
import pytest

from risk_hub_contracts.base.limits import COVARIANCE_REPAIR_CHANGE_DEFAULT_ABS
from tests.fakes.hub import Hub
from tests.http.report_facts import volatility

NAMES = [f"A{index:02}" for index in range(20)]
WEIGHTS = dict.fromkeys(NAMES, 0.05)
METHODS = ("nearest_correlation", "clip")


def rounded(decimals: int) -> tuple[Any, dict[str, Any]]:
    """Return the covariance of 12 observations, and the same with rounded correlations, as a request has it."""
    series = np.random.default_rng(8).normal(size=(12, 20)) * np.geomspace(0.005, 0.03, 20)
    deviations = series.std(axis=0, ddof=1)
    scale = np.outer(deviations, deviations)
    given = np.corrcoef(series, rowvar=False).round(decimals) * scale
    return np.cov(series, rowvar=False), {"ids": NAMES, "matrix": ((given + given.T) / 2).tolist()}


def reasons(report: dict[str, Any]) -> set[str]:
    return {each["reason"] for each in report["measures"] if each["method"] == "parametric_normal"}


def test_covariance_that_is_not_psd_is_refused_without_a_request_for_repair(hub: Hub) -> None:
    report = hub.risk(weights=WEIGHTS, covariance=rounded(3)[1])
    assert (report["status"], report["repair"]) == ("invalid_input", None)
    assert reasons(report) == {"covariance_not_psd"}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("decimals", [3, 4, 5, 6, 7, 8])
def test_correlations_rounded_to_3_to_8_decimals_give_numbers_after_a_repair(
    hub: Hub, decimals: int, method: str
) -> None:
    exact, given = rounded(decimals)
    report = hub.risk(weights=WEIGHTS, covariance=given, risk={"covariance_repair": method})
    repair, held = report["repair"], np.full(20, 0.05)
    assert (repair["method"], repair["applied"], repair["reason"]) == (method, True, None)
    assert 0 < repair["largest_change"] < 2 * 10.0**-decimals
    assert repair["largest_change"] <= repair["frobenius_distance"]
    assert repair["max_change"] == COVARIANCE_REPAIR_CHANGE_DEFAULT_ABS
    matrix = np.array(given["matrix"])
    assert repair["volatility_given"] == pytest.approx(np.sqrt(held @ matrix @ held), rel=1e-12)
    assert repair["volatility_repaired"] == volatility(report)
    assert volatility(report) == pytest.approx(np.sqrt(held @ exact @ held), rel=10.0 ** (1 - decimals))
    assert report["status"] == "partial"
    assert reasons(report) == {None}
    assert report["sufficiency"]["inputs"][0]["reason"] is None
    assert report["contributions"]["covariance"] == "given"


@pytest.mark.parametrize("method", METHODS)
def test_repair_above_its_limit_is_not_applied_and_shows_its_size(hub: Hub, method: str) -> None:
    correlations = np.array([[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]])
    weights = {"A": -0.4, "B": 0.7, "C": 0.7}
    indefinite = {"ids": list(weights), "matrix": (4e-4 * correlations).tolist()}
    options: dict[str, Any] = {"covariance_repair": method}
    report = hub.risk(weights=weights, covariance=indefinite, risk=options)
    repair = report["repair"]
    assert (repair["applied"], repair["reason"]) == (False, "change_above_limit")
    assert 0.3 < repair["largest_change"] < 0.5
    assert (repair["volatility_given"], repair["volatility_repaired"]) == (None, None)
    assert report["status"] == "invalid_input"
    assert reasons(report) == {"covariance_not_psd"}
    options["covariance_repair_max_change"] = 0.5
    report = hub.risk(version="v2", weights=weights, covariance=indefinite, risk=options)
    assert (report["repair"]["applied"], report["repair"]["max_change"]) == (True, 0.5)
    assert volatility(report) > 0


def test_valid_covariance_is_not_repaired_and_keeps_its_bits(hub: Hub) -> None:
    sound = {"ids": ["AAPL", "MSFT"], "matrix": [[4e-4, 1e-4], [1e-4, 4e-4]]}
    plain = hub.risk(version="plain", covariance=sound)
    asked = hub.risk(version="asked", covariance=sound, risk={"covariance_repair": "clip"})
    assert asked["repair"] is None
    assert asked["measures"] == plain["measures"]


def test_report_on_a_repaired_covariance_is_recomputed_bit_for_bit(hub: Hub) -> None:
    options = {"covariance_repair": "nearest_correlation"}
    hub.risk(weights=WEIGHTS, covariance=rounded(3)[1], risk=options)
    verified = hub.verify("w1", "v1")
    assert (verified.outcome, verified.differences) == ("equal", [])
