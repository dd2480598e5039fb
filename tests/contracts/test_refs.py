from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_contracts.base.problems import REF_INVALID, ProblemError
from risk_hub_contracts.blob.refs import BlobRef, parse_ref
from tests.contracts.samples import BUCKET, WORLD_ID, json_values, pointers

SHA256 = "0123456789abcdef" * 4
URI = f"s3://{BUCKET}/risk-blobs/{WORLD_ID}/{SHA256}"
REF: dict[str, Any] = {"ref": URI, "sha256": SHA256, "bytes": 64, "kind": "covariance"}


def read(value: object, **place: Any) -> BlobRef:
    return parse_ref(value, **{"world_id": WORLD_ID, "kind": "covariance", "bucket": BUCKET, **place})


def test_blob_ref_object_is_parsed_unchanged() -> None:
    assert read(REF).document() == REF


def test_blob_ref_uri_has_a_digest_and_the_field_kind_but_no_size() -> None:
    found = read(URI)
    assert (found.ref, found.sha256, found.bytes, found.kind) == (URI, SHA256, None, "covariance")
    assert found.document() == {"ref": URI, "sha256": SHA256, "kind": "covariance"}


def test_blob_ref_accepts_any_bucket_when_none_is_configured() -> None:
    assert read(URI.replace(BUCKET, "another"), bucket=None).ref == URI.replace(BUCKET, "another")


@pytest.mark.parametrize("world_id", ["w", "a:b", "x@y+z._-"])
def test_blob_ref_contains_the_world_id_unescaped(world_id: str) -> None:
    assert read(f"s3://{BUCKET}/risk-blobs/{world_id}/{SHA256}", world_id=world_id).sha256 == SHA256


@pytest.mark.parametrize(
    "uri",
    [
        URI.replace("s3:", "S3:"),
        URI.replace("s3:", "https:"),
        URI.replace("s3:", "file:"),
        URI.replace("s3:", "redis:"),
        URI.replace(BUCKET, "other-bucket"),
        URI.replace(BUCKET, f"user@{BUCKET}"),
        URI.replace(BUCKET, ""),
        URI.replace(WORLD_ID, "other"),
        URI.replace(WORLD_ID, f"{WORLD_ID}/.."),
        URI.replace(WORLD_ID, WORLD_ID.upper()),
        URI.replace("risk-blobs", "risk-bodies"),
        URI.replace("risk-blobs/", "risk-blobs//"),
        URI + "/",
        URI + "#x",
        URI + "\n",
        URI[:-1] + "g",
        URI.replace(SHA256, SHA256.upper()),
        " " + URI,
        "",
    ],
)
def test_malformed_or_foreign_blob_uri_is_rejected(uri: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read(uri)
    assert caught.value.type is REF_INVALID
    assert set(pointers(caught.value)) == {"/covariance_ref"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"sha256": "f" * 64}, "/covariance_ref/sha256"),
        ({"sha256": SHA256.upper()}, "/covariance_ref/sha256"),
        ({"bytes": 0}, "/covariance_ref/bytes"),
        ({"bytes": True}, "/covariance_ref/bytes"),
        ({"bytes": None}, "/covariance_ref/bytes"),
        ({"bytes": "64"}, "/covariance_ref/bytes"),
        ({"kind": "stress"}, "/covariance_ref/kind"),
        ({"kind": "x"}, "/covariance_ref/kind"),
        ({"ref": "file:///etc/passwd"}, "/covariance_ref/ref"),
        ({"extra": 1}, "/covariance_ref/extra"),
    ],
)
def test_invalid_blob_ref_member_is_rejected_at_its_pointer(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read({**REF, **change})
    assert pointers(caught.value) == [pointer]


def test_every_blob_ref_violation_is_listed() -> None:
    with pytest.raises(ProblemError) as caught:
        read(
            {**REF, "ref": URI.replace(BUCKET, "other").replace(WORLD_ID, "x"), "kind": "stress"},
            pointer="/p",
        )
    assert pointers(caught.value) == ["/p/kind", "/p/ref", "/p/ref"]


@given(json_values)
def test_arbitrary_json_as_a_blob_ref_raises_ref_invalid(value: Any) -> None:
    with pytest.raises(ProblemError, match="ref-invalid"):
        read(value)


@given(st.text(max_size=30))
def test_arbitrary_text_after_the_s3_scheme_raises_ref_invalid(text: str) -> None:
    with pytest.raises(ProblemError, match="ref-invalid"):
        read(f"s3://{text}")
