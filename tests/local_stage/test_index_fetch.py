"""The workaround for queries of local indexes, with and without it, on the emulator and on moto."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local.bring_up import RunningStage
from infra.names import table_name
from tests.adapters.conftest import create_table
from tests.local_stage.caller import Caller, new_world, small_body

BY_AS_OF = {
    "IndexName": "by_as_of",
    "KeyConditionExpression": "world_id = :world",
    "ConsistentRead": True,
}
KEYS = {"world_id", "version", "time_order"}
# The emulator and moto without the workarounds: each prints the attributes of the only item.
ITEM = {name: {"S": name} for name in ("world_id", "version", "time_order", "document")}
EMULATOR_ALONE = """
import json, sys
from ministack.services import dynamodb
item, table, data = json.loads(sys.stdin.read())
def call(operation, request):
    status, _, body = operation(request)[:3]
    assert status == 200, body
    return json.loads(body)
call(dynamodb._create_table, table)
call(dynamodb._put_item, {"TableName": table["TableName"], "Item": item})
print(json.dumps(sorted(call(dynamodb._query, data)["Items"][0])))
"""
MOTO_ALONE = """
import json, sys
import boto3
from moto import mock_aws
item, table, data = json.loads(sys.stdin.read())
with mock_aws():
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(**table)
    client.put_item(TableName=table["TableName"], Item=item)
    print(json.dumps(sorted(client.query(**data)["Items"][0])))
"""


def table() -> dict[str, Any]:
    names = ("world_id", "version", "time_order")
    return {
        "TableName": "alone",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
        "KeySchema": schema("version"),
        "LocalSecondaryIndexes": [
            {
                "IndexName": "by_as_of",
                "KeySchema": schema("time_order"),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    }


def schema(sort_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": "world_id", "KeyType": "HASH"},
        {"AttributeName": sort_key, "KeyType": "RANGE"},
    ]


def request(**changed: Any) -> dict[str, Any]:
    return {**BY_AS_OF, "ExpressionAttributeValues": {":world": {"S": "world_id"}}, **changed}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield boto3.client("dynamodb")


@pytest.mark.parametrize("program", [EMULATOR_ALONE, MOTO_ALONE], ids=["emulator", "moto"])
def test_workaround_is_still_needed_for_whole_items_of_a_local_index(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    data = request(TableName="alone", Select="ALL_ATTRIBUTES")
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([ITEM, table(), data]),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout.splitlines()[-1])) == KEYS


@pytest.mark.parametrize(
    ("select", "fetched"), [("ALL_ATTRIBUTES", True), ("ALL_PROJECTED_ATTRIBUTES", False)]
)
def test_moto_fetches_whole_items_of_a_local_index_only_on_request(
    dynamodb: Any,
    select: str,
    fetched: bool,  # noqa: FBT001
) -> None:
    dynamodb.put_item(TableName=create_table("snapshots"), Item=ITEM)
    (found,) = dynamodb.query(**request(TableName="snapshots", Select=select))["Items"]
    assert ("document" in found) is fetched


@pytest.mark.parametrize(
    ("select", "fetched"), [("ALL_ATTRIBUTES", True), ("ALL_PROJECTED_ATTRIBUTES", False)]
)
def test_stage_fetches_whole_items_of_a_local_index_only_on_request(
    stage: RunningStage,
    hub: Caller,
    select: str,
    fetched: bool,  # noqa: FBT001
) -> None:
    world = new_world()
    assert hub.post(world, small_body()).status == 201
    values = {":world": {"S": world}}
    wanted = request(TableName=table_name("local", "snapshots"), Select=select)
    (found,) = stage.aws.client("dynamodb").query(**{**wanted, "ExpressionAttributeValues": values})["Items"]
    assert ("body" in found) is fetched
    assert found["version"]["S"] == "v1"
