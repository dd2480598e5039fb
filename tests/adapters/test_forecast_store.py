"""One suite for every store of forecasts."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.announcing.stream_records import StreamRecordDecoder
from functions.evaluation.forecast_key import forecast_id
from functions.evaluation.ports import Forecasts
from functions.evaluation.store.dynamodb_forecasts import DynamoDBForecasts
from functions.hub.adapters.body_store import BodyStore
from risk_hub_contracts.base.limits import ITEM_BODY_MAX_BYTES
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.reports.forecast import CrossSection, Forecast, FurtherTailForecast, TailForecast
from tests.adapters.conftest import create_table
from tests.fakes.clients import as_client
from tests.fakes.clock import START
from tests.fakes.stores import MemoryForecasts

UNTIL = START + timedelta(days=30)
DAY = timedelta(days=1)


@pytest.fixture(params=["memory", "dynamodb"])
def forecasts(request: pytest.FixtureRequest) -> Iterator[MemoryForecasts | DynamoDBForecasts]:
    if request.param == "memory":
        yield MemoryForecasts()
        return
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="bodies")
        yield DynamoDBForecasts(
            boto3.client("dynamodb"), create_table("evaluations"), BodyStore(s3, "bodies")
        )


def forecast(version: str, as_of: datetime = START, created_at: datetime = START, **changed: Any) -> Forecast:
    given: dict[str, Any] = {
        "world_id": "w1",
        "version": version,
        "content_hash": "sha256:" + "0" * 64,
        "stage": "paper",
        "as_of": format_instant(as_of),
        "created_at": format_instant(created_at),
        "engine_version": "2.0.0",
        "weights": {"A": 0.1 + 0.2, "B": 0.7},
        "tails": [
            TailForecast(
                method="historical",
                confidence_bps=9900,
                value_at_risk=0.031,
                expected_shortfall=0.04,
                reason=None,
            )
        ],
        "realized": CrossSection(date="2026-01-02", by_id={"A": -0.01, "B": 1e-17}, portfolio=None),
    }
    return Forecast(**{**given, **changed})


def newest(forecasts: Forecasts, start: datetime, end: datetime, limit: int = 10) -> list[str]:
    """Return the versions that a read finds, newest first."""
    ids = forecasts.newest_ids("w1", "paper", start, end, limit=limit)
    return [each.version for each in forecasts.load("w1", ids)]


def test_inv_05_second_put_of_a_forecast_keeps_the_first(forecasts: Forecasts) -> None:
    first = forecast("v1")
    assert forecasts.put_once(first, UNTIL)
    assert not forecasts.put_once(forecast("v1", engine_version="3.0.0", weights={"A": 1.0}), UNTIL)
    assert forecasts.load("w1", [forecast_id(first)]) == [first]


def test_count_of_a_period_counts_one_stage_within_both_bounds(forecasts: Forecasts) -> None:
    for number in range(5):
        forecasts.put_once(forecast(f"v{number}", START + number * DAY), UNTIL)
    forecasts.put_once(forecast("live", START + DAY, stage="live"), UNTIL)

    def count(start: datetime, end: datetime, max_pages: int = 1) -> int | None:
        return forecasts.count("w1", "paper", start, end, max_pages=max_pages)

    assert count(START + DAY, START + 3 * DAY) == 3
    assert count(START, START - DAY) == 0
    assert count(START, START + 9 * DAY, max_pages=0) is None


def test_further_methods_of_a_forecast_are_stored_with_it(forecasts: Forecasts) -> None:
    row = {"method": "historical_upper", "confidence_bps": 9750, "expected_shortfall": 0.05, "reason": None}
    further = FurtherTailForecast.model_validate({**row, "value_at_risk": 0.04})
    given = forecast("v1", further_tails=[further])
    forecasts.put_once(given, UNTIL)
    assert forecasts.load("w1", [forecast_id(given)]) == [given]


def test_forecasts_are_sorted_by_as_of_then_created_at_then_version(forecasts: Forecasts) -> None:
    given = [
        forecast("v5", START + DAY),
        forecast("v4", START, START + timedelta(microseconds=1)),
        forecast("v9", START),
        forecast("v10", START),
        forecast("v1", START - DAY, START + DAY),
    ]
    for each in given:
        assert forecasts.put_once(each, UNTIL)
    assert newest(forecasts, START - DAY, START + DAY) == ["v5", "v4", "v9", "v10", "v1"]


def test_forecast_query_selects_world_stage_and_inclusive_period(forecasts: Forecasts) -> None:
    microsecond = timedelta(microseconds=1)
    for each in (
        forecast("first", START),
        forecast("last", START + DAY),
        forecast("early", START - microsecond),
        forecast("late", START + DAY + microsecond),
        forecast("live", START, stage="live"),
        forecast("papers", START, stage="papers"),
        forecast("elsewhere", START, world_id="w2"),
    ):
        forecasts.put_once(each, UNTIL)
    assert newest(forecasts, START, START + DAY) == ["last", "first"]
    assert newest(forecasts, START + DAY, START) == []


@pytest.mark.parametrize("limit", [1, 2, 7, 8])
def test_forecast_query_returns_the_newest_up_to_the_limit(forecasts: Forecasts, limit: int) -> None:
    for index in range(7):
        forecasts.put_once(forecast(f"v{index}", START + index * DAY), UNTIL)
    assert (
        newest(forecasts, START, START + 7 * DAY, limit) == ["v6", "v5", "v4", "v3", "v2", "v1", "v0"][:limit]
    )


def test_forecasts_load_in_requested_order_without_missing_ones(
    forecasts: Forecasts,
) -> None:
    given = [forecast(f"v{index}", START + index * DAY) for index in range(120)]
    for each in given:
        forecasts.put_once(each, UNTIL)
    requested = [each for each in given if each.version != "v7"] + [forecast("gone")]
    found = forecasts.load("w1", [forecast_id(each) for each in requested])
    assert found == requested[:-1]
    assert forecasts.load("w2", [forecast_id(given[0])]) == []
    assert forecasts.load("w1", []) == []


def test_forecast_too_large_for_an_item_round_trips(forecasts: Forecasts) -> None:
    generator = random.Random(5)
    wide = {f"{generator.getrandbits(200):x}": generator.random() for _ in range(10_000)}
    given = forecast("v1", weights=wide, realized=CrossSection(date=None, by_id=wide, portfolio=None))
    assert len(given.model_dump_json()) > 3 * ITEM_BODY_MAX_BYTES
    assert forecasts.put_once(given, UNTIL)
    assert forecasts.load("w1", [forecast_id(given)]) == [given]


def test_relay_ignores_forecast_items() -> None:
    key = {"world_id": {"S": "w1"}, "evaluation_id": {"S": forecast_id(forecast("v1"))}}
    record = {"eventName": "INSERT", "dynamodb": {"Keys": key, "NewImage": key}}
    assert StreamRecordDecoder(BodyStore(as_client(None), "")).commit(record) is None


@pytest.mark.parametrize("both", [(None, None), ({"A": 0.1}, 0.1)])
def test_cross_section_requires_exactly_one_of_by_id_and_portfolio(both: tuple[Any, Any]) -> None:
    with pytest.raises(ValueError, match="either"):
        CrossSection(date=None, by_id=both[0], portfolio=both[1])
