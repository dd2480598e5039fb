"""Malformed blobs are refused by POST, and answered with 424 if one is already stored."""

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

import pytest

from functions.hub.ports import BlobError
from risk_hub_contracts.base.limits import (
    ASSET_ID_MAX_CHARS,
    BLOB_FIRST_READ_BYTES,
    BLOB_HEADERS_CHECKED_MAX_BYTES,
    WEIGHTS_MAX_COUNT,
)
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.blob.write import (
    digest,
    encode_covariance,
    encode_factor,
    encode_returns,
    encode_stress,
)
from tests.fakes.gateway import Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, book, post

IDS = ("AAPL", "MSFT")
UPPER = (0.04, 0.01, 0.09)
SERIES = {"AAPL": [0.01, -0.02, 0.03], "MSFT": [0.02, 0.01, -0.01]}
DATES = ["2026-01-02", "2026-01-03", "2026-01-04"]
SHOCKS = {"crash": {"loss": 0.2, "shocks": {"AAPL": -0.3}}}
SOUND: dict[str, tuple[BlobKind, bytes]] = {
    "upper": ("covariance", encode_covariance(IDS, UPPER)),
    "factor": ("covariance", encode_factor(IDS, [[0.1], [0.2]], [0.01, 0.02])),
    "returns": ("realized_returns", encode_returns(SERIES)),
    "dated returns": ("realized_returns", encode_returns(SERIES, DATES)),
    "one series": ("realized_returns", encode_returns(SERIES["AAPL"])),
    "stress": ("stress", encode_stress(SHOCKS)),
}
Fault = Callable[[bytes], bytes]


def in_header(old: bytes, new: bytes) -> Fault:
    def fault(data: bytes) -> bytes:
        head, line_feed, payload = data.partition(b"\n")
        assert old in head, head
        return head.replace(old, new, 1) + line_feed + payload

    return fault


def last_number(value: float) -> Fault:
    return lambda data: data[:-8] + struct.pack("<d", value)


ANY: dict[str, Fault] = {
    "text": lambda _: b"Dear hub, this is a spreadsheet.",
    "unterminated first line": lambda data: data.partition(b"\n")[0],
    "truncated first line": lambda data: data[:20] + b"\n",
    "header is not JSON": in_header(b"{", b"["),
    "header is not canonical": in_header(b"{", b"{ "),
    "NaN in the header": in_header(b"{", b'{"A":NaN,'),
    "unknown magic": in_header(b"rsh1", b"rsh2"),
    "trailing bytes": lambda data: data + b"\n",
    "one number too many": lambda data: data + bytes(8),
    "header nested too deeply": in_header(b"{", b'{"A":' + b"[" * 40 + b"]" * 40 + b","),
}
WITH_NUMBERS: dict[str, Fault] = {
    "last number missing": lambda data: data[:-8],
    "last byte missing": lambda data: data[:-1],
    "NaN": last_number(float("nan")),
    "Infinity": last_number(float("inf")),
    "number out of range": last_number(1e300),
}
WITH_IDS: dict[str, Fault] = {
    "unsorted ids": in_header(b'["AAPL","MSFT"]', b'["MSFT","AAPL"]'),
    "duplicate ids": in_header(b'["AAPL","MSFT"]', b'["AAPL","AAPL"]'),
    "numeric id": in_header(b'["AAPL","MSFT"]', b'["AAPL",1]'),
    "id too long": in_header(b'"MSFT"', b'"' + b"N" * (ASSET_ID_MAX_CHARS + 1) + b'"'),
}
# A factor form with one id less is another valid one, with more factors.
AN_ID_TOO_FEW = {"one id too few": in_header(b'["AAPL","MSFT"]', b'["AAPL"]')}
DATES_BROKEN: dict[str, Fault] = {
    "one date too few": in_header(b',"2026-01-04"', b""),
    "numeric date": in_header(b'"2026-01-04"', b"4"),
}
COVARIANCE: dict[str, Fault] = {
    "no ids": in_header(b'["AAPL","MSFT"]', b"[]"),
    "unknown layout": in_header(b'"layout":"', b'"layout":"x'),
    "no layout": in_header(b',"layout":', b',"shape":'),
}
RETURNS: dict[str, Fault] = {
    "one length too many": in_header(b'"lengths":[3', b'"lengths":[3,3'),
    "wrong length": in_header(b'"lengths":[3', b'"lengths":[2'),
    "zero length": in_header(b'"lengths":[3', b'"lengths":[0'),
    "negative length": in_header(b'"lengths":[3', b'"lengths":[-3'),
    "no lengths": in_header(b'"lengths"', b'"sizes"'),
}
STRESS: dict[str, Fault] = {
    "numeric scenario": in_header(b'{"loss"', b'{"a":1},"d":1,"e":{"loss"'),
    "text metric": in_header(b'"loss":0.2', b'"loss":"0.2"'),
    "null metric": in_header(b'"loss":0.2', b'"loss":null'),
    "metric out of range": in_header(b'"loss":0.2', b'"loss":1e+200'),
    "shock with an empty asset id": in_header(b'"AAPL":-0.3', b'"":-0.3'),
    "scenario name with a trailing space": in_header(b'"crash"', b'"crash "'),
}
FAULTS: dict[str, dict[str, Fault]] = {
    "upper": ANY | WITH_NUMBERS | WITH_IDS | COVARIANCE | AN_ID_TOO_FEW,
    "factor": ANY | WITH_NUMBERS | WITH_IDS | COVARIANCE,
    "returns": ANY | WITH_NUMBERS | WITH_IDS | RETURNS | AN_ID_TOO_FEW,
    "dated returns": ANY | WITH_NUMBERS | WITH_IDS | RETURNS | AN_ID_TOO_FEW | DATES_BROKEN,
    "one series": ANY | WITH_NUMBERS | RETURNS,
    "stress": ANY | STRESS,
}
CASES = [
    pytest.param(form, fault, id=f"{form}: {name}")
    for form, faults in FAULTS.items()
    for name, fault in faults.items()
]


