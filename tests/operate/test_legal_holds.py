"""Legal holds on the copies of one world in an archive under Object Lock."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.history.segment import object_key
from functions.hub.adapters import body_store
from infra.cdk.constructs.archive import ARCHIVED_PREFIXES
from infra.ops.operate import cli, stage_access
from infra.ops.operate.legal_holds import Archive, world_prefixes
from risk_hub_contracts.blob.refs import BLOB_PREFIX

BUCKET = "archive"
HISTORY = "risk-history/snapshots/world_id={}/day=2026-01-05/one.jsonl.gz"
COPIES_COUNT = 4


@dataclass
class Aws:
    """An account on moto, with the outputs of a data stack."""

    outputs: dict[str, str]

    def client(self, service: str) -> Any:
        return self if service == "cloudformation" else boto3.client(service)  # type: ignore[call-overload]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's own names
        assert StackName == "RiskHub-prod-data"
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self.outputs.items()]
        return {"Stacks": [{"Outputs": outputs}]}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        for world in ("us20", "us200"):
            keys = (HISTORY.format(world), f"risk-bodies/{world}/a", f"risk-blobs/{world}/b")
            # The second write of the first key is a version of its own.
            for key in (*keys, keys[0]):
                s3.put_object(Bucket=BUCKET, Key=key, Body=b"copy")
        made = Aws({"ArchiveBucketName": BUCKET})
        monkeypatch.setattr(stage_access, "clients_for", lambda _: made)
        yield made


def run(capsys: pytest.CaptureFixture[str], command: str, world: str) -> dict[str, Any]:
    assert cli.main(["holds", command, world, "--stage-name", "prod", "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def counted(world: str, held: int) -> dict[str, Any]:
    return {"world_id": world, "copies": COPIES_COUNT, "held": held}


def test_hold_is_set_on_every_version_of_every_copy_of_one_world(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    assert aws
    assert run(capsys, "show", "us20") == counted("us20", 0)
    assert run(capsys, "set", "us20") == counted("us20", COPIES_COUNT)
    assert run(capsys, "show", "us20") == counted("us20", COPIES_COUNT)
    assert run(capsys, "show", "us200") == counted("us200", 0)


def test_held_copy_cannot_be_deleted_until_the_hold_is_removed(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    s3 = aws.client("s3")
    (version, *_) = s3.list_object_versions(Bucket=BUCKET, Prefix="risk-blobs/us20/")["Versions"]
    one = {"Bucket": BUCKET, "Key": version["Key"], "VersionId": version["VersionId"]}
    run(capsys, "set", "us20")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(**one)
    assert run(capsys, "remove", "us20") == counted("us20", 0)
    s3.delete_object(**one)


def test_hold_set_again_includes_the_copies_added_since(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "set", "us20")
    aws.client("s3").put_object(Bucket=BUCKET, Key="risk-blobs/us20/c", Body=b"later")
    assert run(capsys, "show", "us20") == {"world_id": "us20", "copies": 5, "held": 4}
    assert run(capsys, "set", "us20") == {"world_id": "us20", "copies": 5, "held": 5}


def test_hold_on_a_stage_without_an_archive_is_refused_with_the_reason(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.outputs.clear()
    assert cli.main(["holds", "set", "us20", "--stage-name", "prod"]) == 1
    assert "Stage prod has no archive" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("command", ["set", "remove", "show"])
def test_hold_of_a_malformed_world_id_is_a_usage_error(aws: Aws, command: str) -> None:
    assert aws
    assert cli.main(["holds", command, "us20/", "--stage-name", "prod"]) == 2


def test_counts_are_printed_as_a_sentence(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    assert aws
    assert cli.main(["holds", "set", "us20", "--stage-name", "prod"]) == 0
    assert capsys.readouterr().out == "us20: 4 of 4 copies in the archive are held.\n"


def test_error_of_s3_other_than_a_missing_hold_is_raised(aws: Aws) -> None:
    archive = Archive(aws.client("s3"), "no-such-bucket")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        list(archive.counts("us20"))


def test_held_prefixes_are_those_under_which_the_functions_store_a_world() -> None:
    stored = (
        object_key("us20", "2026-01-05", "any"),
        f"{body_store.PREFIX}/us20/any",
        f"{BLOB_PREFIX}/us20/any",
    )
    for key, prefix in zip(stored, world_prefixes("us20"), strict=True):
        assert key.startswith(prefix)
        assert key.startswith(ARCHIVED_PREFIXES)


def test_prefixes_of_a_world_end_at_its_name() -> None:
    assert {prefix.endswith(("us20/", "=us20/")) for prefix in world_prefixes("us20")} == {True}
