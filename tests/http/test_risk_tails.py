"""`tails` of a risk report over HTTP: every method at every confidence, from POST through the engine to GET."""

from random import Random
from typing import Any

import pytest

from functions.measures import historical
from tests.fakes.hub import Hub
from tests.http.report_facts import number, tail, upper_covariance

CONFIDENCES = [9900, 9750, 9500]
METHODS = ["historical_upper", "historical", "parametric_normal"]
COVARIANCE = upper_covariance(["AAPL", "MSFT"], [[4e-4, 1e-4], [1e-4, 2e-4]])


def returns(count: int) -> dict[str, list[float]]:
    """Return this many daily returns of both assets of the book."""
    random = Random(11)
    return {asset: [round(random.gauss(0, 0.01), 8) for _ in range(count)] for asset in ("AAPL", "MSFT")}


def report(count: int = 250, **fields: Any) -> dict[str, Any]:
    return Hub().risk(covariance=COVARIANCE, realized_returns=returns(count), **fields)


def of_the_book(count: int) -> list[float]:
    first, second = returns(count).values()
    return [0.6 * a + 0.4 * b for a, b in zip(first, second, strict=True)]


def test_c1_upper_historical_var_at_99_percent_is_the_first_of_nine_rows() -> None:
    tails = report()["tails"]
    assert [(row["method"], row["confidence_bps"]) for row in tails] == [
        (method, bps) for method in METHODS for bps in CONFIDENCES
    ]
    losses = sorted((-value for value in of_the_book(250)), reverse=True)
    assert tails[0]["value_at_risk"] == pytest.approx(losses[2], rel=1e-14)
    assert (tails[0]["observations"], tails[0]["tail_observations"]) == (250, 3)
    assert {row["unit"] for row in tails} == {"fraction_of_portfolio_value"}
    assert [row["basis"] for row in tails] == ["pro_forma"] * 6 + ["covariance"] * 3


def test_c1_interpolated_var_stays_next_to_the_upper_one_with_the_same_expected_shortfall() -> None:
    found = report()
    for bps in (9500, 9900):
        interpolated, upper = tail(found, "historical", bps), tail(found, "historical_upper", bps)
        assert interpolated["value_at_risk"] == number(found, "value_at_risk", "historical", bps)
        assert interpolated["value_at_risk"] < upper["value_at_risk"]
        shortfall = number(found, "expected_shortfall", "historical", bps)
        assert interpolated["expected_shortfall"] == upper["expected_shortfall"] == shortfall


def test_c2_expected_shortfall_changes_by_rounding_when_one_tied_return_changes_by_one_ulp() -> None:
    tied = [-0.03, *[-0.02] * 4, *[0.001, 0.002, -0.001] * 65]
    nudged = [-0.03, *[-0.02] * 3, -0.020000000000000004, *[0.001, 0.002, -0.001] * 65]
    before, after = (Hub().risk(realized_returns=values) for values in (tied, nudged))
    for method in METHODS[:2]:
        first, second = tail(before, method, 9900), tail(after, method, 9900)
        assert second["expected_shortfall"] == pytest.approx(first["expected_shortfall"], rel=1e-14)
        assert first["expected_shortfall"] == pytest.approx(0.025)


@pytest.mark.parametrize(("count", "in_tail"), [(100, 1), (200, 2), (201, 3)])
def test_c2_number_from_fewer_than_three_tail_observations_is_not_sufficient(
    count: int, in_tail: int
) -> None:
    found = report(count)
    row = tail(found, "historical_upper", 9900)
    assert row["value_at_risk"] is not None
    assert row["tail_observations"] == in_tail
    assert row["sufficient"] == (in_tail >= 3)
    assert row["reason"] == (None if in_tail >= 3 else "too_few_tail_observations")
    assert tail(found, "historical_upper", 9500)["sufficient"]
    assert found["sufficiency"]["sufficient"] == (in_tail >= 3)


def test_c2_historical_numbers_have_standard_errors_that_grow_with_the_confidence() -> None:
    found = report(1_000)
    for method in METHODS[:2]:
        for name in ("value_at_risk_standard_error", "expected_shortfall_standard_error"):
            at_95, at_99 = (tail(found, method, bps)[name] for bps in (9500, 9900))
            assert 0 < at_95 < at_99 < 0.01
    assert tail(found, "historical_upper", 9750)["value_at_risk_standard_error"] == pytest.approx(
        historical.historical_upper_standard_error(of_the_book(1_000), 9750), rel=1e-9
    )
    assert tail(found, "parametric_normal", 9900)["value_at_risk_standard_error"] is None
    few = tail(report(100), "historical_upper", 9900)
    assert few["value_at_risk_standard_error"] is few["expected_shortfall_standard_error"] is None


def test_number_that_cannot_be_computed_is_null_with_its_reason() -> None:
    few = Hub().risk(realized_returns=returns(39))
    for bps, reason in ((9900, "too_few_observations"), (9750, "too_few_observations"), (9500, None)):
        row = tail(few, "historical_upper", bps)
        assert (row["value_at_risk"] is None) == (reason is not None)
        assert row["reason"] == (reason or "too_few_tail_observations")
        assert row["observations"] == 39
    absent = Hub().risk(covariance=COVARIANCE)
    assert tail(absent, "historical", 9900)["reason"] == "realized_returns_absent"
    assert tail(absent, "parametric_normal", 9900)["sufficient"]
    constant = Hub().risk(realized_returns=[0.001] * 300)
    assert tail(constant, "historical_upper", 9900)["reason"] == "portfolio_variance_is_zero"


def test_one_series_without_ids_is_a_track_record() -> None:
    found = Hub().risk(realized_returns=of_the_book(250))
    assert tail(found, "historical_upper", 9900)["basis"] == "track_record"


def test_snapshot_chooses_the_confidences_of_its_tails_and_of_its_backtest() -> None:
    world = Hub()
    options = {"confidences_bps": [9000, 9975]}
    found = world.risk(covariance=COVARIANCE, realized_returns=returns(401), risk=options)
    assert [(row["method"], row["confidence_bps"]) for row in found["tails"]] == [
        (method, bps) for method in METHODS for bps in (9975, 9000)
    ]
    assert {row["confidence_bps"] for row in found["measures"]} == {None, 9500, 9900}
    assert tail(found, "historical_upper", 9000)["value_at_risk"] == pytest.approx(
        historical.historical_upper(of_the_book(401), 9000)
    )
    assert not tail(found, "historical_upper", 9975)["sufficient"]
    assert found["receipt"]["parameters"]["tail_confidences_bps"] == [9975, 9000]
    path = "/risk-hub/worlds/w1/risk/backtest?stage=paper"
    assert world.api("GET", f"{path}&confidence_bps=9000").json["method"] == "historical_upper"
    refused = world.api("GET", path)
    assert (refused.status, refused.pointers) == (422, ["/confidence_bps"])
    assert "historical_upper at 9000, 9975" in refused.json["detail"]


def test_receipt_lists_the_confidences_and_the_least_tail_observations() -> None:
    parameters = report()["receipt"]["parameters"]
    assert parameters["tail_confidences_bps"] == CONFIDENCES
    assert parameters["tail_min_observations"] == 3
    assert parameters["min_observations"]["historical_9750"] == 40
    assert set(METHODS) <= set(parameters["methods"])
