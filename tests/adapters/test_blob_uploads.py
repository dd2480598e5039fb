"""One suite for every BlobUploads: the in-memory one and the one on S3. Moto takes parts that do not match their digest."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from moto import mock_aws

from functions.hub.adapters.s3_blobs import S3Blobs
from functions.hub.adapters.s3_uploads import S3Uploads
from functions.hub.blob_ports import BlobUploads, SignedPut, UploadMismatchError, UploadNotFoundError
from functions.hub.ports import BlobStat, BlobStore
from risk_hub_contracts.blob import uploads as announced
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.uploads import PartSpan, part_spans
from tests.fakes.stores import MemoryBlobs
from tests.fakes.uploads import MemoryUploads

SMALL = b"rsh1 stress {}\n"
# The smallest part that S3 accepts, except for the last one.
PART_BYTES = 5_242_880
LARGE = SMALL + bytes(PART_BYTES)
WORLD = "w1"


@dataclass
class Store:
    """An upload port, the store behind it, and a function that sends signed requests."""

    uploads: BlobUploads
    blobs: BlobStore
    send: Callable[[str, Mapping[str, str], bytes], int]

    def ref(self, data: bytes, sha256: str | None = None) -> BlobRef:
        digest = sha256 or hashlib.sha256(data).hexdigest()
        return BlobRef(ref=self.uploads.ref(WORLD, digest), sha256=digest, bytes=len(data), kind="stress")

    def put(self, signed: SignedPut, data: bytes) -> int:
        return self.send(signed.url, signed.headers, data)

    def put_parts(self, ref: BlobRef, upload_id: str, data: bytes) -> None:
        for span in part_spans(len(data)):
            part = piece(data, span)
            signed = self.uploads.sign_part(ref, upload_id, span, hashlib.sha256(part).hexdigest())
            assert self.put(signed, part) == 200


def piece(data: bytes, span: PartSpan) -> bytes:
    return data[span.first_byte : span.first_byte + span.size_bytes]


def send_by_requests(url: str, headers: Mapping[str, str], body: bytes) -> int:
    return requests.put(url, data=body, headers=dict(headers), timeout=5).status_code


@pytest.fixture(params=["memory", "s3"])
def upload_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        blobs = MemoryBlobs()
        uploads = MemoryUploads(blobs)
        yield Store(uploads, blobs, uploads.send)
        return
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="blobs")
        yield Store(S3Uploads(s3, "blobs"), S3Blobs(s3, "blobs"), send_by_requests)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Return a blob of two parts, which are small here to keep the suite fast."""
    monkeypatch.setattr(announced, "BLOB_PART_BYTES", PART_BYTES)
    monkeypatch.setattr(announced, "BLOB_SINGLE_PUT_MAX_BYTES", PART_BYTES)
    return LARGE


def test_a_signed_put_stores_the_blob_under_its_digest_with_its_kind(upload_store: Store) -> None:
    ref = upload_store.ref(SMALL)
    assert upload_store.put(upload_store.uploads.sign_put(ref), SMALL) == 200
    assert upload_store.blobs.stat(ref) == BlobStat(ref.sha256, len(SMALL), "stress")
    assert upload_store.blobs.load(ref) == SMALL


def test_f17_second_signed_put_of_a_stored_blob_gets_412(upload_store: Store) -> None:
    signed = upload_store.uploads.sign_put(upload_store.ref(SMALL))
    assert [upload_store.put(signed, SMALL) for _ in range(2)] == [200, 412]


def test_completed_parts_become_one_blob_with_its_full_digest(upload_store: Store, large: bytes) -> None:
    ref = upload_store.ref(large)
    upload_id = upload_store.uploads.begin(ref)
    upload_store.put_parts(ref, upload_id, large)
    assert upload_store.blobs.stat(ref) is None
    upload_store.uploads.complete(ref, upload_id)
    assert upload_store.blobs.stat(ref) == BlobStat(ref.sha256, len(large), "stress")


def test_parts_with_a_different_full_digest_are_never_stored_as_announced(
    upload_store: Store, large: bytes
) -> None:
    ref = upload_store.ref(large, sha256="f" * 64)
    upload_id = upload_store.uploads.begin(ref)
    upload_store.put_parts(ref, upload_id, large)
    for _ in range(2):
        with pytest.raises(UploadMismatchError):
            upload_store.uploads.complete(ref, upload_id)
        assert upload_store.blobs.stat(ref) is None


def test_upload_with_a_missing_part_is_not_completed_but_can_continue(
    upload_store: Store, large: bytes
) -> None:
    ref = upload_store.ref(large)
    upload_id = upload_store.uploads.begin(ref)
    last = list(part_spans(len(large)))[-1]
    part = piece(large, last)
    signed = upload_store.uploads.sign_part(ref, upload_id, last, hashlib.sha256(part).hexdigest())
    assert upload_store.put(signed, part) == 200
    with pytest.raises(UploadMismatchError):
        upload_store.uploads.complete(ref, upload_id)
    upload_store.put_parts(ref, upload_id, large)
    upload_store.uploads.complete(ref, upload_id)
    assert upload_store.blobs.stat(ref) is not None


def test_unknown_upload_cannot_be_completed_and_aborting_it_succeeds(upload_store: Store) -> None:
    ref = upload_store.ref(SMALL)
    with pytest.raises(UploadNotFoundError):
        upload_store.uploads.complete(ref, "no-such-upload")
    upload_store.uploads.abort(ref, "no-such-upload")


def test_aborted_upload_cannot_be_completed(upload_store: Store) -> None:
    ref = upload_store.ref(SMALL)
    upload_id = upload_store.uploads.begin(ref)
    upload_store.uploads.abort(ref, upload_id)
    upload_store.uploads.abort(ref, upload_id)
    with pytest.raises(UploadNotFoundError):
        upload_store.uploads.complete(ref, upload_id)


def test_completion_resumes_after_a_crashed_attempt(large: bytes) -> None:
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="blobs")
        uploads, blobs = S3Uploads(s3, "blobs"), S3Blobs(s3, "blobs")
        store = Store(uploads, blobs, send_by_requests)
        ref = store.ref(large)
        upload_id = uploads.begin(ref)
        store.put_parts(ref, upload_id, large)
        uploads._complete_multipart(ref, upload_id)  # noqa: SLF001 - as far as a crashed handler got
        uploads.complete(ref, upload_id)
        assert blobs.stat(ref) == BlobStat(ref.sha256, len(large), "stress")


@pytest.mark.parametrize("operation", ["put", "part"])
def test_signed_upload_headers_include_size_and_digest(operation: str) -> None:
    with mock_aws():
        from functions.hub.adapters.aws import CONFIGS  # noqa: PLC0415

        store = S3Uploads(boto3.client("s3", config=CONFIGS["s3"]), "blobs")
        ref = BlobRef(ref=store.ref(WORLD, "a" * 64), sha256="a" * 64, bytes=10, kind="stress")
        signed = store.sign_put(ref) if operation == "put" else None
        signed = signed or store.sign_part(ref, "u", PartSpan(1, 0, 10), "a" * 64)
    requested = parse_qs(urlsplit(signed.url).query)
    names = set(requested["X-Amz-SignedHeaders"][0].split(";"))
    assert names == {"host"} | {name.lower() for name in signed.headers}
    assert {"content-length", "x-amz-checksum-sha256"} <= names
    assert requested["X-Amz-Expires"] == ["900"]
