"""Books without risk, dollar-neutral and net-negative books, over HTTP."""

from typing import Any

import numpy as np
import pytest

from functions.evaluation.stress.evaluate import stress_report
from functions.measures.stress import gross_share
from risk_hub_contracts.snapshot.parse import Snapshot
from tests.fakes.clock import START
from tests.fakes.hub import Hub
from tests.http.report_facts import number, volatility

CASH: dict[str, Any] = {"weights": {"AAPL": 0.0, "MSFT": 0.0}, "portfolio": {"cash": 1}}


def values(report: dict[str, Any]) -> set[Any]:
    """Return every measure and every number of every tail."""
    tails = {each[name] for each in report["tails"] for name in ("value_at_risk", "expected_shortfall")}
    return {each["value"] for each in report["measures"]} | tails


def returns(*names: str) -> dict[str, list[float]]:
    random = np.random.default_rng(5)
    return {name: random.normal(0, 0.01, 300).tolist() for name in names}


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"realized_returns": returns("AAPL", "MSFT")},
        {"realized_returns": returns("GOOG")},
        {"realized_returns": {"AAPL": [0.01] * 300, "MSFT": [0.02] * 299}},
        {"covariance": {"ids": ["AAPL", "MSFT"], "matrix": [[4e-4, 1e-4], [1e-4, 4e-4]]}},
    ],
    ids=["no inputs", "returns", "returns of others", "unequal lengths", "covariance"],
)
def test_book_of_cash_alone_has_risk_zero_and_a_complete_report(hub: Hub, inputs: dict[str, Any]) -> None:
    report = hub.risk(**CASH, **inputs)
    assert (report["status"], report["riskless"]) == ("complete", True)
    assert values(report) == {0.0}
    assert {each["reason"] for each in report["measures"]} == {None}
    assert report["sufficiency"]["sufficient"]
    assert (report["concentration"], report["contributions"]) == (None, None)


def test_stress_loss_of_a_book_of_cash_is_zero(hub: Hub) -> None:
    shocks = {"crash": {"shocks": {"AAPL": -0.5}}}
    hub.publish(**CASH, stress=shocks)
    stored = hub.snapshots.rows["w1", "v1"]
    snapshot = Snapshot.from_document(stored.document, stored.content_hash)
    report = stress_report(snapshot, shocks, None, START)
    (loss,) = report.losses
    assert (loss.value, loss.covered_value, loss.coverage, report.status) == (0.0, 0.0, 1.0, "complete")
    assert gross_share({"AAPL": 0.0}, {}) == 1.0


@pytest.mark.parametrize(
    "inputs",
    [
        {"covariance": {"ids": ["AAPL", "MSFT"], "matrix": [[0.0, 0.0], [0.0, 0.0]]}},
        {"realized_returns": {"AAPL": [0.0] * 300, "MSFT": [0.00011] * 300}},
    ],
    ids=["covariance", "constant returns"],
)
def test_book_whose_assets_all_have_variance_zero_has_risk_zero(hub: Hub, inputs: dict[str, Any]) -> None:
    report = hub.risk(**inputs)
    assert (report["status"], report["riskless"]) == ("complete", True)
    assert values(report) == {0.0}
    assert report["concentration"]["diversification_ratio"] is None
    assert report["concentration"]["gross_exposure"] == 1.0


def test_hedge_whose_variance_is_rounding_keeps_its_reason(hub: Hub) -> None:
    (series,) = returns("A").values()
    hedge = {"A": series, "B": series, "CASH": [0.0] * 300}
    report = hub.risk(weights={"A": 0.3, "B": -0.3, "CASH": 1.0}, realized_returns=hedge)
    assert values(report) == {None}
    assert report["riskless"] is False
    reasons = {each["reason"] for each in report["measures"]}
    assert reasons == {"portfolio_variance_is_zero"}


def test_book_that_loses_the_same_share_each_day_is_not_riskless(hub: Hub) -> None:
    series = {"AAPL": [-0.01] * 300, "MSFT": [0.0] * 300}
    report = hub.risk(realized_returns=series)
    assert (report["riskless"], values(report)) == (False, {None})


def test_zero_covariance_is_not_riskless_if_the_returns_vary(hub: Hub) -> None:
    zero = {"ids": ["AAPL", "MSFT"], "matrix": [[0.0, 0.0], [0.0, 0.0]]}
    report = hub.risk(covariance=zero, realized_returns=returns("AAPL", "MSFT"))
    assert (report["riskless"], volatility(report)) == (False, None)
    assert number(report, "value_at_risk", "historical", 9900) > 0


@pytest.mark.parametrize(
    ("weights", "portfolio", "gross", "net"),
    [
        ({"A": 0.5, "B": -0.5}, {"cash": 1}, 1.0, 0.0),
        ({"A": 0.2, "B": -0.7}, {"cash": 1.5}, 0.9, -0.5),
        ({"A": 0.3, "B": 0.3}, {"cash": 0.4}, 0.6, 0.6),
        ({"A": 0.5, "B": -0.5}, {"weights_basis": "gross_exposure"}, 1.0, 0.0),
    ],
    ids=["dollar neutral", "net negative", "partly cash", "gross exposure"],
)
def test_numbers_depend_on_the_positions_at_any_net_weight(
    hub: Hub, weights: dict[str, float], portfolio: dict[str, Any], gross: float, net: float
) -> None:
    series = returns("A", "B")
    report = hub.risk(weights=weights, portfolio=portfolio, realized_returns=series)
    held = np.array([weights["A"], weights["B"]])
    own = np.array([series["A"], series["B"]]).T @ held
    assert volatility(report) == pytest.approx(own.std(ddof=1), rel=1e-12)
    wanted = -np.quantile(own, 0.01)
    assert number(report, "value_at_risk", "historical", 9900) == pytest.approx(wanted, rel=1e-12)
    found = report["concentration"]
    assert (found["gross_exposure"], found["net_exposure"]) == (
        pytest.approx(gross),
        pytest.approx(net),
    )
    assert found["herfindahl"] == pytest.approx(sum((held / gross) ** 2))
    assert report["weights_basis"] == portfolio.get("weights_basis", "net_asset_value")
    assert all(each["incremental"] is not None for each in report["contributions"]["largest"])
