"""The cost claims of the decisions, checked on the real requests of the handlers."""

import pytest

from functions.evaluation.derived_record import ReportKind
from functions.evaluation.store.dynamodb_reports import to_item
from infra.environments import ENVIRONMENTS
from tests.adapters.test_evaluation_store import record as evaluation
from tests.fakes.clock import START
from tools.cost.calls import item_bytes, put_units, write_units
from tools.cost.fixed_costs import fixed_costs
from tools.cost.layouts import layouts, posts_per_second, snapshots_per_world
from tools.cost.snapshot_flow import SnapshotFlow, measure_flows

SIZES = (20, 500)


@pytest.fixture(scope="module")
def journeys() -> dict[int, SnapshotFlow]:
    return measure_flows(SIZES)


def operations(journey: SnapshotFlow) -> list[tuple[str, list[str]]]:
    return [(leg.function, [call.operation for call in leg.calls]) for leg in journey.publishing]


@pytest.mark.parametrize("assets", SIZES)
def test_snapshot_put_costs_three_item_writes_and_one_unit(
    journeys: dict[int, SnapshotFlow], assets: int
) -> None:
    put = journeys[assets].post.calls[-1]
    assert put.operation == "PutItem"
    assert put.item is not None
    assert put.units == 3 * write_units(item_bytes(put.item)) + 1


def test_number_of_calls_does_not_depend_on_the_size_of_the_snapshot(
    journeys: dict[int, SnapshotFlow],
) -> None:
    small, large = (operations(journeys[assets]) for assets in SIZES)
    assert small == large
    assert [function for function, _ in small] == [
        "snapshot_writer",
        "event_relay",
        "risk_engine",
        "event_relay",
        "exit_engine",
        "stress_engine",
        "event_relay",
        "exit_engine",
    ]


def test_a_signal_costs_one_unit_more_than_a_report_of_its_size() -> None:
    signal = to_item(evaluation("exit"), START)
    report = {name: value for name, value in signal.items() if name not in {"signal_order", "stage"}}
    assert put_units("evaluations", signal) == put_units("evaluations", report) + 1 == 2


@pytest.mark.parametrize("kind", ["risk", "stress"])
def test_report_put_costs_no_index_write(kind: ReportKind) -> None:
    item = to_item(evaluation(kind), START)
    assert put_units("evaluations", item) == write_units(item_bytes(item))


@pytest.mark.parametrize("assets", SIZES)
def test_every_read_is_one_query(journeys: dict[int, SnapshotFlow], assets: int) -> None:
    for leg in journeys[assets].reads.values():
        assert [call.operation for call in leg.calls] == ["Query"]


def test_chosen_layout_reads_latest_in_one_request_unlike_cheaper_layouts() -> None:
    ours, *rejected = layouts(6_000)
    assert (ours.put_units, ours.latest_requests) == (19, 1)
    for other in rejected:
        assert other.latest_requests == 2 or other.lacks == "latest may be stale"


def test_world_has_limits_on_post_rate_and_snapshot_count() -> None:
    assert posts_per_second(4) == 250
    assert snapshots_per_world(1_000) == 10 * 1024**3 // 3_200


def test_per_world_metrics_cost_at_most_75_dollars_a_month() -> None:
    costs = {cost.what: cost for cost in fixed_costs(ENVIRONMENTS["prod"])}
    assert costs["custom metrics by world, at most"].dollars == pytest.approx(75)


def test_only_a_stage_with_encrypted_alarms_pays_for_a_key() -> None:
    keys = {name: [c for c in fixed_costs(stage) if "key" in c.what] for name, stage in ENVIRONMENTS.items()}
    assert {name: len(found) for name, found in keys.items()} == {
        "local": 0,
        "dev": 0,
        "staging": 1,
        "prod": 1,
    }
