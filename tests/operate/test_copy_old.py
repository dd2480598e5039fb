"""Copy of the snapshots of release 1.0: frozen items of that release, on moto, with the tables of this tree."""

import base64
import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.announcing.stream_records import StreamRecordDecoder
from functions.history.segment import rolling_digest
from functions.hub.adapters import snapshot_item
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.snapshot_item import from_item
from infra import names
from infra.ops.operate import stage_access
from infra.ops.operate.copied_worlds import CopiedWorld, Tally
from infra.ops.operate.copy_command import world_line
from infra.ops.operate.old_snapshots import SnapshotTables, new_form
from tests.operate.conftest import STAGE, Run, Stage
from tools.cost.snapshot_flow import stream_record
from tools.upgrades.old_form import old_snapshot

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

OLD, NEW = names.old_snapshots_table_name(STAGE), names.table_name(STAGE, "snapshots")
BUCKET = "hub-bucket"
RECORDS = Path(__file__).parents[2] / "contracts" / "released" / "1.0.0" / "records.json"
# Long after the retention of the frozen items, which were recorded with a clock of January 2026.
RETAINED = {"N": "4102444800"}


def with_bytes(item: Any) -> dict[str, Any]:
    return {
        name: {kind: base64.b64decode(value) if kind == "B" else value}
        for name, typed in item.items()
        for kind, value in typed.items()
    }


def frozen_items() -> list[dict[str, Any]]:
    """Return the snapshots of release 1.0 as it stored them, one of them with a body above the limit of an item."""
    stored = json.loads(RECORDS.read_text(encoding="utf-8"))["tables"]["snapshots"]
    items = [with_bytes(item) | {"retain_until": RETAINED} for item in stored]
    large = next(item for item in items if "body" in item)
    text = json.dumps({**snapshot_item.decompress(large["body"]["B"]), "padding": incompressible()}).encode()
    body = zstd.compress(text)
    assert len(body) > 8_192
    version = large["version"]["S"]
    orders = {
        name: {"S": large[name]["S"].removesuffix(version) + "large"}
        for name in ("time_order", "stage_time_order", "expiry_order")
    }
    return [*items, {**large, **orders, "version": {"S": "large"}, "body": {"B": body}}]


def incompressible() -> str:
    return "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(400))


class StackOutputs:
    """The outputs of the data stack; moto needs further packages for CloudFormation."""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's own names
        assert StackName == names.stack_name(STAGE, "data")
        return {"Stacks": [{"Outputs": [{"OutputKey": "BucketName", "OutputValue": BUCKET}]}]}


class Aws:
    def client(self, service: str) -> Any:
        return StackOutputs() if service == "cloudformation" else boto3.client(service)  # type: ignore[call-overload]


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(stage_access, "clients_for", lambda _: Aws())
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    client: Any = boto3.client("dynamodb")
    first, second = names.TABLE_KEYS["snapshots"]
    for table in (OLD, NEW):
        client.create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": first, "KeyType": "HASH"},
                {"AttributeName": second, "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in (first, second)],
            BillingMode="PAY_PER_REQUEST",
        )
    for item in frozen_items():
        client.put_item(TableName=OLD, Item=item)
    store_referenced_bodies()
    return client


def store_referenced_bodies() -> None:
    """Put the objects of the frozen items into the bucket."""
    for each in json.loads(RECORDS.read_text(encoding="utf-8"))["objects"]:
        boto3.client("s3").put_object(Bucket=BUCKET, Key=each["key"], Body=base64.b64decode(each["base64"]))


def items_of(client: Any, table: str) -> dict[tuple[str, str], dict[str, Any]]:
    found = client.scan(TableName=table)["Items"]
    return {(item["world_id"]["S"], item["version"]["S"]): item for item in found}


def bodies() -> BodyStore:
    return BodyStore(boto3.client("s3"), BUCKET)


