"""Restore of lost table items from a copy; existing items stay."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra import names
from infra.ops.operate import cli, stage_access
from infra.ops.operate.table_recovery import restore_copy
from infra.recovery.errors import OperateError
from tests.fakes.clients import as_client

LIVE, COPY = "risk-hub-dev-marks", "risk-hub-dev-marks-at-20260105T090000Z"
NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)


def item(mark: str, value: str) -> dict[str, Any]:
    return {"world_id": {"S": "w"}, "mark": {"S": mark}, "value": {"S": value}}


def create_keyed_table(client: Any, name: str, first: str, second: str) -> None:
    client.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": first, "KeyType": "HASH"},
            {"AttributeName": second, "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in (first, second)],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("dynamodb")
        for table in (LIVE, COPY):
            create_keyed_table(client, table, "world_id", "mark")
        for mark in ("a", "b", "c"):
            client.put_item(TableName=COPY, Item=item(mark, "then"))
        client.put_item(TableName=LIVE, Item=item("b", "now"))
        client.put_item(TableName=LIVE, Item=item("d", "now"))
        yield client


def stored(dynamodb: Any) -> dict[str, str]:
    return {each["mark"]["S"]: each["value"]["S"] for each in dynamodb.scan(TableName=LIVE)["Items"]}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main([*arguments, "--stage-name", "dev"]) == 0
    return capsys.readouterr().out


def test_restore_puts_back_only_missing_items(dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("tables", "restore", "marks", "--from", COPY)
    assert "Would put 2 of 3 items" in run(capsys, *command, "--dry-run")
    assert stored(dynamodb) == {"b": "now", "d": "now"}
    assert json.loads(run(capsys, *command, "--json"))["missing"] == 2
    assert stored(dynamodb) == {"a": "then", "b": "now", "c": "then", "d": "now"}
    assert "Put 0 of 3 items" in run(capsys, *command)


@pytest.mark.parametrize("table", names.TABLE_KEYS)
def test_restore_replaces_no_item_of_any_table(
    table: names.TableName, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    live, (first, second) = names.table_name("dev", table), names.TABLE_KEYS[table]
    rows = [{first: {"S": "x"}, second: {"S": each}, "value": {"S": "then"}} for each in "ab"]
    changed = {**rows[0], "value": {"S": "now"}}
    with mock_aws():
        client = boto3.client("dynamodb")
        for name, items in ((live, [changed]), (f"{live}-at-20260105T090000Z", rows)):
            create_keyed_table(client, name, first, second)
            for each in items:
                client.put_item(TableName=name, Item=each)
        command = ("tables", "restore", table, "--from", f"{live}-at-20260105T090000Z")
        assert "Would put 1 of 2 items" in run(capsys, *command, "--dry-run")
        assert "Put 1 of 2 items" in run(capsys, *command)
        found = sorted(client.scan(TableName=live)["Items"], key=lambda row: row[second]["S"])
        assert found == [changed, rows[1]]


def test_recover_names_the_copy_after_its_instant_and_is_idempotent(
    dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    dynamodb.delete_table(TableName=COPY)
    dynamodb.update_continuous_backups(
        TableName=LIVE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for _ in range(2):
        assert run(capsys, "tables", "recover", "marks", "--at", "2026-01-05T10:00:00+01:00").strip() == COPY


def test_recover_on_a_stage_without_backups_raises_operate_error() -> None:
    class Refusing:
        def restore_table_to_point_in_time(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": "PointInTimeRecoveryUnavailableException"}}, "Restore")

    with pytest.raises(OperateError, match="Stage dev has no backup of marks for that instant"):
        restore_copy(as_client(Refusing()), "dev", "marks", NINE)


class Lambda:
    def __init__(self) -> None:
        self.calls: list[tuple[str, int | None]] = []

    def client(self, _: str) -> "Lambda":
        return self

    def put_function_concurrency(self, FunctionName: str, ReservedConcurrentExecutions: int) -> None:  # noqa: N803
        self.calls.append((FunctionName, ReservedConcurrentExecutions))

    def delete_function_concurrency(self, FunctionName: str) -> None:  # noqa: N803 - boto3's own names
        self.calls.append((FunctionName, None))


def test_reaper_pause_and_resume_set_the_function_concurrency(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = Lambda()
    monkeypatch.setattr(stage_access, "clients_for", lambda _: aws)
    run(capsys, "reaper", "pause")
    run(capsys, "reaper", "resume")
    assert aws.calls == [("risk-hub-dev-blob-reaper", 0), ("risk-hub-dev-blob-reaper", None)]


def test_restore_of_an_unknown_table_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tables", "restore", "planets", "--from", COPY]) == 2
    assert "choose one of snapshots, worlds, evaluations, marks" in capsys.readouterr().err


def test_restore_from_a_missing_copy_lists_the_existing_copies(
    dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dynamodb
    command = ("tables", "restore", "marks", "--from", "nope", "--stage-name", "dev")
    assert cli.main([*command]) == 1
    assert f"There is no copy nope of {LIVE}. Copies: {COPY}." in " ".join(capsys.readouterr().err.split())


def test_restore_from_a_copy_of_another_table_is_refused_and_puts_nothing(
    dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored(dynamodb)
    for source in (LIVE, "risk-hub-dev-worlds-at-20260105T090000Z"):
        assert cli.main(["tables", "restore", "marks", "--from", source, "--stage-name", "dev"]) == 1
        assert f"There is no copy {source} of {LIVE}." in " ".join(capsys.readouterr().err.split())
    assert cli.main(["tables", "restore", "worlds", "--from", COPY, "--stage-name", "dev"]) == 1
    assert stored(dynamodb) == before
