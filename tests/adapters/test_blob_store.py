"""One suite for every BlobStore: the in-memory one and the one on S3."""

import hashlib
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from functions.hub.adapters.s3_blobs import S3Blobs
from functions.hub.ports import BlobError, BlobHead, BlobStat, BlobStore
from risk_hub_contracts.base.limits import BLOB_FIRST_READ_BYTES
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.write import encode_factor
from tests.fakes.stores import MemoryBlobs

DATA = b'rsh1 stress {"crash":{"loss":0.2}}\n'
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["memory", "s3"])
def blobs(request: pytest.FixtureRequest) -> Iterator[BlobStore]:
    if request.param == "memory":
        yield MemoryBlobs()
        return
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="blobs")
        yield S3Blobs(s3, "blobs")


def missing_ref() -> BlobRef:
    sha256 = "f" * 64
    return BlobRef(ref=f"s3://blobs/risk-blobs/w1/{sha256}", sha256=sha256, bytes=1, kind="stress")


def test_stored_blob_is_loaded_by_its_digest(blobs: BlobStore) -> None:
    ref = blobs.put("w1", "stress", SHA256, DATA)
    assert ref == BlobRef(
        ref=f"s3://{blobs.bucket}/risk-blobs/w1/{SHA256}", sha256=SHA256, bytes=len(DATA), kind="stress"
    )
    assert blobs.load(ref) == DATA


def test_f17_second_put_of_the_same_blob_returns_the_same_ref(blobs: BlobStore) -> None:
    assert blobs.put("w1", "stress", SHA256, DATA) == blobs.put("w1", "stress", SHA256, DATA)


def test_stat_returns_digest_size_and_kind(blobs: BlobStore) -> None:
    ref = blobs.put("w1", "stress", SHA256, DATA)
    assert blobs.stat(ref) == BlobStat(sha256=SHA256, size_bytes=len(DATA), kind="stress")


def test_missing_blob_has_no_stat_and_fails_to_load(blobs: BlobStore) -> None:
    assert blobs.stat(missing_ref()) is None
    with pytest.raises(BlobError, match="missing"):
        blobs.load(missing_ref())


def test_reading_an_archived_blob_raises_blob_error() -> None:
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="blobs")
        store = S3Blobs(s3, "blobs")
        ref = store.put("w1", "stress", SHA256, DATA)
        key = ref.ref.removeprefix("s3://blobs/")
        s3.put_object(Bucket="blobs", Key=key, Body=DATA, StorageClass="GLACIER", Metadata={"kind": "stress"})
        with pytest.raises(BlobError, match="archived"):
            store.load(ref)
        with pytest.raises(BlobError, match="archived"):
            store.head(ref, 1_000)


def test_inv_06_loading_bytes_with_a_wrong_digest_raises_blob_error(blobs: BlobStore) -> None:
    stored = blobs.put("w1", "stress", SHA256, DATA)
    lying = stored.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(BlobError, match=f"sha256 is {SHA256}"):
        blobs.load(lying)


def test_download_url_contains_the_digest(blobs: BlobStore) -> None:
    ref = blobs.put("w1", "stress", SHA256, DATA)
    assert SHA256 in blobs.download_url(ref)


def test_download_url_is_signed_with_signature_version_4() -> None:
    with mock_aws():
        from functions.hub.adapters.aws import CONFIGS  # noqa: PLC0415

        s3 = boto3.client("s3", config=CONFIGS["s3"])
        url = S3Blobs(s3, "blobs").download_url(missing_ref())
    assert "X-Amz-Signature=" in url
    assert "X-Amz-Expires=300" in url


def covariance_of(assets: int) -> bytes:
    ids = [f"A{number:04}" for number in range(assets)]
    return encode_factor(ids, [[0.1]] * assets, [0.01] * assets)


def long_line(size_bytes: int) -> bytes:
    return b"rsh1 stress " + b"x" * size_bytes + b"\n"


@pytest.mark.parametrize("data", [DATA, covariance_of(3), long_line(BLOB_FIRST_READ_BYTES)])
def test_head_of_a_fully_read_blob_has_its_computed_digest(blobs: BlobStore, data: bytes) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    ref = blobs.put("w1", "stress", sha256, data)
    assert blobs.head(ref, 2 * BLOB_FIRST_READ_BYTES) == BlobHead(len(data), "stress", sha256, data)


def test_head_of_a_large_blob_is_its_first_range_and_total_size(blobs: BlobStore) -> None:
    data = covariance_of(5_000) + bytes(BLOB_FIRST_READ_BYTES)
    sha256 = hashlib.sha256(data).hexdigest()
    ref = blobs.put("w1", "covariance", sha256, data)
    head = blobs.head(ref, len(data))
    assert head is not None
    assert (head.size_bytes, head.kind) == (len(data), "covariance")
    assert head.sha256 in {None, sha256}
    assert head.data == data[:BLOB_FIRST_READ_BYTES]


def test_head_of_a_blob_with_a_long_first_line_has_the_requested_length(blobs: BlobStore) -> None:
    data = long_line(3 * BLOB_FIRST_READ_BYTES)
    ref = blobs.put("w1", "stress", hashlib.sha256(data).hexdigest(), data)
    limit = 2 * BLOB_FIRST_READ_BYTES
    head = blobs.head(ref, limit)
    assert head is not None
    assert (head.size_bytes, head.data) == (len(data), data[:limit])


def test_missing_blob_has_no_head(blobs: BlobStore) -> None:
    assert blobs.head(missing_ref(), BLOB_FIRST_READ_BYTES) is None


def test_head_reports_the_actual_digest_of_mismatched_bytes(blobs: BlobStore) -> None:
    stored = blobs.put("w1", "stress", SHA256, DATA)
    lying = stored.model_copy(update={"sha256": "0" * 64})
    head = blobs.head(lying, BLOB_FIRST_READ_BYTES)
    assert head is not None
    assert head.sha256 == SHA256
