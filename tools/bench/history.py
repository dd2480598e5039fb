"""Benchmarks of a long history: requests and bytes of a read, with 10 versions in a world and with 100,000.

moto answers the real adapter's requests, on a table as declared. The versions are put directly into moto's
store, since 100,000 puts through its API would take minutes; its queries then take a second each, which is
not measured.

Past knowledge times are not measured: their cost depends on how many versions were alive then, and in this
history all versions live for a year.
"""

import base64
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.snapshot_item import compress, to_item
from functions.hub.domain.snapshot_query import SnapshotQuery
from tests.adapters.conftest import create_table
from tests.adapters.counting import Requests
from tests.fakes.clock import START
from tests.fakes.samples import WORLD, stored
from tools.bench.lines import Line

SHORT, LONG = 10, 100_000
RATIO_MAX = 1.1
ACCOUNT, REGION = "123456789012", "us-east-1"
RETENTION = timedelta(days=3_650)
Cost = tuple[int, int]
QUERIES: dict[str, dict[str, Any]] = {
    "latest": {},
    "latest of a stage": {"stage": "paper"},
    "lookup by as_of": {"as_of_to": START + timedelta(seconds=9)},
    "list page of 9": {"limit": 9},
}


def history_lines() -> Iterator[Line]:
    """Measure the same reads on a short history and on a long one."""
    short, long = costs(SHORT), costs(LONG)
    for query_name in QUERIES:
        (few, few_bytes), (many, many_bytes) = short[query_name], long[query_name]
        ratio = max(many / few, many_bytes / few_bytes)
        yield Line(
            f"{query_name}, {LONG:,} versions in the world",
            f"{many} request, {many_bytes:,} B read = {ratio:.2f} ×",
            f"{SHORT} versions: {few} request, {few_bytes:,} B",
            f"≤ {RATIO_MAX} ×",
            ratio <= RATIO_MAX,
        )


def costs(versions: int) -> dict[str, Cost]:
    """Return requests and bytes of each read of a world with this many versions."""
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": REGION,
    }
    with mock_aws():
        requests = Requests()
        dynamodb = requests.watch(boto3.client("dynamodb"))
        store = DynamoDBSnapshots(dynamodb, create_table("snapshots"), BodyStore(boto3.client("s3"), "blobs"))
        fill(store, versions)
        return {name: cost(store, requests, query) for name, query in QUERIES.items()}


def fill(store: DynamoDBSnapshots, versions: int) -> None:
    """Give the world its versions, one each second, all alive, all of equal size."""
    table = dynamodb_backends[ACCOUNT][REGION].get_table(store.table)
    body, size = compress(stored(weights={f"ASSET{i:04}": 0.05 for i in range(20)}).document)
    encoded = {"body": {"B": base64.b64encode(body).decode()}}
    for number in range(versions):
        at = START + timedelta(seconds=number)
        snapshot = stored(f"v{number:06}", as_of=at, created_at=at, ttl_sec=31_536_000)
        table.put_item(to_item(snapshot.sized(size), encoded, at + RETENTION))


def cost(store: DynamoDBSnapshots, requests: Requests, query: dict[str, Any]) -> Cost:
    """Return requests and bytes of one read."""
    requests.clear()
    found = store.select(SnapshotQuery(**{"world_id": WORLD, "at": START + timedelta(days=2), **query}))
    if len(found) != query.get("limit", 1):
        raise RuntimeError(f"{len(found)} snapshots were found")
    return len(requests.operations), requests.response_bytes


if __name__ == "__main__":
    for line in history_lines():
        print(line)  # noqa: T201
