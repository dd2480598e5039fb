"""Large documents in the bucket: a missing or damaged one is an error that names the record, and nothing is read of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.evaluation.forecast_key import forecast_id
from functions.evaluation.store.dynamodb_forecasts import DynamoDBForecasts
from functions.hub.adapters.body_store import PREFIX, BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.ports import DocumentError
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.reports.forecast import CrossSection, Forecast
from tests.adapters.conftest import create_table
from tests.adapters.counting import Requests
from tests.adapters.test_snapshot_store import random_numbers
from tests.fakes.clock import START
from tests.fakes.samples import WORLD, stored

UNTIL = START + timedelta(days=30)
LARGE = stored("large", numbers=random_numbers(), ttl_sec=86_400)
SMALL = stored("small", ttl_sec=86_400, as_of=START - timedelta(minutes=1))
Damage = Callable[[Any, str], object]


def delete(s3: Any, key: str) -> object:
    return s3.delete_object(Bucket="blobs", Key=key)


def overwrite(s3: Any, key: str) -> object:
    return s3.put_object(Bucket="blobs", Key=key, Body=b"other bytes")


def archive(s3: Any, key: str) -> object:
    return s3.put_object(Bucket="blobs", Key=key, Body=b"x", StorageClass="GLACIER")


DAMAGES = [(delete, "is missing"), (overwrite, "does not match its digest"), (archive, "is archived")]


def object_keys(s3: Any) -> list[str]:
    listed = s3.list_objects_v2(Bucket="blobs", Prefix=PREFIX)
    return [each["Key"] for each in listed.get("Contents", [])]


def snapshots(bucket: str) -> DynamoDBSnapshots:
    store = DynamoDBSnapshots(
        boto3.client("dynamodb"), create_table("snapshots"), BodyStore(boto3.client("s3"), bucket)
    )
    for snapshot in (SMALL, LARGE):
        store.put_once(snapshot, UNTIL)
    return store


def reads(store: DynamoDBSnapshots) -> list[Callable[[], object]]:
    query = SnapshotQuery(world_id=WORLD, at=START, limit=10)
    return [
        lambda: store.get(WORLD, "large"),
        lambda: store.select(query),
        lambda: store.select(replace(query, limit=1)),
        lambda: store.put_once(stored("large", created_at=START + timedelta(minutes=1)), UNTIL),
    ]


@pytest.mark.parametrize(("damage", "reason"), DAMAGES)
def test_every_read_of_a_snapshot_whose_document_is_damaged_names_world_version_and_object(
    bucket: str, damage: Damage, reason: str
) -> None:
    store, s3 = snapshots(bucket), boto3.client("s3")
    (key,) = object_keys(s3)
    damage(s3, key)
    for read in reads(store):
        with pytest.raises(DocumentError) as found:
            read()
        assert (found.value.world_id, found.value.version) == (WORLD, "large")
        assert str(found.value).startswith(f"version 'large' of world '{WORLD}': its document {key} {reason}")
    assert store.get(WORLD, "small") is not None


def test_publishing_the_same_body_again_restores_a_missing_document(bucket: str) -> None:
    store, s3 = snapshots(bucket), boto3.client("s3")
    (key,) = object_keys(s3)
    delete(s3, key)
    again = replace(LARGE, created_at=START + timedelta(minutes=1))
    assert not store.put_once(again, UNTIL).created
    assert object_keys(s3) == [key]
    found = store.get(WORLD, "large")
    assert found is not None
    assert (found.document, found.created_at) == (LARGE.document, START)


@pytest.mark.parametrize(("damage", "reason"), DAMAGES)
def test_a_forecast_whose_document_is_damaged_names_its_snapshots_version(
    bucket: str, damage: Damage, reason: str
) -> None:
    s3 = boto3.client("s3")
    store = DynamoDBForecasts(boto3.client("dynamodb"), create_table("evaluations"), BodyStore(s3, bucket))
    forecast = Forecast(
        world_id=WORLD,
        version="v1",
        content_hash="sha256:" + "0" * 64,
        stage="paper",
        as_of=format_instant(START),
        created_at=format_instant(START),
        engine_version="2.0.0",
        weights={f"A{index}": number for index, number in enumerate(random_numbers())},
        tails=[],
        realized=CrossSection(date="2026-01-02", by_id={}, portfolio=None),
    )
    store.put_once(forecast, UNTIL)
    (key,) = object_keys(s3)
    damage(s3, key)
    with pytest.raises(DocumentError, match=f"its forecast {key} {reason}"):
        store.load(WORLD, [forecast_id(forecast)])


def test_refused_access_to_a_document_is_not_reported_as_damage(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = snapshots(bucket)
    monkeypatch.setattr(store.bodies.s3, "get_object", _refuse)
    with pytest.raises(ClientError, match="AccessDenied"):
        store.get(WORLD, "large")


def _refuse(**_request: Any) -> Any:
    raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")


def test_a_page_of_large_documents_loads_each_object_once_and_keeps_the_order(bucket: str) -> None:
    store = snapshots(bucket)
    for number in range(9):
        numbers = [number, *random_numbers()[:3_000]]
        store.put_once(stored(f"v{number}", numbers=numbers, ttl_sec=86_400), UNTIL)
    requests = Requests()
    watched = replace(store, bodies=BodyStore(requests.watch(boto3.client("s3")), bucket))
    found = watched.select(SnapshotQuery(world_id=WORLD, at=START, limit=20))
    assert [each.version for each in found] == [*(f"v{n}" for n in range(8, -1, -1)), "large", "small"]
    assert [each.document["numbers"][0] for each in found[:9]] == list(range(8, -1, -1))
    assert requests.operations == ["GetObject"] * 10
