"""From announcement to risk report: real inputs, verdicts, and exactly one effect."""

from typing import Any

import numpy as np
import pytest

from functions.evaluation.risk.receipt import ENGINE_VERSION
from risk_hub_contracts.base.limits import EVENT_ENTRY_MAX_BYTES
from risk_hub_contracts.blob.write import digest, encode_factor
from tests.fakes.evaluated_world import WEIGHTS, EvaluatedWorld, find_measure, reasons

Z99 = 2.3263478740408408
RNG = np.random.default_rng(7)
RETURNS = RNG.normal(0, 0.01, size=(250, 3)).round(8)
COVARIANCE = np.cov(RETURNS, rowvar=False)
IDS = ["C", "A", "B"]
W = np.array(list(WEIGHTS.values()))


def matrix(values: Any = COVARIANCE) -> dict[str, Any]:
    return {"ids": IDS, "matrix": np.asarray(values).tolist()}


def returns_by_id() -> dict[str, list[float]]:
    return {asset: RETURNS[:, i].tolist() for i, asset in enumerate(IDS)}


@pytest.mark.parametrize("threshold", [1, 10_000], ids=["by reference", "inline"])
def test_risk_measures_agree_with_numpy(threshold: int) -> None:
    report = EvaluatedWorld(threshold).evaluated(covariance=matrix(), realized_returns=returns_by_id())
    sigma = float(np.sqrt(W @ COVARIANCE @ W))
    book = RETURNS @ W
    assert report.status == "complete"
    assert find_measure(report, "volatility", "parametric_normal", None).value == pytest.approx(
        sigma, rel=1e-12
    )
    var99 = find_measure(report, "value_at_risk", "parametric_normal", 9900)
    assert var99.value == pytest.approx(Z99 * sigma, rel=1e-12)
    historical = find_measure(report, "value_at_risk", "historical", 9500)
    assert historical.value == pytest.approx(-np.quantile(book, 0.05), rel=1e-12)
    assert (historical.observations, historical.coverage, historical.reason) == (250, 1.0, None)
    es = find_measure(report, "expected_shortfall", "historical", 9900)
    worst = -np.sort(book)[:3]
    assert es.value == pytest.approx((worst[0] + worst[1] + 0.5 * worst[2]) / 2.5, rel=1e-12)
    assert [given.source for given in report.inputs] == [("ref" if threshold == 1 else "inline")] * 2


def test_risk_report_names_its_snapshot_engine_and_inputs() -> None:
    world = EvaluatedWorld()
    report = world.evaluated(covariance=matrix())
    assert report.content_hash == world.snapshots.rows["w1", "v1"].content_hash
    assert (report.engine_version, report.stage, report.actor) == (ENGINE_VERSION, "paper", "gateway")
    covariance, returns = report.inputs
    assert covariance.sha256 is not None
    assert covariance.coverage == 1.0
    assert returns.source == "absent"


def test_without_inputs_every_measure_is_null_with_its_reason() -> None:
    report = EvaluatedWorld().evaluated()
    assert report.status == "insufficient"
    assert {measure.value for measure in report.measures} == {None}
    assert reasons(report, "parametric_normal") == {"covariance_absent"}
    assert reasons(report, "historical") == {"realized_returns_absent"}


@pytest.mark.parametrize(
    ("returns", "reason"),
    [
        ({"A": [0.01] * 120, "B": [0.01] * 120}, "returns_do_not_cover_weights"),
        ({"A": [0.01] * 120, "B": [0.01] * 120, "C": [0.01] * 119}, "returns_of_unequal_length"),
        ([0.01], "too_few_observations"),
    ],
)
def test_insufficient_returns_give_null_measures_with_the_reason(returns: Any, reason: str) -> None:
    report = EvaluatedWorld().evaluated(realized_returns=returns)
    assert reasons(report, "historical") == {reason}
    assert report.status == "insufficient"


