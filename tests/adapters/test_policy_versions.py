"""One suite for every PolicyVersions: a version is stored once, and never announced."""

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from functions.announcing.stream_records import StreamRecordDecoder
from functions.evaluation.store.dynamodb_policy_versions import DynamoDBPolicyVersions
from functions.hub.adapters.body_store import BodyStore
from functions.hub.world_ports import PolicyVersionNote, PolicyVersions
from tests.adapters.conftest import create_table
from tests.fakes.clients import as_client
from tests.fakes.clock import START
from tests.fakes.registry import MemoryPolicyVersions
from tests.fakes.samples import WORLD

P1 = PolicyVersionNote("p1", '{"version": "p1"}', START, "t1")
LATER = PolicyVersionNote("a-later-one", "{}", START + timedelta(hours=1), "t2")


@pytest.fixture(params=["memory", "dynamodb"])
def versions(request: pytest.FixtureRequest) -> Iterator[PolicyVersions]:
    if request.param == "memory":
        yield MemoryPolicyVersions()
        return
    with mock_aws():
        yield DynamoDBPolicyVersions(boto3.client("dynamodb"), create_table("evaluations"))


def test_a_version_is_stored_once_and_returned(versions: PolicyVersions) -> None:
    assert versions.get(WORLD, "paper", "p1") is None
    assert versions.put_once(WORLD, "paper", P1) == P1
    changed = PolicyVersionNote("p1", "other", START + timedelta(hours=1), "t2")
    assert versions.put_once(WORLD, "paper", changed) == P1
    assert versions.get(WORLD, "paper", "p1") == P1


def test_versions_are_listed_oldest_first_for_their_world_and_stage(versions: PolicyVersions) -> None:
    for note in (LATER, P1):
        versions.put_once(WORLD, "paper", note)
    versions.put_once(WORLD, "live", P1)
    versions.put_once("another", "paper", P1)
    listed = versions.list(WORLD, "paper")
    assert [(note.version, note.set_at, note.set_by) for note in listed] == [
        ("p1", P1.set_at, "t1"),
        ("a-later-one", LATER.set_at, "t2"),
    ]


def test_a_version_is_not_announced_and_never_expires() -> None:
    with mock_aws():
        dynamodb, table = boto3.client("dynamodb"), create_table("evaluations")
        DynamoDBPolicyVersions(dynamodb, table).put_once(WORLD, "paper", P1)
        (item,) = dynamodb.scan(TableName=table)["Items"]
    image = {"eventName": "INSERT", "dynamodb": {"NewImage": item}}
    assert StreamRecordDecoder(BodyStore(as_client(None), "")).commit(image) is None
    assert "retain_until" not in item


def test_more_versions_than_one_page_are_all_listed() -> None:
    with mock_aws():
        versions = DynamoDBPolicyVersions(boto3.client("dynamodb"), create_table("evaluations"))
        for number in range(6):
            versions.put_once(WORLD, "paper", PolicyVersionNote(f"p{number}", "x" * 300_000, START, "t1"))
        assert [note.version for note in versions.list(WORLD, "paper")] == [f"p{n}" for n in range(6)]
