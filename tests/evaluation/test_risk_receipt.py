"""A report can be recomputed bit for bit, and its forecast is stored next to it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from functions.evaluation.derived_record import AnyDerivedRecord, DerivedRecord
from functions.evaluation.risk import parametric, report, tails, windows
from functions.evaluation.risk.policy import RiskPolicy
from functions.evaluation.risk.receipt import ENGINE_VERSION
from functions.evaluation.risk.verify import NothingToVerifyError
from functions.evaluation.store.dynamodb_reports import from_item
from functions.measures import attribution, exact, historical, measures, performance, returns
from functions.measures.covariance import exact_cholesky, form, sample
from infra.local.sample import SAMPLE_FILE
from risk_hub_contracts.base.limits import EVENT_ENTRY_MAX_BYTES
from risk_hub_contracts.blob.write import encode_returns
from risk_hub_contracts.reports.forecast import CrossSection
from risk_hub_contracts.reports.receipt import result_hash
from risk_hub_contracts.reports.risk import RiskReport
from tests.evaluation import threads_probe
from tests.fakes.evaluated_world import EvaluatedWorld, find_measure, verdict
from tests.fakes.samples import WORLD

SAMPLE = json.loads(SAMPLE_FILE.read_text(encoding="utf-8"))
PARTS = {name: SAMPLE[name] for name in ("weights", "covariance", "realized_returns")}


COVARIANCE = {"ids": ["A", "B", "C"], "upper": [1e-4, 0.0, 0.0, 1e-4, 0.0, 1e-4]}

COMPUTING = (
    *(attribution, historical, measures, parametric, performance, returns, tails, windows, report),
    *(exact, exact_cholesky, form, sample),
)
SHAPING_NOTHING = {
    "BPS_PER_ONE",
    "DAYS_PER_YEAR",
    "LEGACY_CONFIDENCE_BPS",
    "GOLDEN",
    "ITERATIONS_MAX",
    "CONVERGED_RATIO",
}


def receipt_hash(report: RiskReport) -> str:
    assert report.receipt is not None
    return report.receipt.result_hash


@pytest.mark.parametrize("threshold", [1, 10**6], ids=["by reference", "inline"])
@pytest.mark.parametrize("missing", ["stress", "covariance", "realized_returns"])
@pytest.mark.parametrize("options", [{}, {"risk": {"confidences_bps": [9000, 9990]}}], ids=["default", "own"])
def test_stored_report_is_recomputed_bit_for_bit(
    threshold: int, missing: str, options: dict[str, Any]
) -> None:
    world = EvaluatedWorld(threshold, RiskPolicy(fallback="correlation_one", legacy_method=True))
    parts = {name: part for name, part in PARTS.items() if name != missing}
    report = world.evaluated(**parts, **options)
    world.clock.advance(days=2)
    verified = world.verify(WORLD, "v1")
    assert verified.equal
    assert (verified.stored_hash, verified.recomputed_hash) == (receipt_hash(report),) * 2
    assert verified.differences == []


def test_result_hash_is_independent_of_time_offloading_and_earlier_snapshots() -> None:
    inline, by_reference = EvaluatedWorld(threshold=10**6), EvaluatedWorld(threshold=1)
    reports = [inline.evaluated(**PARTS), by_reference.evaluated(**PARTS)]
    experienced = EvaluatedWorld(threshold=1)
    experienced.evaluated(version="v0", as_of="2026-01-05T11:00:00Z", ttl_sec=86_400, **PARTS)
    experienced.clock.advance(seconds=30)
    reports.append(experienced.evaluated(**PARTS))
    ages = [[each.staleness_seconds for each in verdict(report).inputs] for report in reports]
    assert ages == [[None, 0.0], [0.0, 0.0], [3_540.0, 3_540.0]]
    assert {each.source for report in reports for each in report.inputs} == {"inline", "ref"}
    assert len({(report.content_hash, receipt_hash(report)) for report in reports}) == 1


def test_result_hash_includes_dated_returns_staleness_but_not_first_use_staleness() -> None:
    world = EvaluatedWorld(threshold=1)
    dates = [(date(2025, 1, 1) + timedelta(days=i)).isoformat() for i in range(30)]
    returns = world.blob(
        "realized_returns", encode_returns({asset: [0.01, -0.02] * 15 for asset in "ABC"}, dates)
    )
    document = world.evaluated(covariance=COVARIANCE, realized_returns_ref=returns).model_dump(mode="json")
    for part, counts in ((0, False), (1, True)):
        forged = json.loads(json.dumps(document))
        forged["sufficiency"]["inputs"][part] |= {"staleness_seconds": 1.0, "known_since": document["as_of"]}
        assert (result_hash(forged) != result_hash(document)) is counts
        forged["receipt"]["result_hash"] = result_hash(forged)
        stored_again(world, RiskReport.model_validate(forged))
        verified = world.verify(WORLD, "v1")
        assert verified.equal is not counts
        assert "known_since" in " ".join(verified.not_hashed)
        pointers = ["/sufficiency/inputs/1/staleness_seconds"] if counts else []
        assert [each.pointer for each in verified.differences] == pointers


def test_result_hash_changes_with_any_field_except_evaluated_at() -> None:
    document = EvaluatedWorld().evaluated(**PARTS).model_dump(mode="json")
    hashes = {result_hash(document)}
    for path in (("measures", 0, "value"), ("concentration", "herfindahl"), ("receipt", "engine_version")):
        changed: Any = json.loads(json.dumps(document))
        place = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = 0.5
        hashes.add(result_hash(changed))
    assert len(hashes) == 4
    assert result_hash({**document, "evaluated_at": "later"}) in hashes


def stored_again(world: EvaluatedWorld, changed: RiskReport) -> None:
    key = (WORLD, f"risk/v1/{ENGINE_VERSION}")
    world.evaluations.rows[key] = DerivedRecord(changed)


def test_verify_names_the_changed_field_of_a_tampered_report() -> None:
    world = EvaluatedWorld()
    report = world.evaluated(**PARTS)
    flattered = report.measures[0].model_copy(update={"value": 0.001})
    stored_again(world, report.model_copy(update={"measures": [flattered, *report.measures[1:]]}))
    verified = world.verify(WORLD, "v1")
    assert (verified.equal, verified.intact) == (False, False)
    (found,) = verified.differences
    assert (found.pointer, found.stored, found.recomputed) == (
        "/measures/0/value",
        0.001,
        report.measures[0].value,
    )


def test_verify_detects_a_tampered_report_with_a_recomputed_hash() -> None:
    world = EvaluatedWorld()
    report = world.evaluated(**PARTS)
    assert report.receipt is not None
    document = report.model_dump(mode="json")
    document["measures"][0]["value"] = 0.001
    document["receipt"]["result_hash"] = result_hash(document)
    stored_again(world, RiskReport.model_validate(document))
    verified = world.verify(WORLD, "v1")
    assert (verified.equal, verified.intact) == (False, True)
    assert [each.pointer for each in verified.differences] == ["/measures/0/value"]
    assert verified.stored_hash != verified.recomputed_hash


def test_verify_outcome_is_unverifiable_when_a_blob_is_gone() -> None:
    world = EvaluatedWorld(threshold=1)
    report = world.evaluated(**PARTS)
    kept = dict(world.blobs.objects)
    for ref, (kind, _) in kept.items():
        if kind == "covariance":
            del world.blobs.objects[ref]
    verified = world.verify(WORLD, "v1")
    assert (verified.outcome, verified.equal, verified.intact) == ("unverifiable", False, True)
    assert (verified.blobs_gone, verified.blobs_back) == ([report.inputs[0].sha256], [])
    world.blobs.objects.update(kept)
    assert world.verify(WORLD, "v1").outcome == "equal"


def test_verify_names_blobs_that_were_missing_at_evaluation_and_exist_now() -> None:
    world = EvaluatedWorld(threshold=1)
    event = world.announced(**PARTS)
    kept = dict(world.blobs.objects)
    world.blobs.objects.clear()
    world.evaluate_risk(event)
    assert world.verify(WORLD, "v1").outcome == "equal"
    world.blobs.objects.update(kept)
    verified = world.verify(WORLD, "v1")
    (evaluation,) = world.evaluations.rows.values()
    assert (verified.outcome, verified.blobs_gone) == ("unverifiable", [])
    assert verified.blobs_back == [given.sha256 for given in evaluation.report.inputs]


def test_verify_reports_a_changed_report_even_when_blobs_are_gone() -> None:
    world = EvaluatedWorld(threshold=1)
    report = world.evaluated(**PARTS)
    stored_again(world, report.model_copy(update={"status": "partial"}))
    world.blobs.objects.clear()
    assert world.verify(WORLD, "v1").outcome == "differs"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_verify_fails_for_a_version_without_a_report(version: str) -> None:
    world = EvaluatedWorld()
    world.announced()
    with pytest.raises(LookupError, match=version):
        world.verify(WORLD, version)


FROZEN = Path(__file__).parents[2] / "contracts" / "released" / "1.0.0" / "records.json"


def earlier_report() -> AnyDerivedRecord:
    """Return a report that engine 2.0.0 stored, as release 1.0.0 recorded it."""
    items = json.loads(FROZEN.read_text(encoding="utf-8"))["tables"]["evaluations"]
    records = [from_item(item) for item in items if item["evaluation_id"]["S"].startswith("risk/")]
    (found,) = [each for each in records if each.report.receipt is not None][:1]
    return found


@pytest.mark.parametrize(
    ("status", "verdict_text"), [(None, "intact"), ("invalid_input", "its hash differs")]
)
def test_verify_refuses_a_report_of_an_earlier_engine_and_says_what_is_stored(
    status: str | None, verdict_text: str
) -> None:
    """Members that were added since do not count as a change of the stored report."""
    world, record = EvaluatedWorld(), earlier_report()
    world.announced()
    changes = {"world_id": WORLD, "version": "v1"}
    earlier = record.report.model_dump(mode="json", exclude_unset=True) | changes
    earlier["receipt"]["result_hash"] = result_hash(earlier)
    assert "tails" not in earlier
    if status is not None:
        earlier["status"] = status
    world.evaluations.rows[WORLD, "risk/v1/2.0.0"] = DerivedRecord(RiskReport.model_validate(earlier))
    with pytest.raises(NothingToVerifyError) as refused:
        world.verify(WORLD, "v1")
    text = str(refused.value)
    assert "no report by engine 3.0.0, only by engine 2.0.0 (" in text
    assert verdict_text in text
    assert "risk-hub risk evaluate" in text


def test_hash_of_a_frozen_report_of_engine_2_still_matches_its_receipt() -> None:
    report = earlier_report().report
    assert report.engine_version == "2.0.0"
    assert result_hash(report.model_dump(mode="json", exclude_unset=True)) == receipt_hash(report)


def test_the_receipt_names_engine_inputs_and_parameters() -> None:
    report = EvaluatedWorld(threshold=1).evaluated(**PARTS)
    assert report.receipt is not None
    assert report.receipt.engine_version == ENGINE_VERSION
    assert report.receipt.content_hash == report.content_hash
    assert report.receipt.inputs == {each.kind: each.sha256 for each in report.inputs}
    assert report.receipt.parameters.fallback == "none"


def test_receipt_parameters_include_every_constant_that_affects_a_report() -> None:
    reported = EvaluatedWorld().evaluated(**PARTS).model_dump(mode="json")["receipt"]["parameters"]
    shaping = dict(named_numbers())
    assert len(shaping) > 10
    least = {"ESTIMATE_MIN_OBSERVATIONS", "SHARPE_MIN_OBSERVATIONS", "DEVIATION_MIN_OBSERVATIONS"}
    assert {name: reported[name.lower()] for name in shaping.keys() - least} == {
        name: value for name, value in shaping.items() if name not in least
    }
    assert reported["min_observations"] == {
        "covariance": shaping["ESTIMATE_MIN_OBSERVATIONS"],
        "sharpe": shaping["SHARPE_MIN_OBSERVATIONS"],
        "volatility": shaping["DEVIATION_MIN_OBSERVATIONS"],
        "historical_9500": 20,
        "historical_9750": 40,
        "historical_9900": 100,
    }


def named_numbers() -> Iterator[tuple[str, float]]:
    """Yield the named numbers of the report code, except units, mathematics and algorithm sizes."""
    for module in COMPUTING:
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, int | float) and name not in SHAPING_NOTHING:
                yield name, value


def test_risk_numbers_are_bit_identical_with_one_or_two_blas_threads() -> None:
    """On the committed book, and on vectors from a committed seed that use the array path."""
    reported = [
        subprocess.run(
            [sys.executable, "-m", "tests.evaluation.threads_probe"],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for threads in ("1", "2")
    ]
    assert reported[0] == reported[1]
    assert len(reported[0].splitlines()) == len(threads_probe.BOOKS)


def test_contributions_add_up_and_the_largest_come_first() -> None:
    report = EvaluatedWorld().evaluated(**PARTS)
    reported = report.contributions
    assert reported is not None
    components = [each.component for each in reported.largest]
    var = find_measure(report, "value_at_risk", "parametric_normal", 9900).value
    assert sum(components) + reported.omitted_component == pytest.approx(var, abs=1e-9)
    assert components == sorted(components, key=abs, reverse=True)
    assert reported.omitted_count == 0


def test_largest_book_fits_on_the_bus_by_omitting_the_smallest_contributions() -> None:
    count = 300
    names = ["\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 120 + f"{index:04}" for index in range(count)]
    world = EvaluatedWorld()
    returns = np.random.default_rng(4).normal(0, 0.01, (count, 30)).tolist()
    event = world.announced(
        weights=dict.fromkeys(names, 1 / count), realized_returns=dict(zip(names, returns, strict=True))
    )
    assert world.evaluate_risk(event) == "evaluated"
    (evaluation,) = world.evaluations.rows.values()
    reported = evaluation.report.contributions
    assert (len(reported.largest), reported.omitted_count) == (50, 250)
    assert sum(each.component for each in reported.largest) + reported.omitted_component == pytest.approx(
        reported.value_at_risk, abs=1e-9
    )
    assert len(evaluation.report.model_dump_json().encode()) < EVENT_ENTRY_MAX_BYTES / 2


def test_forecast_stores_the_reports_tail_measures_with_weights_and_last_returns() -> None:
    world = EvaluatedWorld()
    report = world.evaluated(**PARTS)
    (forecast,) = world.forecasts.rows.values()
    assert (forecast.version, forecast.as_of, forecast.stage) == (report.version, report.as_of, report.stage)
    assert forecast.weights == PARTS["weights"]
    assert forecast.created_at == "2026-01-05T12:00:00.000000Z"
    for tail in forecast.tails[:4]:
        var = find_measure(report, "value_at_risk", tail.method, tail.confidence_bps)
        es = find_measure(report, "expected_shortfall", tail.method, tail.confidence_bps)
        assert (tail.value_at_risk, tail.expected_shortfall, tail.reason) == (var.value, es.value, var.reason)
    rows = {(row.method, row.confidence_bps): row for row in forecast.rows()}
    assert len(rows) == len(forecast.rows()) == len(report.tails) == 9
    for row in report.tails:
        stored = rows[row.method, row.confidence_bps]
        assert (stored.value_at_risk, stored.expected_shortfall) == (
            row.value_at_risk,
            row.expected_shortfall,
        )
    assert {row.method for row in forecast.further_tails} == {"historical_upper"}
    last = {asset: series[-1] for asset, series in PARTS["realized_returns"].items()}
    assert forecast.realized == CrossSection(date=None, by_id=last, portfolio=None)


def test_forecast_takes_a_series_without_ids_as_the_portfolio_return() -> None:
    world = EvaluatedWorld()
    world.evaluated(realized_returns=[0.01, -0.02])
    (forecast,) = world.forecasts.rows.values()
    assert forecast.realized == CrossSection(date=None, by_id=None, portfolio=-0.02)
    world.evaluated(version="v2")
    assert world.forecasts.rows[max(world.forecasts.rows)].realized is None


def test_redelivery_after_a_crash_stores_the_report_and_no_second_forecast(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = EvaluatedWorld()
    event = world.announced(**PARTS)
    with monkeypatch.context() as patch:
        patch.setattr(world.evaluations, "put_once", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.evaluate_risk(event)
    assert len(world.forecasts.rows) == 1
    assert world.evaluations.rows == {}
    assert world.evaluate_risk(event) == "evaluated"
    assert len(world.forecasts.rows) == 1
