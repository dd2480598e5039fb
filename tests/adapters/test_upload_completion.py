"""Completing a large upload on S3: it resumes where earlier calls stopped and never stores other bytes."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from functions.hub.adapters.aws import COPYING_READ_TIMEOUT_SECONDS
from functions.hub.adapters.s3_blobs import S3Blobs
from functions.hub.adapters.s3_uploads import COMPLETION_BUDGET_SECONDS, UPLOAD_PREFIX, S3Uploads
from functions.hub.blob_ports import UploadInProgressError, UploadMismatchError, UploadNotFoundError
from functions.hub.ports import BlobStat, DependencyUnavailableError
from infra.functions import FUNCTIONS
from risk_hub_contracts.blob import uploads as announced
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.uploads import part_spans
from tests.fakes.clients import as_client

PART_BYTES = 5_242_880
DATA = b"rsh1 stress {}\n" + bytes(PART_BYTES)
OTHER = b"rsh1 stress []\n" + bytes(PART_BYTES)
WORLD = "w1"


@dataclass
class SlowS3:
    """S3 with a simulated clock on which copies take time; a copy that takes too long times out for its
    caller.

    Attributes:
        copy_seconds: duration of a copy.
        cancels: whether a copy whose caller gave up is cancelled, as S3 may do.
        before_copy: called once with the key that a copy is about to write.
    """

    s3: Any
    copy_seconds: float = 0.0
    cancels: bool = False
    now: float = 0.0
    calls: list[str] = field(default_factory=list)
    before_copy: Callable[[str], None] | None = None

    def clock(self) -> float:
        return self.now

    def copy_object(self, **request: Any) -> Any:
        hook, self.before_copy = self.before_copy, None
        if hook is not None:
            hook(request["Key"])
        self.calls.append(f"copy_object {request['Key'].partition('/')[0]}")
        self._require_match(request)
        self.now += min(self.copy_seconds, COPYING_READ_TIMEOUT_SECONDS)
        is_late = self.copy_seconds > COPYING_READ_TIMEOUT_SECONDS
        answer = None if is_late and self.cancels else self.s3.copy_object(**request)
        if is_late:
            raise ReadTimeoutError(endpoint_url="s3")
        return answer

    def _require_match(self, request: dict[str, Any]) -> None:
        """Refuse to copy an object other than the one the caller read; moto would copy it."""
        wanted = request.get("CopySourceIfMatch")
        if wanted is not None and wanted != self.s3.head_object(**request["CopySource"])["ETag"]:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "CopyObject")

    def __getattr__(self, operation: str) -> Any:
        called = getattr(self.s3, operation)

        def call(**request: Any) -> Any:
            self.calls.append(operation)
            return called(**request)

        return call


@dataclass
class Upload:
    """An upload whose parts are not expected."""

    slow: SlowS3
    uploads: S3Uploads
    ref: BlobRef
    upload_id: str

    def complete(self) -> None:
        """Complete it in a separate request."""
        self.slow.calls.clear()
        self.uploads.complete(self.ref, self.upload_id)

    def stat(self) -> BlobStat | None:
        return S3Blobs(self.slow.s3, "blobs").stat(self.ref)

    @property
    def copies(self) -> int:
        return sum(call.startswith("copy_object") for call in self.slow.calls)


def begun(slow: SlowS3, data: bytes = DATA, parts: int | None = None) -> Upload:
    """Begin an upload of DATA's digest and send the parts of `data`, or only the first ones."""
    sha256 = hashlib.sha256(DATA).hexdigest()
    uploads = S3Uploads(as_client(slow), "blobs", slow.clock)
    ref = BlobRef(ref=uploads.ref(WORLD, sha256), sha256=sha256, bytes=len(DATA), kind="stress")
    upload_id = uploads.begin(ref)
    for span in list(part_spans(len(data)))[:parts]:
        slow.s3.upload_part(
            Bucket="blobs",
            Key=f"{UPLOAD_PREFIX}/{WORLD}/{sha256}",
            UploadId=upload_id,
            PartNumber=span.number,
            Body=data[span.first_byte : span.first_byte + span.size_bytes],
            ChecksumAlgorithm="SHA256",
        )
    return Upload(slow, uploads, ref, upload_id)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowS3]:
    monkeypatch.setattr(announced, "BLOB_PART_BYTES", PART_BYTES)
    monkeypatch.setattr(announced, "BLOB_SINGLE_PUT_MAX_BYTES", PART_BYTES)
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="blobs")
        yield SlowS3(s3)


