"""Stress losses against hand computation, coverage, and exactly one effect."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.stress.evaluate import ENGINE_VERSION
from functions.measures.stress import SHOWN_MAX_BYTES, stress_loss, stress_metrics
from risk_hub_contracts.base.limits import EVENT_ENTRY_MAX_BYTES
from risk_hub_contracts.golden import example_files
from risk_hub_contracts.reports.stress import StressLoss, StressReport
from tests.fakes.evaluated_world import EvaluatedWorld
from tests.fakes.samples import WORLD

SCENARIOS: dict[str, dict[str, Any]] = {
    "crash": {"shocks": {"A": -0.3, "B": -0.1, "C": -0.2}, "margin_call": 0.25},
    "rates": {"shocks": {"A": 0.02}, "default": -0.05},
    "credit": {"shocks": {"A": -0.1, "C": -0.1}, "expected_shortfall": 0.09},
    "opinion": {"loss": 0.4},
}


class World(EvaluatedWorld):
    """A world whose components are offloaded from the first entry on."""

    def __init__(self, *, offload: bool = True) -> None:
        super().__init__(threshold=1, offload=offload)

    def losses(self, **fields: Any) -> StressReport:
        """Publish and evaluate; return the stress report."""
        assert self.evaluate_stress(self.announced(**fields)) == "evaluated"
        return self.stored_report()

    def stored_report(self) -> StressReport:
        ((key, record),) = self.evaluations.rows.items()
        assert key == (WORLD, f"stress/v1/{ENGINE_VERSION}")
        report: StressReport = record.report
        return report


def loss_of(report: StressReport, scenario: str) -> StressLoss:
    (found,) = [loss for loss in report.losses if loss.scenario == scenario]
    return found


@pytest.mark.parametrize(("offload", "source"), [(True, "ref"), (False, "inline")])
def test_the_losses_agree_with_a_computation_by_hand(offload: bool, source: str) -> None:  # noqa: FBT001
    report = World(offload=offload).losses(stress=SCENARIOS)
    assert report.input.source == source
    # 0.7*0.3 - 0.2*0.1 + 0.5*0.2
    assert loss_of(report, "crash").value == pytest.approx(0.29, abs=1e-15)
    # A gains 0.7*0.02; B and C take the default: the short gains 0.2*0.05, C loses 0.5*0.05
    assert loss_of(report, "rates").value == pytest.approx(0.001, abs=1e-15)
    assert (report.status, report.reason) == ("partial", None)


def test_ids_without_a_shock_are_reported_and_the_loss_of_the_whole_book_is_null() -> None:
    loss = loss_of(World().losses(stress=SCENARIOS), "credit")
    assert (loss.value, loss.reason) == (None, "shocks_do_not_cover_weights")
    assert loss.covered_value == pytest.approx(0.12, abs=1e-15)
    assert loss.coverage == pytest.approx(1.2 / 1.4, abs=1e-15)
    assert loss.uncovered_count == 1


def test_a_scenario_without_shocks_has_no_loss_only_the_producers_numbers() -> None:
    report = World().losses(stress=SCENARIOS)
    loss = loss_of(report, "opinion")
    assert (loss.value, loss.covered_value, loss.coverage) == (None, None, 0.0)
    assert loss.reason == "shocks_absent"
    assert {metric.name: metric.value for metric in report.metrics} == {
        "stress.crash.margin_call": 0.25,
        "stress.credit.expected_shortfall": 0.09,
        "stress.opinion.loss": 0.4,
    }


def test_default_is_a_shock_with_shocks_present_and_a_metric_otherwise() -> None:
    metrics = stress_metrics({"a": {"shocks": {}, "default": -0.1}, "b": {"default": 0.02}})
    assert [(metric.name, metric.value) for metric in metrics] == [("stress.b.default", 0.02)]
    assert stress_loss("a", {"shocks": {}, "default": -0.1}, {"X": 1.0}).value == pytest.approx(0.1)


def test_the_stress_example_of_the_contract_shows_a_default_that_covers_the_book() -> None:
    body = example_files()["valid/stress"]["request"]["body"]
    loss = stress_loss("crash", body["stress"]["crash"], body["weights"])
    # 0.5*0.3 for AAPL, 0.5*0.2 for MSFT, which has no shock and takes the default
    assert loss.value == pytest.approx(0.25)
    assert loss.reason is None


def test_flat_names_that_coincide_keep_their_scenario_and_metric() -> None:
    metrics = stress_metrics({"a.b": {"c": 1.0}, "a": {"b.c": 2.0}})
    assert {metric.name for metric in metrics} == {"stress.a.b.c"}
    assert {(metric.scenario, metric.metric): metric.value for metric in metrics} == {
        ("a.b", "c"): 1.0,
        ("a", "b.c"): 2.0,
    }


def test_a_weight_of_zero_needs_no_shock() -> None:
    loss = stress_loss("s", {"shocks": {"A": -0.1}}, {"A": 1.0, "B": 0.0})
    assert (loss.value, loss.coverage, loss.uncovered_count) == (0.1, 1.0, 0)


@given(st.permutations(range(40)))
def test_a_loss_does_not_depend_on_the_order_of_the_book(order: list[int]) -> None:
    book = {f"A{i}": (-1) ** i * 10.0 ** (i % 17 - 8) for i in range(40)}
    shocks = {asset: 0.1 * (i % 7) - 0.3 for i, asset in enumerate(book)}
    shuffled = {f"A{i}": book[f"A{i}"] for i in order}
    assert stress_loss("s", {"shocks": shocks}, shuffled) == stress_loss("s", {"shocks": shocks}, book)


def test_stress_report_without_scenarios_is_insufficient_with_the_reason() -> None:
    report = World().losses()
    assert (report.status, report.reason, report.losses) == ("insufficient", "stress_absent", [])
    assert report.input.source == "absent"


def test_inv_05_an_event_handled_twice_stores_one_report() -> None:
    world = World()
    event = world.announced(stress=SCENARIOS)
    assert world.evaluate_stress(event) == "evaluated"
    first = dict(world.evaluations.rows)
    world.clock.advance(seconds=5)
    assert world.evaluate_stress(event) == "repeated"
    assert world.evaluations.rows == first


def test_stress_report_keeps_causation_correlation_and_trace_ids() -> None:
    world = World()
    event = world.announced(stress=SCENARIOS)
    world.evaluate_stress(event)
    (record,) = world.evaluations.rows.values()
    assert (record.causation_id, record.correlation_id, record.trace_header) == (event.id, "c-1", "Root=1")


def test_stress_engine_skips_an_expired_snapshot() -> None:
    world = World()
    event = world.announced(stress=SCENARIOS)
    world.clock.advance(seconds=900)
    assert world.evaluate_stress(event) == "expired"
    assert world.evaluations.rows == {}


def test_inv_06_no_loss_is_computed_on_a_damaged_blob() -> None:
    world = World()
    event = world.announced(stress=SCENARIOS)
    ref = event.data["stress_ref"]["ref"]
    kind, data = world.blobs.objects[ref]
    world.blobs.objects[ref] = (kind, data.replace(b"0.3", b"0.1"))
    assert world.evaluate_stress(event) == "evaluated"
    report = world.stored_report()
    assert (report.status, report.reason, report.losses) == ("invalid_input", "blob_unavailable", [])


@pytest.mark.parametrize(
    "header",
    [
        b'{"crash":{"shocks":{"A":"-0.3"}}}',
        b'{"crash":{"shocks":[0.1]}}',
        b'{"crash":{"loss":true}}',
        b'{"crash":{"loss":null}}',
        b'{"":{"loss":0.1}}',
        b'{"crash":{"' + b"x" * 129 + b'":0.1}}',
        b"[]",
    ],
)
def test_f27_malformed_stress_blob_is_recorded_as_invalid_input_and_not_retried(header: bytes) -> None:
    world, data = World(), b"rsh1 stress " + header + b"\n"
    event = world.announced(stress_ref=world.blob("stress", data))
    assert world.evaluate_stress(event) == "evaluated"
    assert world.evaluate_stress(event) == "repeated"
    assert (world.stored_report().status, world.stored_report().reason) == ("invalid_input", "blob_malformed")


def test_a_report_too_large_for_the_bus_keeps_the_worst_losses_and_counts_the_rest() -> None:
    scenarios: dict[str, dict[str, Any]] = {
        f"{'σ' * 100}{i:04}": {"shocks": {}, "default": -i / 10_000, "own": i} for i in range(2_000)
    }
    world, report = World(), World().losses(stress=scenarios)
    assert report.scenarios_omitted > 0
    assert report.metrics_omitted == 2_000
    assert len(report.losses) + report.scenarios_omitted == 2_000
    shown = [loss.value or 0.0 for loss in report.losses]
    assert min(shown) == pytest.approx(report.scenarios_omitted / 10_000)
    assert [loss.scenario for loss in report.losses] == sorted(loss.scenario for loss in report.losses)
    assert SHOWN_MAX_BYTES / 2 < len(report.model_dump_json().encode()) < EVENT_ENTRY_MAX_BYTES
    assert world.losses(stress=dict(reversed(scenarios.items()))) == report


def test_stress_engine_loads_a_claim_check_snapshot_from_the_store() -> None:
    world = World()
    event = world.announced(stress=SCENARIOS, constraints={"note": "x" * EVENT_ENTRY_MAX_BYTES})
    assert "claim_check" in event.data
    assert world.evaluate_stress(event) == "evaluated"
    world.snapshots.rows.clear()
    with pytest.raises(LookupError, match="'v1'"):
        world.evaluate_stress(event)