def report(run: Run, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert run("tables", "copy-old", "--json", *options) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_each_copy_is_the_same_snapshot_with_the_same_retention(
    dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    report(run, capsys)
    old, new = items_of(dynamodb, OLD), items_of(dynamodb, NEW)
    assert old.keys() == new.keys()
    assert len(old) > 5
    for key, item in old.items():
        assert from_item(new[key], bodies().body_of) == from_item(item, bodies().body_of)
        assert new[key]["retain_until"] == item["retain_until"]


def test_a_copy_has_the_attributes_that_a_new_snapshot_has_and_the_name_of_the_old_table(
    dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    report(run, capsys)
    for item in items_of(dynamodb, NEW).values():
        record = from_item(item, bodies().body_of)
        body = {name: value for name, value in item.items() if name in {"body", "body_sha256"}}
        retain_until = datetime.fromtimestamp(int(RETAINED["N"]), UTC)
        expected = snapshot_item.to_item(record, body, retain_until)
        assert item == {**expected, names.COPIED_FROM: {"S": OLD}}


def test_a_body_above_the_limit_of_an_item_is_moved_to_the_bucket(
    dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    report(run, capsys)
    (large,) = [item for (_, version), item in items_of(dynamodb, NEW).items() if version == "large"]
    assert "body" not in large
    assert from_item(large, bodies().body_of).document["padding"] == incompressible()


def test_a_second_copy_puts_nothing_and_changes_nothing(
    dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    first = report(run, capsys)
    before = items_of(dynamodb, NEW)
    second = report(run, capsys)
    assert (first["put"], second["put"]) == (len(before), 0)
    assert items_of(dynamodb, NEW) == before
    assert first["worlds"] == second["worlds"]


def test_a_copy_that_stopped_continues_behind_the_printed_item(
    dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    puts: list[Any] = []
    put = SnapshotTables._put  # noqa: SLF001 - the step that fails

    def stops(tables: SnapshotTables, old: Any) -> bool:
        if len(puts) == 3:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "PutItem")
        puts.append(old)
        return put(tables, old)

    monkeypatch.setattr(SnapshotTables, "_put", stops)
    assert run("tables", "copy-old", "--rate", "1") == 1
    error = " ".join(capsys.readouterr().err.split())
    assert "Stopped after 3 copies. Continue with: risk-hub tables copy-old" in error
    after = error.partition("--after ")[2].split()[0]
    monkeypatch.setattr(SnapshotTables, "_put", put)
    assert report(run, capsys, "--after", after)["put"] == len(items_of(dynamodb, OLD)) - 3
    assert items_of(dynamodb, NEW).keys() == items_of(dynamodb, OLD).keys()


def test_a_snapshot_of_the_new_table_is_never_overwritten_and_fails_the_verification(
    dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (world, version), item = next(iter(items_of(dynamodb, OLD).items()))
    other = {**new_form(item), "created_at": {"S": "2027-01-01T00:00:00.000000Z"}}
    dynamodb.put_item(TableName=NEW, Item=other)
    assert run("tables", "copy-old") == 1
    assert f"Keys with another snapshot in the new table: 1 ({world}/{version})" in " ".join(
        capsys.readouterr().err.split()
    )
    assert items_of(dynamodb, NEW)[world, version] == other


def test_a_dry_run_puts_nothing_and_names_the_number_of_missing_copies(
    dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("tables", "copy-old", "--dry-run") == 1
    assert f"Snapshots without a copy: {len(frozen_items())}." in " ".join(capsys.readouterr().err.split())
    assert not items_of(dynamodb, NEW)


def test_a_copy_that_was_moved_to_history_is_complete(
    dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    report(run, capsys)
    (world, version), item = next(iter(items_of(dynamodb, NEW).items()))
    tombstone = {name: item[name] for name in ("world_id", "version", "content_hash", "retain_until")}
    dynamodb.put_item(TableName=NEW, Item={**tombstone, "segment": {"S": "2026-01-05/x"}})
    found = report(run, capsys)
    assert (found["put"], found["moved"]) == (0, 1)
    assert items_of(dynamodb, NEW)[world, version]["segment"]


def test_items_whose_retention_has_ended_are_not_copied(
    dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (world, version), item = next(iter(items_of(dynamodb, OLD).items()))
    dynamodb.put_item(TableName=OLD, Item={**item, "retain_until": {"N": "1"}})
    report(run, capsys)
    assert (world, version) not in items_of(dynamodb, NEW)


def test_the_printed_digest_of_a_world_is_the_digest_of_its_history(
    dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    found = report(run, capsys)
    old = items_of(dynamodb, OLD)
    for each in found["worlds"]:
        content = [
            (version, snapshot_item.stored_hash(item))
            for (world, version), item in old.items()
            if world == each["world_id"]
        ]
        expected = {"snapshots": len(content), "digest": rolling_digest(content)}
        assert (each["old"], each["new"]) == (expected, expected)


def test_a_world_with_one_snapshot_is_printed_in_the_singular() -> None:
    assert world_line("w1", CopiedWorld(Tally(1), Tally(1))).startswith("w1: 1 snapshot, digest ")
    assert world_line("w1", CopiedWorld(Tally(2), Tally(1))).startswith("w1: 2 snapshots, digest ")


def test_the_relay_does_not_announce_a_copy(
    dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    report(run, capsys)
    decoder = StreamRecordDecoder(bodies())
    copies = items_of(dynamodb, NEW).values()
    assert [decoder.commit(stream_record(item)) for item in copies] == [None] * len(copies)
    assert all(decoder.commit(stream_record(item)) for item in items_of(dynamodb, OLD).values())


def test_the_form_of_release_1_0_that_the_rollback_check_uses_is_the_form_that_the_copy_reads(
    dynamodb: Any,
) -> None:
    assert dynamodb
    for item in frozen_items():
        body = bodies().body_of(item, "any")
        old = old_snapshot({**new_form(item), "body": {"B": body}}, {})
        assert old.keys() == (item.keys() - {"body_sha256"}) | {"body"}
        same = old.keys() - {"body", "document_bytes"}
        assert {name: old[name] for name in same} == {name: item[name] for name in same}
        assert snapshot_item.decompress(old["body"]["B"]) == snapshot_item.decompress(body)


def test_functions_and_commands_name_the_mark_of_a_copy_alike() -> None:
    assert snapshot_item.COPIED_FROM == names.COPIED_FROM


@pytest.mark.parametrize(
    ("table", "remedy"), [(OLD, "never ran release 1.0"), (NEW, "Deploy the data stack of this release")]
)
def test_a_missing_table_is_named_with_the_remedy(
    table: str, remedy: str, dynamodb: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    dynamodb.delete_table(TableName=table)
    assert run("tables", "copy-old") == 1
    error = " ".join(capsys.readouterr().err.split())
    assert f"There is no table {table}." in error
    assert remedy in error


@pytest.mark.parametrize("after", ["us20", "/v1", "us20/", "us 20/v1"])
def test_an_item_to_continue_behind_needs_world_and_version(after: str, run: Run, stage: Stage) -> None:
    assert stage
    assert run("tables", "copy-old", "--after", after) == 2
