"""Cost of each verb in requests, units and bytes, on the real adapters."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import boto3
import orjson
import pytest
from moto import mock_aws

from functions.evaluation.backtest.backtest_risk import BacktestRisk
from functions.evaluation.exits.list_exit_signals import ListExitSignals
from functions.evaluation.read_reports import ReadReports
from functions.evaluation.store.dynamodb_forecasts import DynamoDBForecasts
from functions.evaluation.store.dynamodb_reports import DynamoDBReports
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_blob_marks import DynamoDBBlobMarks
from functions.hub.adapters.dynamodb_registry import DynamoDBRegistry
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.s3_blobs import S3Blobs
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.ports import DependencyUnavailableError
from functions.hub.use_cases.publish_snapshot import PublishRequest, PublishSnapshot
from functions.hub.use_cases.read_snapshots import ReadSnapshots
from functions.hub.world_ports import NoteWrite
from risk_hub_contracts.api.queries import BacktestQuery, LatestReportQuery, SignalsQuery
from risk_hub_contracts.base.limits import INLINE_RETURNS_MAX_BYTES
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.blob.write import digest, encode_stress
from risk_hub_contracts.worlds.expectation import Expectation
from tests.adapters.conftest import create_table
from tests.adapters.counting import Requests
from tests.adapters.test_evaluation_store import record as evaluation
from tests.evaluation.backtest_samples import forecast
from tests.fakes.clock import START, FrozenClock
from tests.fakes.samples import WORLD, series, stored
from tests.fakes.stores import MemoryWorlds
from tools.bench.items import book_item_bytes, write_units

RETENTION = timedelta(days=30)
# The claim on a blob and the check for its deletion lease (ADR-0018).
MARKS = ["PutItem", "GetItem"]
LARGE_RETURNS = [0.01] * (INLINE_RETURNS_MAX_BYTES // 8)


class Table:
    def __init__(self) -> None:
        self.requests = Requests()
        self.s3 = self.requests.watch(boto3.client("s3"))
        self.s3.create_bucket(Bucket="blobs")
        dynamodb = self.requests.watch(boto3.client("dynamodb"))
        self.store = DynamoDBSnapshots(dynamodb, create_table("snapshots"), BodyStore(self.s3, "blobs"))
        marks = DynamoDBBlobMarks(dynamodb, create_table("marks"))
        self.clock = FrozenClock()
        policy = OffloadPolicy(enabled=True, inline_threshold_entries=100)
        self.publish = PublishSnapshot(
            self.store, S3Blobs(self.s3, "blobs"), marks, self.clock, policy, RETENTION
        )

    def post(self, **fields: Any) -> list[str]:
        self.requests.clear()
        body = {"as_of": "2026-01-05T11:59:00Z", "version": "v1", "weights": {"AAPL": 1.0}, **fields}
        self.publish(PublishRequest(WORLD, "gateway", "paper", orjson.dumps(body)))
        return list(self.requests.operations)

    def fill(self, count: int, **common: Any) -> None:
        for snapshot in series(count, **common):
            self.store.put_once(snapshot, snapshot.retain_until(RETENTION))

    def ask(self, **query: Any) -> tuple[list[str], int]:
        self.requests.clear()
        self.store.select(SnapshotQuery(**{"world_id": WORLD, "at": START, **query}))
        return list(self.requests.operations), self.requests.response_bytes


@pytest.fixture
def table() -> Iterator[Table]:
    with mock_aws():
        yield Table()


def test_post_and_replay_each_make_one_request(table: Table) -> None:
    assert table.post() == ["PutItem"]
    assert table.post() == ["PutItem"]


def test_post_with_250_returns_of_one_series_makes_one_request(table: Table) -> None:
    assert table.post(realized_returns=[n / 7e3 for n in range(250)]) == ["PutItem"]


def test_post_with_one_large_component_makes_four_requests(table: Table) -> None:
    assert table.post(realized_returns=LARGE_RETURNS) == [*MARKS, "PutObject", "PutItem"]


def test_post_by_reference_makes_four_requests(table: Table) -> None:
    table.post(realized_returns=LARGE_RETURNS)
    found = table.store.get(WORLD, "v1")
    assert found is not None
    ref = found.document["realized_returns_ref"]
    assert table.post(version="v2", realized_returns_ref=ref) == [*MARKS, "GetObject", "PutItem"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"stage": "paper"},
        {"as_of_to": START + timedelta(minutes=50)},
        {"known_at": START + timedelta(minutes=99)},
        {"limit": 21},
    ],
    ids=["latest", "latest of a stage", "lookup by as_of", "known_at", "list page"],
)
def test_read_is_one_query_of_bounded_size_on_a_long_history(table: Table, query: dict[str, Any]) -> None:
    at = {"at": START + timedelta(minutes=99)}
    table.fill(100, ttl_sec=86_400)
    operations, long_bytes = table.ask(**at, **query)
    assert operations == ["Query"]
    limit = query.get("limit", 1)
    assert long_bytes < 2_000 * limit


def test_world_with_only_expired_snapshots_costs_two_requests(table: Table) -> None:
    table.fill(120, ttl_sec=60)
    operations, response_bytes = table.ask(at=START + timedelta(days=2))
    assert operations == ["Query", "Query"]
    assert response_bytes < 4_000


def test_an_older_live_snapshot_behind_expired_ones_costs_three_requests(table: Table) -> None:
    table.fill(50, ttl_sec=60)
    old = stored("old", as_of=START - timedelta(days=9), ttl_sec=86_400)
    table.store.put_once(old, old.retain_until(RETENTION))
    operations, _ = table.ask(at=START + timedelta(hours=3))
    assert operations == ["Query", "Query", "BatchGetItem"]


@pytest.mark.parametrize(("a_day", "queries"), [(1, 7), (5, 42)])
def test_backtest_loads_only_the_last_forecast_of_each_date(table: Table, a_day: int, queries: int) -> None:
    forecasts = DynamoDBForecasts(
        table.store.dynamodb, create_table("evaluations"), BodyStore(table.s3, "blobs")
    )
    for day, hour in product(range(40), range(a_day)):
        as_of = format_instant(START + timedelta(days=day, hours=hour))
        changed = {"as_of": as_of, "version": f"v{day}.{hour}"}
        given = forecast("01-05T00", 0.0).model_copy(update=changed)
        forecasts.put_once(given, START + RETENTION)
    table.requests.clear()
    report = BacktestRisk(forecasts, MemoryWorlds(), table.store)("w1", BacktestQuery(stage="paper"))
    assert report.observations == 39
    assert Counter(table.requests.operations) == {"Query": queries, "BatchGetItem": 1}


@pytest.mark.parametrize(("assets", "units"), [(20, 1), (500, 7)])
def test_snapshot_item_stays_within_its_write_units(assets: int, units: int) -> None:
    assert write_units(book_item_bytes(assets)) <= units


def test_unprocessed_batch_keys_raise_unavailable_error(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.fill(5, ttl_sec=60)
    old = stored("old", as_of=START - timedelta(days=9), ttl_sec=86_400)
    table.store.put_once(old, old.retain_until(RETENTION))

    def unprocessed(RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        return {"Responses": {}, "UnprocessedKeys": RequestItems}

    monkeypatch.setattr(table.store.dynamodb, "batch_get_item", unprocessed)
    with pytest.raises(DependencyUnavailableError, match="unprocessed"):
        table.ask(at=START + timedelta(hours=3))


def test_registry_lists_forty_worlds_with_one_scan(table: Table) -> None:
    dynamodb = table.requests.watch(boto3.client("dynamodb"))
    registry = DynamoDBRegistry(dynamodb, create_table("worlds"))
    text = Expectation(owner="desk-a").model_dump_json(by_alias=True)
    for number in range(40):
        registry.put(f"w{number}", "paper", "expectation", NoteWrite(text, START, "t1"))
    table.requests.clear()
    assert len(list(registry.rows())) == 40
    assert list(table.requests.operations) == ["Scan"]


def test_latest_report_costs_two_queries_and_report_by_version_one(table: Table) -> None:
    dynamodb = table.requests.watch(boto3.client("dynamodb"))
    evaluations = DynamoDBReports(dynamodb, create_table("evaluations"))
    table.fill(3, ttl_sec=86_400)
    for version in ("v001", "v002"):
        evaluations.put_once(evaluation("risk", world_id=WORLD, version=version), START + RETENTION)
    reports, snapshots = (
        ReadReports(evaluations, table.store, MemoryWorlds(), table.clock),
        ReadSnapshots(table.store, MemoryWorlds(), table.clock),
    )
    table.requests.clear()
    assert reports.of_version("risk", WORLD, "v001").document["version"] == "v001"
    assert table.requests.operations == ["Query"]
    table.requests.clear()
    found = snapshots.latest(WORLD, LatestReportQuery())
    assert reports.of_snapshot("risk", found.stored, None).document["version"] == "v002"
    assert table.requests.operations == ["Query", "Query"]


@pytest.mark.parametrize("stage", [None, "paper"])
def test_a_page_of_exit_signals_is_one_query(table: Table, stage: str | None) -> None:
    dynamodb = table.requests.watch(boto3.client("dynamodb"))
    evaluations = DynamoDBReports(dynamodb, create_table("evaluations"))
    for minute in range(5):
        instant = format_instant(START + timedelta(minutes=minute))
        evaluations.put_once(
            evaluation("exit", world_id=WORLD, window=instant, emitted_at=instant), START + RETENTION
        )
    listing = ListExitSignals(evaluations)
    table.requests.clear()
    page = listing(WORLD, SignalsQuery(stage=stage, limit=2))
    assert (len(page.signals), page.next_cursor is None) == (2, False)
    assert table.requests.operations == ["Query"]


def test_post_by_reference_to_a_blob_with_a_long_header_makes_five_requests(table: Table) -> None:
    data = encode_stress({f"{number:0100}": {} for number in range(2_000)})
    ref = S3Blobs(table.s3, "blobs").put(WORLD, "stress", digest(data), data)
    assert table.post(stress_ref=ref.document()) == [*MARKS, "GetObject", "GetObject", "PutItem"]