def complete_until_stored(upload: Upload) -> list[int]:
    """Repeat the request as a client does; return the number of copies of each call."""
    copies: list[int] = []
    while upload.stat() is None:
        assert len(copies) < 5, "completing does not end"
        with contextlib.suppress(UploadInProgressError, DependencyUnavailableError):
            upload.complete()
        copies.append(upload.copies)
    return copies


@pytest.mark.parametrize(
    ("copy_seconds", "copies_of_each_call"),
    [(0.5, [2]), (6.0, [2]), (7.0, [1, 1]), (9.0, [1, 1]), (11.0, [1, 1])],
)
def test_repeated_completions_succeed_with_each_copy_made_once(
    slow: SlowS3, copy_seconds: float, copies_of_each_call: list[int]
) -> None:
    slow.copy_seconds = copy_seconds
    upload = begun(slow)
    assert complete_until_stored(upload) == copies_of_each_call
    assert upload.stat() == BlobStat(upload.ref.sha256, len(DATA), "stress")


def test_cancelled_copy_is_retried_without_repeating_the_verification_copy(slow: SlowS3) -> None:
    upload = begun(slow)
    slow.copy_seconds = 8.0
    with pytest.raises(UploadInProgressError):
        upload.complete()
    slow.copy_seconds, slow.cancels = 10.0, True
    with pytest.raises(DependencyUnavailableError):
        upload.complete()
    assert upload.stat() is None
    slow.copy_seconds = 8.0
    upload.complete()
    assert slow.calls == ["head_object", "copy_object risk-blobs"]
    assert upload.stat() is not None


def test_a_store_that_cancels_every_long_copy_never_stores_the_blob_and_each_call_says_so_in_time(
    slow: SlowS3,
) -> None:
    """S3 computes the SHA-256 of a whole object in a single copy only, so parts of it cannot be kept."""
    upload = begun(slow)
    slow.copy_seconds, slow.cancels = 10.0, True
    for _ in range(3):
        began = slow.now
        with pytest.raises(DependencyUnavailableError):
            upload.complete()
        assert slow.now - began <= COMPLETION_BUDGET_SECONDS
        assert upload.stat() is None
    slow.copy_seconds = 8.0
    assert complete_until_stored(upload) == [1, 1]


@pytest.mark.parametrize("copy_seconds", [0.1, 5.0, 6.1, 8.9, 20.0])
def test_completion_ends_within_the_writer_timeout(slow: SlowS3, copy_seconds: float) -> None:
    slow.copy_seconds = copy_seconds
    upload = begun(slow)
    for _ in range(3):
        began = slow.now
        with contextlib.suppress(UploadInProgressError, DependencyUnavailableError):
            upload.complete()
        assert slow.now - began <= COMPLETION_BUDGET_SECONDS
    assert FUNCTIONS["snapshot_writer"].timeout_seconds >= COMPLETION_BUDGET_SECONDS + 2


def test_a_completion_in_one_call_makes_six_requests(slow: SlowS3) -> None:
    upload = begun(slow)
    upload.complete()
    assert slow.calls == [
        "head_object",
        "list_parts",
        "complete_multipart_upload",
        "copy_object risk-uploads",
        "head_object",
        "copy_object risk-blobs",
    ]


def test_concurrent_completions_store_the_blob_and_both_succeed(slow: SlowS3) -> None:
    upload = begun(slow)
    slow.before_copy = lambda _key: upload.uploads.complete(upload.ref, upload.upload_id)
    upload.complete()
    assert upload.stat() == BlobStat(upload.ref.sha256, len(DATA), "stress")


