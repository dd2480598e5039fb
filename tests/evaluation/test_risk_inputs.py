"""Bad, short and unusual inputs, each with its required verdict: no number is ever invented."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from functions.evaluation.risk.policy import RiskPolicy, policy_from
from functions.hub.ports import Dependency, DependencyUnavailableError
from functions.measures.covariance.exact_forms import ExactPacked
from functions.measures.covariance.form import Verdict
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.blob.write import encode_covariance, encode_factor, encode_returns
from risk_hub_contracts.reports.risk import RiskReport
from tests.fakes.evaluated_world import EvaluatedWorld, find_measure, reasons, verdict
from tests.fakes.samples import WORLD

RNG = np.random.default_rng(8)
IDS = ["A", "B", "C"]
RETURNS = RNG.normal(0, 0.01, (250, 3)).round(8)
COVARIANCE = np.cov(RETURNS, rowvar=False)
VARIANCES = np.diag(COVARIANCE)
BY_ID = {asset: RETURNS[:, i].tolist() for i, asset in enumerate(IDS)}
UPPER = COVARIANCE[np.triu_indices(3)].tolist()
SOUND = {"ids": IDS, "upper": UPPER}
W = np.array([0.7, -0.2, 0.5])
CORRELATION_ONE = float(np.abs(W) @ np.sqrt(VARIANCES))
FALLBACK = RiskPolicy(fallback="correlation_one")


def triangle(values: Any) -> list[float]:
    found: list[float] = np.asarray(values)[np.triu_indices(len(values))].tolist()
    return found


def nothing_parametric(report: RiskReport) -> set[str | None]:
    """Return the reasons, after checking that no parametric number was given."""
    assert {m.value for m in report.measures if m.method == "parametric_normal"} == {None}
    assert report.contributions is None
    assert not verdict(report).sufficient
    return reasons(report, "parametric_normal")


def correlated(rho: float) -> list[float]:
    matrix = COVARIANCE.copy()
    matrix[0, 1] = matrix[1, 0] = rho * np.sqrt(VARIANCES[0] * VARIANCES[1])
    return triangle(matrix)


@pytest.mark.parametrize(
    ("upper", "reason"),
    [
        (correlated(1.5), "covariance_not_psd"),
        ([*UPPER[:-1], -1e-6], "covariance_not_psd"),
        ([float("nan"), *UPPER[1:]], "covariance_not_finite"),
        ([*UPPER[:1], float("inf"), *UPPER[2:]], "covariance_not_finite"),
    ],
    ids=["correlation above 1", "negative variance", "nan", "infinity"],
)
def test_invalid_covariance_blob_gives_null_parametric_measures(upper: list[float], reason: str) -> None:
    world = EvaluatedWorld()
    data = bytearray(encode_covariance(IDS, UPPER))
    data[-8 * len(upper) :] = np.array(upper).tobytes()
    report = world.evaluated(covariance_ref=world.blob("covariance", bytes(data)))
    assert nothing_parametric(report) == {reason}
    assert report.status == "invalid_input"
    assert verdict(report).inputs[0].reason == reason


@pytest.mark.parametrize("weights", [{"B": 0.5, "C": 0.5}, {"A": 0.5, "B": 1.0, "C": -0.5}])
def test_correlation_above_one_between_tiny_variances_gives_null_parametric_measures(weights: Any) -> None:
    world = EvaluatedWorld()
    ref = world.blob("covariance", encode_covariance(IDS, [1.0, 0.0, 0.0, 1e-12, 5e-12, 1e-12]))
    report = world.evaluated(weights=weights, covariance_ref=ref)
    assert nothing_parametric(report) == {"covariance_not_psd"}
    assert report.status == "invalid_input"


@pytest.mark.parametrize("upper", [[1.0, 0.0, 0.0, 1e-18, 1e-16, 1e-18], [1.0, 0.0, 0.0, -1e-18, 0.0, 1e-18]])
def test_book_variance_below_the_rounding_error_of_the_matrix_gives_null_parametric_measures(
    upper: list[float],
) -> None:
    """The matrix passes because it is within rounding; the book's variance is smaller than that rounding."""
    world = EvaluatedWorld()
    ref = world.blob("covariance", encode_covariance(IDS, upper))
    report = world.evaluated(weights={"B": 0.5, "C": 0.5}, covariance_ref=ref)
    assert nothing_parametric(report) == {"covariance_not_psd"}
    assert report.status == "invalid_input"


