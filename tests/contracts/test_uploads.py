"""A producer's announcement before a blob upload: sizes, digests, parts."""

import json
from typing import Any

import pytest

from risk_hub_contracts.base.limits import BLOB_MAX_BYTES, BLOB_PART_BYTES, BLOB_SINGLE_PUT_MAX_BYTES
from risk_hub_contracts.base.path_values import check_sha256
from risk_hub_contracts.base.problems import CONTRACT_VIOLATION, UPLOAD_INVALID, ProblemError
from risk_hub_contracts.blob.uploads import parse_upload, parse_upload_end, part_spans
from tests.contracts.samples import pointers

DIGEST = "a" * 64


def announced(**fields: Any) -> bytes:
    document = {"kind": "covariance", "bytes": 100, "sha256": DIGEST, **fields}
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


def ended(**fields: Any) -> bytes:
    return announced(**{"sha256": None, "upload_id": "some.upload_id-1", **fields})


def refused(raw: bytes) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        parse_upload(raw)
    return caught.value


def test_a_small_blob_is_announced_by_kind_size_and_digest() -> None:
    requested = parse_upload(announced())
    assert (requested.kind, requested.bytes, requested.sha256, requested.parts) == (
        "covariance",
        100,
        DIGEST,
        [],
    )


@pytest.mark.parametrize("member", ["parts", "kind", "bytes", "sha256"])
def test_upload_announcement_rejects_null_for_every_member(member: str) -> None:
    problem = refused(json.dumps({**json.loads(announced()), member: None}).encode())
    assert (problem.type, pointers(problem)) == (UPLOAD_INVALID, [f"/{member}"])


@pytest.mark.parametrize("member", ["parts", "kind", "bytes", "upload_id"])
def test_upload_completion_rejects_null_for_every_member(member: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_upload_end(json.dumps({**json.loads(ended()), member: None}).encode())
    assert pointers(caught.value) == [f"/{member}"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"kind": "weights"}, "/kind"),
        ({"kind": None}, "/kind"),
        ({"bytes": 0}, "/bytes"),
        ({"bytes": 1.0}, "/bytes"),
        ({"bytes": True}, "/bytes"),
        ({"bytes": BLOB_MAX_BYTES + 1}, "/bytes"),
        ({"sha256": "A" * 64}, "/sha256"),
        ({"sha256": "a" * 63}, "/sha256"),
        ({"sha256": "a" * 64 + "\n"}, "/sha256"),
        ({"bytess": 1}, "/bytess"),
        ({"parts": [DIGEST]}, ""),
        ({"bytes": BLOB_SINGLE_PUT_MAX_BYTES + 1}, ""),
        ({"bytes": BLOB_SINGLE_PUT_MAX_BYTES + 1, "parts": [DIGEST] * 6}, ""),
        ({"bytes": BLOB_SINGLE_PUT_MAX_BYTES + 1, "parts": [DIGEST] * 6 + ["x"]}, "/parts/6"),
    ],
)
def test_invalid_upload_field_is_rejected_at_its_pointer(fields: dict[str, Any], pointer: str) -> None:
    problem = refused(announced(**fields))
    assert problem.type is UPLOAD_INVALID
    assert pointer in pointers(problem)


@pytest.mark.parametrize("raw", [b"[]", b"1", b"null", b'"text"'])
def test_upload_body_that_is_not_an_object_is_rejected(raw: bytes) -> None:
    assert refused(raw).type is UPLOAD_INVALID


def test_a_large_blob_needs_the_digest_of_each_part() -> None:
    assert parse_upload(announced(bytes=BLOB_SINGLE_PUT_MAX_BYTES)).parts == []
    requested = parse_upload(announced(bytes=BLOB_SINGLE_PUT_MAX_BYTES + 1, parts=[DIGEST] * 7))
    assert requested.parts == [DIGEST] * 7
    assert len(parse_upload(announced(bytes=BLOB_MAX_BYTES, parts=[DIGEST] * 32)).parts or ()) == 32


@pytest.mark.parametrize(
    "size",
    [
        1,
        BLOB_SINGLE_PUT_MAX_BYTES,
        BLOB_SINGLE_PUT_MAX_BYTES + 1,
        BLOB_PART_BYTES * 10,
        BLOB_PART_BYTES * 10 + 1,
        BLOB_MAX_BYTES,
    ],
)
def test_part_spans_cover_the_blob_without_gap_or_overlap(size: int) -> None:
    spans = list(part_spans(size))
    if size <= BLOB_SINGLE_PUT_MAX_BYTES:
        assert spans == []
        return
    assert [span.number for span in spans] == list(range(1, len(spans) + 1))
    assert sum(span.size_bytes for span in spans) == size
    assert all(span.first_byte == (span.number - 1) * BLOB_PART_BYTES for span in spans)
    assert {span.size_bytes for span in spans[:-1]} <= {BLOB_PART_BYTES}
    assert 1 <= spans[-1].size_bytes <= BLOB_PART_BYTES


def test_upload_completion_is_parsed_with_its_upload_id() -> None:
    end = parse_upload_end(ended())
    assert (end.kind, end.bytes, end.upload_id) == ("covariance", 100, "some.upload_id-1")


@pytest.mark.parametrize("upload_id", ["", "a b", "a\n", "x" * 1025, "é", 1, None])
def test_malformed_upload_id_is_rejected(upload_id: object) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_upload_end(ended(upload_id=upload_id))
    assert pointers(caught.value) == ["/upload_id"]


def test_a_digest_in_a_path_is_64_lower_case_hex_digits() -> None:
    assert check_sha256(DIGEST) == DIGEST
    for value in ("a" * 63, "A" * 64, "../" + "a" * 61, ""):
        with pytest.raises(ProblemError) as caught:
            check_sha256(value)
        assert caught.value.type is CONTRACT_VIOLATION
        assert pointers(caught.value) == ["/sha256"]