def test_concurrent_upload_of_wrong_bytes_is_never_stored_under_the_digest(
    slow: SlowS3,
) -> None:
    sound, other = begun(slow), begun(slow, OTHER)

    def complete_other(_key: str) -> None:
        with pytest.raises(UploadMismatchError):
            other.uploads.complete(other.ref, other.upload_id)

    slow.before_copy = complete_other
    for _ in range(2):
        with contextlib.suppress(UploadInProgressError, UploadMismatchError):
            sound.complete()
        stored = sound.stat()
        assert stored is None or stored.sha256 == sound.ref.sha256


def test_assembled_object_replaced_after_verification_is_not_copied(slow: SlowS3) -> None:
    upload = begun(slow)

    def replace(_key: str) -> None:
        slow.before_copy = replace_before_naming

    def replace_before_naming(_key: str) -> None:
        proof = f"{UPLOAD_PREFIX}/{WORLD}/{upload.ref.sha256}.whole"
        slow.s3.put_object(Bucket="blobs", Key=proof, Body=OTHER, ChecksumAlgorithm="SHA256")

    slow.before_copy = replace
    with pytest.raises(UploadInProgressError):
        upload.complete()
    assert upload.stat() is None
    upload.complete()
    assert upload.stat() == BlobStat(upload.ref.sha256, len(DATA), "stress")


@pytest.mark.parametrize("size_bytes", [1, PART_BYTES])
def test_complete_refuses_an_empty_part_list_before_calling_s3(slow: SlowS3, size_bytes: int) -> None:
    upload = begun(slow, parts=0)
    small = upload.ref.model_copy(update={"bytes": size_bytes})
    slow.calls.clear()
    with pytest.raises(UploadNotFoundError, match="uploaded by one PUT"):
        upload.uploads.complete(small, upload.upload_id)
    assert slow.calls == []


@pytest.mark.parametrize(
    ("sent", "announced_bytes", "message"),
    [
        ((), len(DATA), r"parts \[1, 2\] of 2"),
        ((1,), len(DATA), r"parts \[2\] of 2"),
        ((2,), len(DATA), r"parts \[1\] of 2"),
        ((1, 2), 2 * PART_BYTES + 1, r"parts \[2, 3\] of 3"),
        ((1, 2, 4), len(DATA), r"parts \[4\] are not expected"),
    ],
    ids=["none", "last missing", "gap", "fewer than announced", "more than announced"],
)
def test_parts_differing_from_the_announced_ones_are_rejected_before_completion(
    slow: SlowS3, sent: tuple[int, ...], announced_bytes: int, message: str
) -> None:
    upload = begun(slow, parts=0)
    spans = {span.number: span for span in part_spans(len(DATA))}
    for number in sent:
        span = spans.get(number, spans[2])
        body = DATA[span.first_byte : span.first_byte + span.size_bytes]
        key = f"{UPLOAD_PREFIX}/{WORLD}/{upload.ref.sha256}"
        slow.s3.upload_part(Bucket="blobs", Key=key, UploadId=upload.upload_id, PartNumber=number, Body=body)
    ref = upload.ref.model_copy(update={"bytes": announced_bytes})
    with pytest.raises(UploadMismatchError, match=message):
        upload.uploads.complete(ref, upload.upload_id)
    assert "complete_multipart_upload" not in slow.calls


def test_parts_are_completed_in_number_order_even_if_listed_in_reverse(
    slow: SlowS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begun(slow)
    listed = slow.s3.list_parts

    def reversed_list(**request: Any) -> Any:
        answer = listed(**request)
        return {**answer, "Parts": answer["Parts"][::-1]}

    monkeypatch.setattr(slow.s3, "list_parts", reversed_list)
    upload.complete()
    assert upload.stat() == BlobStat(upload.ref.sha256, len(DATA), "stress")


def test_part_uploaded_twice_uses_its_last_bytes(slow: SlowS3) -> None:
    upload = begun(slow, OTHER)
    span = next(iter(part_spans(len(DATA))))
    key = f"{UPLOAD_PREFIX}/{WORLD}/{upload.ref.sha256}"
    body = DATA[: span.size_bytes]
    slow.s3.upload_part(Bucket="blobs", Key=key, UploadId=upload.upload_id, PartNumber=1, Body=body)
    upload.complete()
    assert upload.stat() == BlobStat(upload.ref.sha256, len(DATA), "stress")