def test_truncated_blob_and_invalid_header_json_are_named_in_the_detail(api: Gateway, hub: Hub) -> None:
    data = SOUND["upper"][1]
    faults = {
        "no line feed within 16777216 bytes; the file may be truncated": data[:20],
        "(malformed-json): The header is not JSON: ": data[:20] + b"\n",
        "(malformed-json): The header begins with a byte order mark": data.replace(b"{", b"\xef\xbb\xbf{", 1),
        "(not-utf8): Byte 9 of the header is not UTF-8": data.replace(b"A", b"\xff", 1),
    }
    for reported, broken in faults.items():
        refused = post(api, book(covariance_ref=stored_ref(hub, "covariance", broken)))
        assert (refused.status, refused.slug) == (422, "blob-malformed")
        assert reported in refused.json["detail"]
        assert "body" not in refused.json["detail"]
        assert ".." not in refused.json["detail"]


def test_unreadable_blob_is_422_on_post_and_424_on_expand(
    api: Gateway, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, data = SOUND["upper"]
    ref = stored_ref(hub, kind, data)
    assert post(api, book("v1", covariance_ref=ref)).status == 201

    def unreadable(ref: BlobRef, *_: int) -> NoReturn:
        raise BlobError(ref, "the blob is archived")

    monkeypatch.setattr(hub.blobs, "head", unreadable)
    monkeypatch.setattr(hub.blobs, "load", unreadable)
    refused = post(api, book("v2", covariance_ref=ref))
    assert (refused.status, refused.slug, refused.pointers) == (422, "ref-invalid", ["/covariance_ref"])
    assert "archived" in refused.json["detail"]
    answer = api("GET", f"{SNAPSHOTS}/latest?expand=true")
    assert (answer.status, answer.slug) == (424, "blob-unavailable")
    assert api("GET", f"{SNAPSHOTS}/latest").status == 200


def stored_ref(hub: Hub, kind: BlobKind, data: bytes) -> dict[str, Any]:
    return hub.blobs.put("w1", kind, digest(data), data).document()


def referring(refs: dict[str, Any]) -> dict[str, Any]:
    """Return a small body with these references."""
    return book("v1", **refs)


def malformed(form: str, fault: Fault) -> tuple[BlobKind, bytes]:
    kind, sound = SOUND[form]
    data = fault(sound)
    assert data != sound
    return kind, data


@pytest.mark.parametrize("form", SOUND)
def test_valid_blob_of_every_form_is_accepted_and_expanded(api: Gateway, hub: Hub, form: str) -> None:
    kind, data = SOUND[form]
    assert post(api, referring({f"{kind}_ref": stored_ref(hub, kind, data)})).status == 201
    answer = api("GET", f"{SNAPSHOTS}/latest?expand=true")
    assert answer.status == 200
    assert kind in answer.json


@pytest.mark.parametrize(("form", "fault"), CASES)
def test_post_refuses_a_reference_to_a_malformed_blob_and_stores_nothing(
    api: Gateway, hub: Hub, form: str, fault: Fault
) -> None:
    kind, data = malformed(form, fault)
    refused = post(api, referring({f"{kind}_ref": stored_ref(hub, kind, data)}))
    assert (refused.status, refused.slug, refused.pointers) == (422, "blob-malformed", [f"/{kind}_ref"])
    assert refused.json["errors"][0]["detail"]
    assert hub.snapshots.rows == {}


@pytest.mark.parametrize(("form", "fault"), CASES)
def test_a_malformed_blob_of_a_stored_snapshot_is_424_with_the_reason_and_never_500(
    api: Gateway, hub: Hub, form: str, fault: Fault
) -> None:
    kind, data = malformed(form, fault)
    publish_by_an_earlier_release(api, hub, f"{kind}_ref", stored_ref(hub, kind, data))
    answer = api("GET", f"{SNAPSHOTS}/latest?expand=true")
    assert (answer.status, answer.slug) == (424, "blob-unavailable")
    assert "malformed: " in answer.json["detail"]
    assert api("GET", f"{SNAPSHOTS}/latest").status == 200


def publish_by_an_earlier_release(api: Gateway, hub: Hub, field: str, ref: dict[str, Any]) -> None:
    """Store a snapshot whose blob was not validated."""
    assert post(api).status == 201
    ((key, row),) = hub.snapshots.rows.items()
    hub.snapshots.rows[key] = replace(row, document={**row.document, field: ref})


@pytest.mark.parametrize("form", ["upper", "returns", "stress"])
def test_header_of_another_kind_is_422_on_post_and_424_on_expand(api: Gateway, hub: Hub, form: str) -> None:
    kind, _ = SOUND[form]
    _, other = SOUND["stress" if kind != "stress" else "upper"]
    ref = stored_ref(hub, kind, other)
    refused = post(api, referring({f"{kind}_ref": ref}))
    assert (refused.status, refused.slug, refused.pointers) == (422, "blob-malformed", [f"/{kind}_ref"])
    publish_by_an_earlier_release(api, hub, f"{kind}_ref", ref)
    answer = api("GET", f"{SNAPSHOTS}/latest?expand=true")
    assert (answer.status, answer.slug) == (424, "blob-unavailable")


def test_a_reference_of_another_kind_in_a_stored_snapshot_is_424_on_expand(api: Gateway, hub: Hub) -> None:
    publish_by_an_earlier_release(api, hub, "covariance_ref", stored_ref(hub, *SOUND["stress"]))
    answer = api("GET", f"{SNAPSHOTS}/latest?expand=true")
    assert (answer.status, answer.slug) == (424, "blob-unavailable")
    assert "of kind stress, not covariance" in answer.json["detail"]


def test_covariance_with_more_ids_than_the_weights_limit_is_refused(api: Gateway, hub: Hub) -> None:
    ids = ["AAPL", *(f"B{number:05}" for number in range(WEIGHTS_MAX_COUNT - 1)), "MSFT"]
    data = encode_factor(ids, [[0.1]] * len(ids), [0.01] * len(ids))
    refused = post(api, book(covariance_ref=stored_ref(hub, "covariance", data)))
    assert (refused.slug, refused.pointers) == ("blob-malformed", ["/covariance_ref"])
    assert "at most 10000 ids, not 10001" in refused.json["detail"]


def test_blob_larger_than_the_first_read_is_checked_against_its_header(api: Gateway, hub: Hub) -> None:
    ids = ["AAPL", *(f"B{number:03}" for number in range(200)), "MSFT"]
    data = encode_covariance(ids, [0.0] * (len(ids) * (len(ids) + 1) // 2))
    assert len(data) > BLOB_FIRST_READ_BYTES
    assert post(api, book("v1", covariance_ref=stored_ref(hub, "covariance", data))).status == 201
    refused = post(api, book("v2", covariance_ref=stored_ref(hub, "covariance", data[:-8])))
    assert refused.slug == "blob-malformed"


def stress_of(size_bytes: int) -> bytes:
    name_bytes = len(encode_stress({"A" * 100: {}})) - len(encode_stress({}))
    count = size_bytes // (name_bytes + 1)
    return encode_stress({f"{number:0100}": {} for number in range(count)})


def test_header_longer_than_the_first_read_is_read_completely(api: Gateway, hub: Hub) -> None:
    data = stress_of(2 * BLOB_FIRST_READ_BYTES)
    assert post(api, book(stress_ref=stored_ref(hub, "stress", data))).status == 201


def test_header_over_the_size_limit_is_refused(api: Gateway, hub: Hub) -> None:
    ref = stored_ref(hub, "stress", stress_of(BLOB_HEADERS_CHECKED_MAX_BYTES + 1_000))
    refused = post(api, book(stress_ref=ref))
    assert (refused.slug, refused.pointers) == ("blob-malformed", ["/stress_ref"])
    assert str(BLOB_HEADERS_CHECKED_MAX_BYTES) in refused.json["detail"]


def test_headers_of_all_blobs_of_a_snapshot_share_the_size_limit(
    api: Gateway, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = {f"{kind}_ref": stored_ref(hub, kind, data) for kind, data in (SOUND["upper"], SOUND["stress"])}
    line_bytes = [data.index(b"\n") + 1 for _, data in (SOUND["upper"], SOUND["stress"])]
    limit = "functions.hub.use_cases.verify_refs.BLOB_HEADERS_CHECKED_MAX_BYTES"
    monkeypatch.setattr(limit, sum(line_bytes) - 1)
    assert post(api, referring(refs)).pointers == ["/stress_ref"]
    monkeypatch.setattr(limit, sum(line_bytes))
    assert post(api, referring(refs)).status == 201


@pytest.mark.parametrize("form", ["upper", "factor"])
def test_a_referenced_covariance_must_cover_every_weight_as_an_inline_one_must(
    api: Gateway, hub: Hub, form: str
) -> None:
    weights = {"AAPL": 0.5, "MSFT": 0.4, "NVDA": 0.1}
    inline = post(api, book(weights=weights, covariance={"ids": list(IDS), "upper": list(UPPER)}))
    ref = stored_ref(hub, *SOUND[form])
    refused = post(api, book(weights=weights, covariance_ref=ref))
    assert (refused.status, refused.slug) == (inline.status, inline.slug) == (422, "contract-violation")
    assert inline.json["errors"] == [
        {"pointer": "/covariance", "detail": "does not contain 'NVDA', which has a weight"}
    ]
    assert refused.json["errors"] == [{**inline.json["errors"][0], "pointer": "/covariance_ref"}]


def test_referenced_returns_may_omit_a_weight_like_inline_returns(api: Gateway, hub: Hub) -> None:
    weights = {"AAPL": 0.5, "MSFT": 0.4, "NVDA": 0.1}
    assert post(api, book("v1", weights=weights, realized_returns=SERIES)).status == 201
    ref = stored_ref(hub, *SOUND["returns"])
    assert post(api, book("v2", weights=weights, realized_returns_ref=ref)).status == 201
