"""One suite for every AnchorStore: an object is stored once, and only its first version is read."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.evaluation.runs.adapters.s3_anchors import S3Anchors
from functions.evaluation.runs.ports import AnchorStore
from risk_hub_contracts.runs.anchor import following_hour
from risk_hub_contracts.runs.verification import StoredAnchor
from tests.fakes.clock import START, FrozenClock
from tests.fakes.runs import MemoryAnchors

HOUR = "2026-01-05T11"
ROOT = "ab" * 32
LOCK = timedelta(days=180)


@dataclass
class Stored:
    """A store, and what its owner could do to the key of an anchor without the hub."""

    anchors: AnchorStore
    overwrite: Callable[[str, bytes], object]
    delete: Callable[[str], object]


@pytest.fixture(params=["memory", "s3"])
def stored(request: pytest.FixtureRequest) -> Iterator[Stored]:
    if request.param == "memory":
        memory = MemoryAnchors()
        yield Stored(
            memory,
            lambda hour, data: memory.hours[hour].append(data),
            lambda hour: memory.hours[hour].append(None),
        )
        return
    with mock_aws():
        yield s3_store()


def s3_store() -> Stored:
    client = boto3.client("s3")
    client.create_bucket(Bucket="anchors", ObjectLockEnabledForBucket=True)
    return Stored(
        S3Anchors(client, "anchors", LOCK, FrozenClock()),
        lambda hour, data: client.put_object(Bucket="anchors", Key=object_key(hour), Body=data),
        lambda hour: client.delete_object(Bucket="anchors", Key=object_key(hour)),
    )


def object_key(hour: str) -> str:
    return f"evaluation-anchors/hours/{hour}.json"


def test_an_empty_store_has_no_anchor_and_no_leaves(stored: Stored) -> None:
    assert stored.anchors.newest() is None
    assert list(stored.anchors.anchors()) == []
    assert stored.anchors.leaves(ROOT) is None


def test_the_first_anchor_of_an_hour_stays_and_every_put_returns_it(stored: Stored) -> None:
    assert stored.anchors.put_once(HOUR, b"first") == b"first"
    assert stored.anchors.put_once(HOUR, b"second") == b"first"
    assert stored.anchors.newest() == StoredAnchor(HOUR, b"first")


def test_the_hour_of_the_first_anchor_is_stored_once_and_is_not_an_anchor(stored: Stored) -> None:
    assert stored.anchors.first_hour(HOUR) == HOUR
    assert stored.anchors.first_hour(following_hour(HOUR, -1)) == HOUR
    assert list(stored.anchors.anchors()) == []


def test_leaves_are_stored_once_under_their_root(stored: Stored) -> None:
    stored.anchors.put_leaves(ROOT, b"first")
    stored.anchors.put_leaves(ROOT, b"second")
    assert stored.anchors.leaves(ROOT) == b"first"
    assert stored.anchors.leaves(ROOT[:-1]) is None
    assert list(stored.anchors.anchors()) == []


@pytest.mark.parametrize("name", ["2026-01-05T12x", "2026-13-05T12", "zz", "2026-01-05T12:00"])
def test_an_object_that_names_no_hour_is_not_an_anchor(name: str) -> None:
    with mock_aws():
        stored = s3_store()
        stored.anchors.put_once(HOUR, b"first")
        stored.overwrite(name, b"stray")
        assert stored.anchors.newest() == StoredAnchor(HOUR, b"first")
        assert [each.hour for each in stored.anchors.anchors()] == [HOUR]


def test_leaves_may_be_empty(stored: Stored) -> None:
    stored.anchors.put_leaves(ROOT, b"")
    assert stored.anchors.leaves(ROOT) == b""


def test_anchors_are_listed_in_the_order_of_their_hours(stored: Stored) -> None:
    hours = [following_hour(HOUR, count) for count in (25, 0, -1, 24 * 40)]
    for hour in hours:
        stored.anchors.put_once(hour, hour.encode())
    assert [anchor.hour for anchor in stored.anchors.anchors()] == sorted(hours)
    newest = stored.anchors.newest()
    assert newest is not None
    assert newest.hour == max(hours)


def test_the_newest_anchor_is_found_after_a_long_outage(stored: Stored) -> None:
    hour = following_hour(HOUR, -24 * 400)
    stored.anchors.put_once(hour, b"old")
    assert stored.anchors.newest() == StoredAnchor(hour, b"old")


def test_an_overwritten_anchor_is_read_as_it_was_first_and_marked(stored: Stored) -> None:
    stored.anchors.put_once(HOUR, b"first")
    stored.overwrite(HOUR, b"forged")
    stored.overwrite(HOUR, b"forged again")
    assert list(stored.anchors.anchors()) == [StoredAnchor(HOUR, b"first", is_overwritten=True)]
    assert stored.anchors.put_once(HOUR, b"second") == b"first"


def test_a_deleted_anchor_is_read_as_it_was_first_and_marked(stored: Stored) -> None:
    stored.anchors.put_once(HOUR, b"first")
    stored.delete(HOUR)
    assert list(stored.anchors.anchors()) == [StoredAnchor(HOUR, b"first", is_overwritten=True)]
    newest = stored.anchors.newest()
    assert newest is not None
    assert newest.data == b"first"
    assert stored.anchors.put_once(HOUR, b"second") == b"first"


@pytest.fixture
def s3() -> Iterator[S3Anchors]:
    with mock_aws():
        anchors = s3_store().anchors
        assert isinstance(anchors, S3Anchors)
        yield anchors


def test_every_object_is_locked_in_compliance_mode_for_the_time_of_the_lock(s3: S3Anchors) -> None:
    s3.put_once(HOUR, b"anchor")
    s3.put_leaves(ROOT, b"leaves")
    for key in (object_key(HOUR), f"evaluation-anchors/leaves/{ROOT}"):
        found = s3.s3.head_object(Bucket=s3.bucket, Key=key)
        locked = (found["ObjectLockMode"], found["ObjectLockRetainUntilDate"])
        assert locked == ("COMPLIANCE", START + LOCK)


def test_a_locked_version_cannot_be_removed(s3: S3Anchors) -> None:
    s3 = replace(s3, lock=timedelta(days=36_500))
    s3.put_once(HOUR, b"anchor")
    (version,) = s3.s3.list_object_versions(Bucket=s3.bucket, Prefix=object_key(HOUR))["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.s3.delete_object(
            Bucket=s3.bucket,
            Key=object_key(HOUR),
            VersionId=version["VersionId"],
            BypassGovernanceRetention=True,
        )
    assert s3.put_once(HOUR, b"other") == b"anchor"


def test_versions_on_several_pages_are_one_key(s3: S3Anchors, monkeypatch: pytest.MonkeyPatch) -> None:
    real = s3.s3.list_object_versions
    monkeypatch.setattr(s3.s3, "list_object_versions", lambda **request: real(**request, MaxKeys=2))
    hours = [following_hour(HOUR, count) for count in range(3)]
    for hour in hours:
        s3.put_once(hour, hashlib.sha256(hour.encode()).digest())
        for number in range(2):
            s3.s3.put_object(Bucket=s3.bucket, Key=object_key(hour), Body=str(number).encode())
    expected = [
        StoredAnchor(hour, hashlib.sha256(hour.encode()).digest(), is_overwritten=True) for hour in hours
    ]
    assert list(s3.anchors()) == expected