def test_asymmetric_covariance_is_refused_when_published() -> None:
    matrix = COVARIANCE.tolist()
    matrix[0][1] *= 1.1
    with pytest.raises(ProblemError) as refused:
        EvaluatedWorld().evaluated(covariance={"ids": IDS, "matrix": matrix})
    assert {"not symmetric" in each.detail for each in refused.value.violations} == {True}


def test_covariance_without_a_tiny_position_gives_null_parametric_measures() -> None:
    world = EvaluatedWorld()
    ref = world.blob("covariance", encode_covariance(IDS[:2], [1e-4, 0.0, 1e-4]))
    report = world.evaluated(weights={"A": 0.5, "B": 0.4999, "C": 0.0001}, covariance_ref=ref)
    assert nothing_parametric(report) == {"covariance_does_not_cover_weights"}
    assert verdict(report).inputs[0].coverage == pytest.approx(0.9999)
    assert report.status == "insufficient"


def test_missing_id_is_not_covered_even_with_a_weight_lost_in_rounding() -> None:
    world = EvaluatedWorld()
    report = world.evaluated(
        weights={"A": 1.0, "B": 1e-17},
        covariance_ref=world.blob("covariance", encode_covariance(["A"], [1e-4])),
        realized_returns={"A": BY_ID["A"]},
    )
    assert nothing_parametric(report) == {"covariance_does_not_cover_weights"}
    assert reasons(report, "historical") == {"returns_do_not_cover_weights"}
    assert all(given.coverage is not None and given.coverage < 1 for given in verdict(report).inputs)


def test_inputs_without_any_id_of_the_book_have_zero_coverage() -> None:
    world = EvaluatedWorld()
    ref = world.blob("covariance", encode_covariance(["X"], [1e-4]))
    report = world.evaluated(covariance_ref=ref, realized_returns={"X": [0.01] * 250})
    assert nothing_parametric(report) == {"covariance_does_not_cover_weights"}
    assert reasons(report, "historical") == {"returns_do_not_cover_weights"}
    assert [given.coverage for given in verdict(report).inputs] == [0.0, 0.0]


def test_zero_weight_asset_needs_no_inputs() -> None:
    report = EvaluatedWorld().evaluated(
        weights={"A": 0.5, "B": 0.0, "C": 0.5}, realized_returns={"A": BY_ID["A"], "C": BY_ID["C"]}
    )
    assert report.status == "complete"


@pytest.mark.parametrize("order", [["C", "B", "A"], ["B", "A", "C"]])
def test_input_id_order_changes_no_bit_of_the_report(order: list[str]) -> None:
    straight = EvaluatedWorld().evaluated(covariance=SOUND, realized_returns=BY_ID)
    place = [IDS.index(asset) for asset in order]
    shuffled = EvaluatedWorld().evaluated(
        covariance={"ids": order, "matrix": COVARIANCE[np.ix_(place, place)].tolist()},
        realized_returns={asset: BY_ID[asset] for asset in order},
        weights={asset: float(W[IDS.index(asset)]) for asset in order},
    )
    assert straight.measures == shuffled.measures
    assert straight.contributions == shuffled.contributions


@pytest.mark.parametrize("count", [3, 201])
def test_asset_order_changes_no_bit_on_the_exact_or_array_path(count: int) -> None:
    generator = np.random.default_rng(5)
    ids = [f"A{index:04}" for index in range(count)]
    weights = dict(zip(ids, generator.dirichlet(np.ones(count)).tolist(), strict=True))
    returns = dict(zip(ids, generator.normal(0, 0.01, (count, 120)).tolist(), strict=True))
    hashes = set()
    for order in (1, -1):
        report = EvaluatedWorld().evaluated(
            weights=dict(list(weights.items())[::order]),
            realized_returns=dict(list(returns.items())[::order]),
        )
        assert report.receipt is not None
        hashes.add((report.content_hash, report.receipt.result_hash))
    assert len(hashes) == 1


def test_zero_variance_hedge_gives_null_parametric_measures() -> None:
    flat = {"ids": ["A", "B"], "matrix": [[0.04, 0.02], [0.02, 0.01]]}
    report = EvaluatedWorld().evaluated(weights={"A": -1.0, "B": 2.0}, covariance=flat)
    assert nothing_parametric(report) == {"portfolio_variance_is_zero"}