def test_tail_measure_is_null_with_too_few_observations_for_its_confidence() -> None:
    report = EvaluatedWorld().evaluated(realized_returns=[0.01, -0.02] * 30)
    assert find_measure(report, "value_at_risk", "historical", 9500).value is not None
    refused = find_measure(report, "value_at_risk", "historical", 9900)
    assert (refused.value, refused.reason, refused.observations) == (None, "too_few_observations", 60)
    assert report.status == "partial"


def test_f27_non_psd_covariance_is_recorded_as_invalid_input_and_not_retried() -> None:
    poisoned = COVARIANCE.copy()
    poisoned[0, 1] = poisoned[1, 0] = 0.99 * np.sqrt(poisoned[0, 0] * poisoned[1, 1])
    poisoned[0, 2] = poisoned[2, 0] = 0.99 * np.sqrt(poisoned[0, 0] * poisoned[2, 2])
    poisoned[1, 2] = poisoned[2, 1] = -0.99 * np.sqrt(poisoned[1, 1] * poisoned[2, 2])
    world = EvaluatedWorld()
    event = world.announced(covariance=matrix(poisoned))
    assert world.evaluate_risk(event) == "evaluated"
    assert world.evaluate_risk(event) == "repeated"
    (evaluation,) = world.evaluations.rows.values()
    assert evaluation.report.status == "invalid_input"
    assert reasons(evaluation.report, "parametric_normal") == {"covariance_not_psd"}


def test_inv_05_redelivered_event_stores_no_second_risk_report() -> None:
    world = EvaluatedWorld()
    event = world.announced(covariance=matrix())
    assert world.evaluate_risk(event) == "evaluated"
    first = dict(world.evaluations.rows)
    world.clock.advance(seconds=5)
    assert world.evaluate_risk(event) == "repeated"
    assert world.evaluations.rows == first


def test_inv_06_no_number_is_computed_on_a_damaged_blob() -> None:
    world = EvaluatedWorld(threshold=1)
    event = world.announced(covariance=matrix(), realized_returns=returns_by_id())
    ref = event.data["covariance_ref"]["ref"]
    kind, data = world.blobs.objects[ref]
    world.blobs.objects[ref] = (kind, data[:-1] + bytes([data[-1] ^ 1]))
    assert world.evaluate_risk(event) == "evaluated"
    (evaluation,) = world.evaluations.rows.values()
    assert evaluation.report.status == "invalid_input"
    assert reasons(evaluation.report, "parametric_normal") == {"blob_unavailable"}
    assert reasons(evaluation.report, "historical") == {None}


def test_an_expired_snapshot_is_not_evaluated() -> None:
    world = EvaluatedWorld()
    event = world.announced(covariance=matrix())
    world.clock.advance(seconds=900)
    assert world.evaluate_risk(event) == "expired"
    assert world.evaluations.rows == {}


def test_claim_check_event_loads_the_snapshot_from_the_store() -> None:
    world = EvaluatedWorld()
    event = world.announced(covariance=matrix(), constraints={"note": "x" * EVENT_ENTRY_MAX_BYTES})
    assert "claim_check" in event.data
    assert world.evaluate_risk(event) == "evaluated"
    world.snapshots.rows.clear()
    with pytest.raises(LookupError, match="'v1'"):
        world.evaluate_risk(event)


def test_the_factor_form_gives_the_same_numbers_as_its_matrix() -> None:
    factors = np.array([[0.01, 0.002], [0.008, -0.001], [0.012, 0.0]])
    specific = np.array([1e-5, 2e-5, 3e-5])
    full = factors @ factors.T + np.diag(specific)
    data = encode_factor(IDS, factors.tolist(), specific.tolist())
    world = EvaluatedWorld()
    ref = world.blobs.put("w1", "covariance", digest(data), data)
    report = world.evaluated(covariance_ref=ref.document())
    assert find_measure(report, "volatility", "parametric_normal", None).value == pytest.approx(
        float(np.sqrt(W @ full @ W)), rel=1e-12
    )
