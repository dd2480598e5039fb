"""One suite for every BlobMarks (and BlobClaims), and for every BlobInventory: in memory, on DynamoDB, on S3."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import boto3
import pytest
from moto import mock_aws

from functions.hub.adapters.dynamodb_blob_marks import DynamoDBBlobMarks
from functions.hub.adapters.s3_blob_inventory import S3BlobInventory
from functions.hub.adapters.s3_blobs import S3Blobs
from functions.hub.blob_ports import BlobClaims, BlobInventory, BlobMarks
from functions.hub.domain.blob_marks import Claim
from functions.hub.ports import BlobStore
from tests.adapters.conftest import create_table
from tests.fakes.clock import START
from tests.fakes.marks import MemoryBlobInventory, MemoryMarks
from tests.fakes.stores import MemoryBlobs

WORLD = "w1"
SHA256 = "a" * 64
MINUTE = timedelta(minutes=1)
UNTIL = START + 5 * MINUTE
RETAINED = START + timedelta(days=30)


class Marks(BlobClaims, BlobMarks, Protocol):
    """Both sides of the marks."""


@dataclass
class InventoryWithStore:
    """An inventory of blobs, and the store whose blobs it lists."""

    inventory: BlobInventory
    blobs: BlobStore

    def put(self, world_id: str, number: int) -> str:
        data = b"rsh1 stress {}\n" * (number + 1)
        sha256 = hashlib.sha256(data).hexdigest()
        self.blobs.put(world_id, "stress", sha256, data)
        return sha256


@pytest.fixture(params=["memory", "dynamodb"])
def marks(request: pytest.FixtureRequest) -> Iterator[Marks]:
    if request.param == "memory":
        yield MemoryMarks()
        return
    with mock_aws():
        yield DynamoDBBlobMarks(boto3.client("dynamodb"), create_table("marks"))


@pytest.fixture(params=["memory", "s3"])
def inventory(request: pytest.FixtureRequest) -> Iterator[InventoryWithStore]:
    if request.param == "memory":
        blobs = MemoryBlobs()
        yield InventoryWithStore(MemoryBlobInventory(blobs), blobs)
        return
    with mock_aws():
        s3: Any = boto3.client("s3")
        s3.create_bucket(Bucket="blobs")
        s3.put_object(Bucket="blobs", Key="risk-bodies/w1/body", Body=b"x")
        s3.put_object(Bucket="blobs", Key="risk-blobs/stray", Body=b"x")
        yield InventoryWithStore(S3BlobInventory(s3, "blobs"), S3Blobs(s3, "blobs"))


def claim(
    version: str | None = "v1", content_hash: str | None = "sha256:" + "b" * 64, minutes: int = 0
) -> Claim:
    return Claim(version, content_hash, START + minutes * MINUTE)


def test_claims_are_returned_once_and_only_for_their_blob(marks: Marks) -> None:
    upload, other = claim(None, None), claim("v1", "sha256:" + "c" * 64)
    found = {Claim(each.version, each.content_hash, each.at, found=True) for each in (claim(), upload)}
    for each in (claim(), claim("v2"), other, upload, claim(), *found):
        marks.claim(WORLD, SHA256, each, RETAINED)
    marks.claim(WORLD, "b" * 64, claim("v3"), RETAINED)
    marks.claim("w2", SHA256, claim("v4"), RETAINED)
    assert set(marks.claims(WORLD, SHA256)) == {claim(), claim("v2"), other, upload, *found}
    assert list(marks.claims(WORLD, "c" * 64)) == []


def test_repeated_claim_renews_the_first(marks: Marks) -> None:
    marks.claim(WORLD, SHA256, claim(), RETAINED)
    marks.claim(WORLD, SHA256, claim(minutes=1), RETAINED)
    assert list(marks.claims(WORLD, SHA256)) == [claim(minutes=1)]


def test_a_claim_is_withdrawn_unless_it_was_renewed(marks: Marks) -> None:
    marks.claim(WORLD, SHA256, claim(), RETAINED)
    marks.claim(WORLD, SHA256, claim(minutes=1), RETAINED)
    marks.remove_claim(WORLD, SHA256, claim())
    assert list(marks.claims(WORLD, SHA256)) == [claim(minutes=1)]
    for _ in range(2):
        marks.remove_claim(WORLD, SHA256, claim(minutes=1))
        assert list(marks.claims(WORLD, SHA256)) == []


def test_deletion_lease_belongs_to_its_owner_until_it_expires(marks: Marks) -> None:
    assert not marks.is_leased(WORLD, SHA256, START)
    assert marks.lease(WORLD, SHA256, "one", START, UNTIL)
    assert marks.lease(WORLD, SHA256, "one", START, UNTIL)
    assert not marks.lease(WORLD, SHA256, "two", UNTIL - MINUTE, UNTIL + MINUTE)
    assert marks.is_leased(WORLD, SHA256, UNTIL - MINUTE)
    assert not marks.is_leased(WORLD, SHA256, UNTIL)
    assert not marks.is_leased(WORLD, "b" * 64, START)
    assert list(marks.claims(WORLD, SHA256)) == []
    assert marks.lease(WORLD, SHA256, "two", UNTIL, UNTIL + MINUTE)
    assert marks.is_leased(WORLD, SHA256, UNTIL)


def test_only_the_owner_releases_a_deletion_lease(marks: Marks) -> None:
    marks.lease(WORLD, SHA256, "one", START, UNTIL)
    marks.release(WORLD, SHA256, "two")
    assert marks.is_leased(WORLD, SHA256, START)
    for _ in range(2):
        marks.release(WORLD, SHA256, "one")
        assert not marks.is_leased(WORLD, SHA256, START)


def test_reaper_position_is_saved_and_cleared(marks: Marks) -> None:
    assert marks.position() is None
    marks.save_position("here")
    assert marks.position() == "here"
    marks.save_position(None)
    assert marks.position() is None


def test_blob_listing_resumes_from_any_position(inventory: InventoryWithStore) -> None:
    put = {(world, inventory.put(world, number)) for world in ("w1", "w2") for number in range(3)}
    found, position = [], None
    while blobs := inventory.inventory.after(position):
        found += [(blob.world_id, blob.sha256) for blob in blobs]
        position = inventory.inventory.position_of(blobs[-1])
    assert found == sorted(put)


def test_removing_a_blob_is_idempotent(inventory: InventoryWithStore) -> None:
    inventory.put("w1", 0)
    (blob,) = inventory.inventory.after(None)
    assert blob.stored_at.tzinfo is not None
    for _ in range(2):
        inventory.inventory.remove(blob)
        assert list(inventory.inventory.after(None)) == []
