"""The cost claims of the decisions, checked on the real requests of the handlers."""

from dataclasses import replace
from datetime import date

import pytest

from functions.evaluation.derived_record import ReportKind
from functions.evaluation.store.dynamodb_reports import to_item
from functions.hub.adapters.snapshot_item import to_item as to_snapshot_item
from infra.environments import ENVIRONMENTS
from risk_hub_contracts.base.limits import (
    ACTOR_MAX_CHARS,
    ID_MAX_CHARS,
    ITEM_BODY_MAX_BYTES,
    STAGE_MAX_CHARS,
)
from tests.adapters.test_evaluation_store import record as evaluation
from tests.fakes.clock import START
from tests.fakes.samples import stored
from tools.cost.calls import index_entries, item_bytes, put_units, write_units
from tools.cost.fixed_costs import fixed_costs
from tools.cost.layouts import (
    SnapshotSize,
    break_even_bytes,
    layouts,
    posts_per_second,
    snapshots_per_world,
)
from tools.cost.page import page
from tools.cost.prices import ASSUMED, BYTES_PER_GB, PRICES
from tools.cost.snapshot_flow import SnapshotFlow, measure_flows

SIZES = (20, 500)


# One worker makes what all tests of this file read.
pytestmark = pytest.mark.xdist_group("cost")


@pytest.fixture(scope="module")
def journeys() -> dict[int, SnapshotFlow]:
    return measure_flows(SIZES)


def operations(journey: SnapshotFlow) -> list[tuple[str, list[str]]]:
    return [(leg.function, [call.operation for call in leg.calls]) for leg in journey.publishing]


@pytest.mark.parametrize("assets", SIZES)
def test_snapshot_put_costs_one_item_write_and_one_unit_for_each_of_three_indexes(
    journeys: dict[int, SnapshotFlow], assets: int
) -> None:
    put = journeys[assets].post.calls[-1]
    assert put.operation == "PutItem"
    assert put.item is not None
    assert put.units == write_units(item_bytes(put.item)) + 3


def test_two_runs_write_the_same_page(journeys: dict[int, SnapshotFlow]) -> None:
    today = date(2026, 1, 5)
    assert page(measure_flows(SIZES), today) == page(journeys, today)


def test_an_invocation_costs_the_bytes_that_its_function_wrote_to_the_log(
    journeys: dict[int, SnapshotFlow],
) -> None:
    for leg in journeys[20].publishing:
        assert leg.log_dollars == pytest.approx(leg.log_bytes / BYTES_PER_GB * PRICES.log_gb)
        assert leg.dollars == pytest.approx(replace(leg, log_bytes=0).dollars + leg.log_dollars)
        assert leg.log_bytes > ASSUMED.access_log_bytes_per_request


def test_lambdas_own_lines_of_a_successful_invocation_cost_nothing_in_prod(
    journeys: dict[int, SnapshotFlow],
) -> None:
    assert ENVIRONMENTS["prod"].system_log_level == "WARN"
    assert all(replace(leg, log_bytes=0).log_dollars == 0 for leg in journeys[20].publishing)


def test_longest_names_keep_an_index_entry_below_one_write_unit() -> None:
    longest = stored("v" * ID_MAX_CHARS, stage="s" * STAGE_MAX_CHARS, actor="a" * ACTOR_MAX_CHARS)
    item = to_snapshot_item(replace(longest, world_id="w" * ID_MAX_CHARS), {"body": {"B": b""}}, START)
    assert {write_units(item_bytes(entry)) for entry in index_entries(item)} == {1}


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
        "extended_validator",
        "stress_engine",
        "event_relay",
        "exit_engine",
        "extended_validator",
    ]
    without_run = [calls for function, calls in small if function == "extended_validator"]
    assert without_run == [["Query"], ["Query"]]


@pytest.mark.parametrize("assets", SIZES)
def test_report_forecast_and_note_cost_one_unit_each(journeys: dict[int, SnapshotFlow], assets: int) -> None:
    puts = [
        call for leg in journeys[assets].publishing if leg.function == "risk_engine" for call in leg.calls
    ]
    units = {call.item["evaluation_id"]["S"].split("/")[0]: call.units for call in puts if call.item}
    assert units == {"seen": 1, "forecast": 1, "risk": 1}


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


@pytest.mark.parametrize("body_bytes", [600, 6_000, 60_000])
def test_chosen_layout_has_the_cheapest_put_of_all_that_need_no_listing_of_the_bucket(
    body_bytes: int,
) -> None:
    in_bucket = body_bytes > ITEM_BODY_MAX_BYTES
    ours, *rejected = layouts(SnapshotSize(450, (230, 236, 230), body_bytes, body_in_bucket=in_bucket))
    assert ours.latest_requests == 1 + in_bucket
    assert all(other.put_dollars >= ours.put_dollars for other in rejected if not other.lists)


def test_body_limit_is_the_price_break_even_of_item_and_bucket() -> None:
    size = SnapshotSize(450, (230, 236, 230), 0, body_in_bucket=False)
    assert 0 <= break_even_bytes(size) - ITEM_BODY_MAX_BYTES < write_units(1) * 1024


def test_world_has_limits_on_post_rate_and_snapshot_count() -> None:
    assert posts_per_second(4) == 250
    size = SnapshotSize(400, (200, 200, 200), 600 - len("body"), body_in_bucket=False)
    assert snapshots_per_world(size) == 10 * 1024**3 // (1_000 + 3 * 200 + 4 * 100)


def test_per_world_metrics_cost_at_most_75_dollars_a_month() -> None:
    costs = {cost.what: cost for cost in fixed_costs(ENVIRONMENTS["prod"])}
    assert costs["custom metrics by world, at most"].dollars == pytest.approx(75)


def test_a_move_costs_the_units_of_the_item_and_one_for_each_index_entry() -> None:
    assert SnapshotSize(450, (230, 236, 230), 2_000, body_in_bucket=False).forget_units == 3 + 3
    assert SnapshotSize(450, (230, 236, 230), 60_000, body_in_bucket=True).forget_units == 1 + 3


def test_only_prod_pays_for_a_web_acl_and_only_a_stage_with_memory_snapshots_for_them() -> None:
    found = {name: {cost.what for cost in fixed_costs(stage)} for name, stage in ENVIRONMENTS.items()}
    assert [name for name, costs in found.items() if "the web ACL and its rules" in costs] == ["prod"]
    with_snapshots = [name for name, costs in found.items() if "memory snapshots of functions" in costs]
    assert with_snapshots == ["staging", "prod"]


def test_only_a_stage_with_encrypted_alarms_pays_for_a_key() -> None:
    keys = {name: [c for c in fixed_costs(stage) if "key" in c.what] for name, stage in ENVIRONMENTS.items()}
    assert {name: len(found) for name, found in keys.items()} == {
        "local": 0,
        "dev": 0,
        "staging": 1,
        "prod": 1,
    }