@pytest.mark.parametrize(("value", "observations"), [(0.001, 250), (0.00011, 100)])
@pytest.mark.parametrize("count", [1, 3, 201])
def test_constant_series_give_risk_zero_and_no_sharpe(value: float, observations: int, count: int) -> None:
    """The mean of equal numbers does not always equal that number: the difference is not a deviation."""
    names = [f"A{i:03}" for i in range(count)]
    report = EvaluatedWorld().evaluated(
        weights=dict.fromkeys(names, 1 / count),
        realized_returns=dict.fromkeys(names, [value] * observations),
    )
    assert report.riskless
    assert {measure.value for measure in report.measures} == {0.0}
    assert {each.sharpe for each in report.windows} == {None}


HEDGES = {
    "rounded hedge": ({"A": 0.7, "B": 0.3}, {"A": BY_ID["A"], "B": [-value * 7 / 3 for value in BY_ID["A"]]}),
    "exact hedge": ({"A": 0.5, "B": 0.5}, {"A": BY_ID["A"], "B": [-value for value in BY_ID["A"]]}),
    "bare zeros": ({"A": 1.0}, [0.0] * 250),
    "bare constant": ({"A": 1.0}, [0.00011] * 250),
}


@pytest.mark.parametrize(("weights", "returns"), HEDGES.values(), ids=HEDGES)
def test_book_with_only_rounding_noise_gives_null_measures(weights: Any, returns: Any) -> None:
    """Give no zero without a reason, and no number from the last bits of a cancellation."""
    report = EvaluatedWorld().evaluated(weights=weights, realized_returns=returns)
    assert reasons(report, "historical") == {"portfolio_variance_is_zero"}
    assert {measure.value for measure in report.measures} == {None}
    for each in report.windows:
        assert (each.sharpe, each.volatility, each.value_at_risk, each.expected_shortfall) == (None,) * 4
        assert set(each.reasons.values()) == {"constant_series"}


def test_large_book_with_only_rounding_noise_gives_null_measures() -> None:
    names = [f"A{i:03}" for i in range(202)]
    series = [[(1 if i % 2 else -1) * value * (1 + i // 2) for value in BY_ID["A"]] for i in range(202)]
    report = EvaluatedWorld().evaluated(
        weights=dict.fromkeys(names, 1 / 202),
        realized_returns=dict(zip(names, series, strict=True)),
    )
    assert reasons(report, "historical") == {"portfolio_variance_is_zero"}
    assert {each.sharpe for each in report.windows} == {None}


@pytest.mark.parametrize("count", [1, 2, 19])
def test_too_few_observations_give_no_covariance_estimate_and_no_tail(count: int) -> None:
    report = EvaluatedWorld().evaluated(realized_returns={a: v[:count] for a, v in BY_ID.items()})
    assert nothing_parametric(report) == {"covariance_absent"}
    assert reasons(report, "historical") == {"too_few_observations"}
    assert verdict(report).inputs[1].observations == count


@pytest.mark.parametrize("count", [20, 29, 30, 250])
def test_absent_covariance_is_estimated_from_returns_and_named_in_every_measure(count: int) -> None:
    report = EvaluatedWorld().evaluated(realized_returns={a: v[-count:] for a, v in BY_ID.items()})
    measured = find_measure(report, "value_at_risk", "parametric_normal", 9900)
    assert (measured.covariance, measured.observations, measured.coverage) == ("sample", count, 1.0)
    assert verdict(report).covariance == "sample"
    assert verdict(report).inputs[0].reason == "covariance_absent"
    wanted = np.sqrt(W @ np.cov(RETURNS[-count:], rowvar=False) @ W)
    volatility = find_measure(report, "volatility", "parametric_normal", None).value
    assert volatility == pytest.approx(wanted, rel=1e-12)
    estimate, contributions = report.covariance_estimate, report.contributions
    assert estimate is not None
    assert contributions is not None
    assert (estimate.observations, estimate.volatility) == (count, volatility)
    assert estimate.attribution_volatility == contributions.volatility
    assert contributions.covariance == "ledoit_wolf"


def test_invalid_covariance_is_not_replaced_by_an_estimate() -> None:
    world = EvaluatedWorld()
    ref = world.blob("covariance", encode_covariance(IDS, correlated(1.5)))
    report = world.evaluated(covariance_ref=ref, realized_returns=BY_ID)
    assert nothing_parametric(report) == {"covariance_not_psd"}


@pytest.mark.parametrize(
    ("lengths", "reason", "observations"),
    [
        ({"A": 250, "B": 250, "C": 250, "X": 5}, None, 250),
        ({"A": 250, "B": 249, "C": 250, "X": 5}, "returns_of_unequal_length", 249),
        ({"A": 250, "B": 250, "X": 5}, "returns_do_not_cover_weights", 250),
        ({"X": 5}, "returns_do_not_cover_weights", 0),
    ],
)
def test_only_returns_of_held_assets_count_as_observations(
    lengths: dict[str, int], reason: str | None, observations: int
) -> None:
    series = {asset: BY_ID.get(asset, BY_ID["A"])[:length] for asset, length in lengths.items()}
    report = EvaluatedWorld().evaluated(covariance=SOUND, realized_returns=series)
    assert reasons(report, "historical") == {reason}
    assert {m.observations for m in report.measures if m.method == "historical"} == {observations}
    assert verdict(report).inputs[1].observations == observations


@pytest.mark.parametrize("kept", [2, 3])
def test_nan_in_returns_gives_null_measures_only_if_the_asset_is_held(kept: int) -> None:
    world = EvaluatedWorld()
    data = bytearray(encode_returns(BY_ID))
    data[-8:] = np.array([np.nan]).tobytes()
    weights = {"A": 0.5, "B": 0.5} if kept == 2 else {"A": 0.5, "B": 0.25, "C": 0.25}
    report = world.evaluated(
        weights=weights, realized_returns_ref=world.blob("realized_returns", bytes(data))
    )
    assert reasons(report, "historical") == ({None} if kept == 2 else {"returns_not_finite"})
    (forecast,) = world.forecasts.rows.values()
    assert forecast.realized is not None
    assert forecast.realized.by_id is not None
    assert set(forecast.realized.by_id) == {"A", "B"}


def test_covariance_ref_to_a_returns_blob_is_malformed() -> None:
    world = EvaluatedWorld()
    ref = world.blob("covariance", encode_covariance(IDS, UPPER))
    returns = world.blob("realized_returns", encode_returns([0.01]))
    event = world.announced(covariance_ref=ref, realized_returns_ref=returns)
    event.data["covariance_ref"] = {**returns, "kind": "covariance"}
    assert world.evaluate_risk(event) == "evaluated"
    (evaluation,) = world.evaluations.rows.values()
    assert nothing_parametric(evaluation.report) == {"blob_malformed"}


def test_correlation_one_fallback_bounds_the_volatility_and_is_named() -> None:
    world = EvaluatedWorld(policy=FALLBACK)
    ref = world.blob("covariance", encode_covariance(IDS, correlated(1.5)))
    report = world.evaluated(covariance_ref=ref)
    volatility = find_measure(report, "volatility", "parametric_normal", None)
    assert volatility.value == pytest.approx(CORRELATION_ONE, rel=1e-12)
    assert volatility.covariance == "correlation_one"
    reported = verdict(report)
    assert (reported.fallback, reported.covariance, reported.sufficient) == (
        "correlation_one",
        "correlation_one",
        False,
    )
    assert reported.inputs[0].reason == "covariance_not_psd"
    assert report.status == "invalid_input"
    assert report.contributions is None


def test_fallback_is_an_upper_bound_and_is_not_used_for_valid_or_absent_covariances() -> None:
    report = EvaluatedWorld(policy=FALLBACK).evaluated(covariance=SOUND, realized_returns=BY_ID)
    assert verdict(report).fallback is None
    volatility = find_measure(report, "volatility", "parametric_normal", None).value
    assert volatility is not None
    assert volatility <= CORRELATION_ONE
    missing = EvaluatedWorld(policy=FALLBACK).evaluated()
    assert nothing_parametric(missing) == {"covariance_absent"}


def test_legacy_measures_are_reported_only_with_legacy_method_enabled() -> None:
    report = EvaluatedWorld(policy=RiskPolicy(legacy_method=True)).evaluated(covariance=SOUND)
    sigma = find_measure(report, "volatility", "parametric_normal", None).value
    assert sigma is not None
    var = find_measure(report, "value_at_risk", "legacy_v1", 9900).value
    assert var == pytest.approx(2.33 * sigma)
    assert find_measure(report, "expected_shortfall", "legacy_v1", 9900).value == pytest.approx(
        1.2 * 2.33 * sigma
    )
    assert reasons(EvaluatedWorld().evaluated(covariance=SOUND), "legacy_v1") == set()


@pytest.mark.parametrize("choices", [("zero", "false"), ("none", "yes"), ("", "")])
def test_unknown_risk_policy_is_refused_at_startup(choices: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="unknown risk policy"):
        policy_from(*choices)
    assert policy_from("correlation_one", "true") == RiskPolicy("correlation_one", legacy_method=True)


def count_verdicts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    made: list[int] = []
    judge = ExactPacked.verdict

    def counted(form: ExactPacked) -> Verdict:
        made.append(1)
        return judge(form)

    monkeypatch.setattr(ExactPacked, "verdict", counted)
    return made


def test_covariance_verdict_is_computed_once_per_blob(monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_verdicts(monkeypatch)
    world = EvaluatedWorld(threshold=1)
    first = world.evaluated(version="v1", covariance=SOUND)
    second = world.evaluated(version="v2", as_of="2026-01-05T12:00:00Z", covariance=SOUND)
    assert len(made) == 1
    assert first.measures == second.measures
    assert verdict(first).psd_margin == verdict(second).psd_margin
    assert verdict(first).inputs[0].staleness_seconds == 0.0
    assert verdict(second).inputs[0].staleness_seconds == 60.0
    assert verdict(second).inputs[0].known_since == "2026-01-05T11:59:00.000000Z"


def test_negative_covariance_verdict_is_cached_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_verdicts(monkeypatch)
    world = EvaluatedWorld(policy=FALLBACK)
    ref = world.blob("covariance", encode_covariance(IDS, correlated(1.5)))
    reports = [world.evaluated(version=version, covariance_ref=ref) for version in ("v1", "v2")]
    assert len(made) == 1
    assert [verdict(report).inputs[0].reason for report in reports] == ["covariance_not_psd"] * 2
    assert reports[0].measures == reports[1].measures


def test_inline_covariance_verdict_is_not_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_verdicts(monkeypatch)
    world = EvaluatedWorld()
    for version in ("v1", "v2"):
        assert verdict(world.evaluated(version=version, covariance=SOUND)).inputs[0].staleness_seconds is None
    assert len(made) == 2
    assert world.notes.rows == {}


def test_staleness_of_dated_returns_counts_from_the_end_of_the_last_day() -> None:
    world = EvaluatedWorld()
    days = [(date(2026, 1, 3) - timedelta(days=249 - i)).isoformat() for i in range(250)]
    ref = world.blob("realized_returns", encode_returns(BY_ID, days))
    report = world.evaluated(realized_returns_ref=ref)
    given = verdict(report).inputs[1]
    assert given.last_date == "2026-01-03"
    assert given.staleness_seconds == 35 * 3_600 + 59 * 60
    assert {each.basis for each in report.windows} == {"calendar_days"}
    (forecast,) = world.forecasts.rows.values()
    assert forecast.realized is not None
    assert forecast.realized.date == "2026-01-03"


@pytest.mark.parametrize(("last", "reason"), [("2026-01-05", None), ("2026-01-06", "returns_after_as_of")])
def test_returns_dated_after_as_of_give_null_measures_and_no_staleness(last: str, reason: str | None) -> None:
    """The book's `as_of` is noon of 5 January: a return of that day may be known, one of the next may not."""
    world = EvaluatedWorld()
    days = [(date.fromisoformat(last) - timedelta(days=249 - i)).isoformat() for i in range(250)]
    ref = world.blob("realized_returns", encode_returns(BY_ID, days))
    report = world.evaluated(realized_returns_ref=ref)
    given = verdict(report).inputs[1]
    assert (given.last_date, given.reason, given.known_since) == (last, reason, None)
    assert given.staleness_seconds == (0.0 if reason is None else None)
    assert reasons(report, "historical") == {reason}
    if reason is not None:
        assert nothing_parametric(report) == {"covariance_absent"}
        assert (report.status, report.windows) == ("invalid_input", [])
        assert world.verify(WORLD, "v1").equal


def test_blob_first_used_by_a_later_snapshot_has_no_staleness() -> None:
    world = EvaluatedWorld(threshold=1)
    world.evaluated(covariance=SOUND)
    earlier = world.evaluated(version="v0", as_of="2026-01-05T11:00:00Z", ttl_sec=86_400, covariance=SOUND)
    given = verdict(earlier).inputs[0]
    assert given.known_since == "2026-01-05T11:59:00.000000Z"
    assert given.staleness_seconds is None


def test_first_use_is_the_stored_one_when_the_read_of_its_note_misses_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = EvaluatedWorld(threshold=1)
    first = verdict(world.evaluated(covariance=SOUND)).inputs[0]
    monkeypatch.setattr(world.notes, "get", lambda *_: None)
    second = verdict(world.evaluated(version="v2", covariance=SOUND)).inputs[0]
    assert second.known_since == first.known_since == "2026-01-05T11:59:00.000000Z"
    assert len(world.notes.rows) == 1


@pytest.mark.parametrize(
    ("days", "reason"),
    [(["yesterday"] * 250, "dates_malformed"), (["2026-01-01"] * 250, "dates_repeated")],
)
def test_malformed_or_repeated_dates_give_no_numbers_from_the_returns(days: list[str], reason: str) -> None:
    world = EvaluatedWorld()
    report = world.evaluated(realized_returns_ref=world.blob("realized_returns", encode_returns(BY_ID, days)))
    assert reasons(report, "historical") == {reason}
    assert (report.status, report.windows) == ("invalid_input", [])
    given = verdict(report).inputs[1]
    assert (given.reason, given.last_date, given.staleness_seconds) == (reason, None, None)
    (forecast,) = world.forecasts.rows.values()
    assert forecast.realized is None
    assert world.verify(WORLD, "v1").equal


def test_unavailable_verdict_cache_fails_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    world = EvaluatedWorld(threshold=1)
    event = world.announced(covariance=SOUND)

    def down(*_: object) -> None:
        raise DependencyUnavailableError(Dependency.REPORT_STORE, "a test")

    monkeypatch.setattr(world.notes, "get", down)
    with pytest.raises(DependencyUnavailableError):
        world.evaluate_risk(event)
    assert world.evaluations.rows == {}


@pytest.mark.parametrize("size", [1e-320, 1e-160, 1e5, 1e7, 1e126, 1e308])
@pytest.mark.parametrize("observations", [25, 250])
def test_engine_handles_every_magnitude_of_returns(size: float, observations: int) -> None:
    world = EvaluatedWorld(policy=FALLBACK)
    series = {
        asset: [value * 50 * size for value in values[:observations]] for asset, values in BY_ID.items()
    }
    bounded = {asset: [max(min(v, 1e308), -1e308) for v in values] for asset, values in series.items()}
    ref = world.blob("realized_returns", encode_returns(bounded))
    report = world.evaluated(realized_returns_ref=ref)
    out_of_range = reasons(report, "historical") == {"returns_out_of_range"}
    assert out_of_range == (size > 1e6)


@pytest.mark.parametrize("size", [1e-320, 1e-160, 1e100, 1e126, 1e200, 1e308])
def test_engine_handles_every_magnitude_of_variances(size: float) -> None:
    world = EvaluatedWorld(policy=FALLBACK)
    ref = world.blob("covariance", encode_covariance(IDS, [size, 0.0, 0.0, size, 0.0, size]))
    report = world.evaluated(covariance_ref=ref)
    assert (reasons(report, "parametric_normal") == {"covariance_out_of_range"}) == (size > 1e126)
    assert (report.status == "invalid_input") == (size > 1e126)


@pytest.mark.parametrize("policy", [RiskPolicy(), FALLBACK])
def test_negative_specific_variance_is_reported_as_the_reason(policy: RiskPolicy) -> None:
    """Its matrix diag(3.9e-4, 4.1e-4) is positive semi-definite: no other reason applies; variances are
    known.
    """
    world = EvaluatedWorld(policy=policy)
    data = encode_factor(["A", "B"], [[0.02, 0.0], [0.0, 0.02]], [-1e-5, 1e-5])
    report = world.evaluated(weights={"A": 0.5, "B": 0.5}, covariance_ref=world.blob("covariance", data))
    assert verdict(report).inputs[0].reason == "specific_variance_negative"
    assert verdict(report).psd_margin is None
    assert report.status == "invalid_input"
    volatility = find_measure(report, "volatility", "parametric_normal", None)
    bound = None if policy.fallback is None else pytest.approx(0.5 * (3.9e-4**0.5 + 4.1e-4**0.5))
    assert volatility.value == bound
