"""Items of a run's chain: identity, canonical bytes, digest, bounds."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from risk_hub_contracts.base.canonical import canonical_json, sha256_hex
from risk_hub_contracts.base.ids import name_violation
from risk_hub_contracts.base.limits import RUN_ITEM_MAX_BYTES, RUN_ITEMS_MAX_COUNT
from risk_hub_contracts.runs.run_item import RunItem, RunItemError, seal, unseal
from risk_hub_contracts.runs.run_key import RunKey

MEMBERS: dict[str, Any] = {
    "world_id": "us20",
    "strategy_id": "mean/reversion",
    "run_id": "r1",
    "sequence": 1,
    "recorded_at": "2026-01-05T12:00:00.000000Z",
    "subject": "anna@example.com",
    "entry_id": "r1",
    "previous_sha256": None,
    "kind": "created",
    "payload": {"b": 1.0, "a": [True, None, "é"]},
}
NAMES = st.text(min_size=1, max_size=12).filter(lambda text: name_violation(text) is None)
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,8}", fullmatch=True)
KEYS = st.builds(RunKey, IDS, NAMES, IDS)


def item(**changed: Any) -> RunItem:
    return RunItem.model_validate({**MEMBERS, **changed})


def test_bytes_of_an_item_are_canonical_json_and_its_digest_is_theirs() -> None:
    sealed = seal(item())
    assert sealed.data == canonical_json(MEMBERS)
    assert sealed.data.startswith(b'{"entry_id":"r1","kind":"created",')
    assert sealed.sha256 == sha256_hex(sealed.data)
    assert unseal(sealed.data) == sealed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("world_id", "a/b"),
        ("world_id", ""),
        ("strategy_id", " padded"),
        ("strategy_id", "tab\there"),
        ("strategy_id", "\u200b"),
        ("strategy_id", "e\u0301"),
        ("strategy_id", "x" * 129),
        ("strategy_id", "\ud800"),
        ("run_id", "a|b"),
        ("sequence", 0),
        ("sequence", RUN_ITEMS_MAX_COUNT + 1),
        ("subject", "line\nfeed"),
        ("entry_id", ""),
        ("previous_sha256", "abc"),
        ("kind", "Created"),
    ],
)
def test_an_item_with_a_member_outside_its_bounds_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        item(**{name: value})


def test_an_unknown_kind_and_unknown_members_of_a_later_release_are_read() -> None:
    data = canonical_json({**MEMBERS, "kind": "of_a_later_release", "added": 1})
    read = unseal(data)
    assert read.item.kind == "of_a_later_release"
    assert (read.data, read.sha256) == (data, sha256_hex(data))


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, "\ud800"])
def test_a_payload_without_a_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(RunItemError, match="item 1 has no canonical form"):
        seal(item(payload={"a": value}))


def test_an_item_of_the_greatest_size_is_sealed_and_a_larger_one_is_refused() -> None:
    size = len(seal(item(payload={"text": ""})).data)
    assert len(seal(item(payload={"text": "x" * (RUN_ITEM_MAX_BYTES - size)})).data) == RUN_ITEM_MAX_BYTES
    with pytest.raises(RunItemError, match=f"at most {RUN_ITEM_MAX_BYTES} bytes; item 1 has"):
        seal(item(payload={"text": "x" * (RUN_ITEM_MAX_BYTES - size + 1)}))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"1", b"{}", b"\xff", b'{"world_id":"us20"}'])
def test_bytes_that_are_not_an_item_are_refused(data: bytes) -> None:
    with pytest.raises(RunItemError):
        unseal(data)


@given(st.lists(KEYS, min_size=2, max_size=8, unique=True))
def test_different_keys_have_different_texts_and_each_text_gives_its_key(keys: list[RunKey]) -> None:
    texts = [key.text for key in keys]
    assert len(set(texts)) == len(keys)
    assert list(map(RunKey.parse, texts)) == keys


@pytest.mark.parametrize("text", ["", "us20", "us20/r1", "us20/r1/", "/r1/a", "us 20/r1/a", "us20//a"])
def test_a_text_that_no_key_has_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"world_id|strategy_id|run_id"):
        RunKey.parse(text)


def test_any_change_of_a_member_changes_the_digest() -> None:
    digests = {seal(item()).sha256}
    for name, value in json.loads(canonical_json(MEMBERS)).items():
        other = {"sequence": 2, "previous_sha256": "0" * 64, "payload": {}}.get(name, f"{value}x")
        if name == "recorded_at":
            other = "2026-01-05T12:00:00.000001Z"
        digests.add(seal(item(**{name: other})).sha256)
    assert len(digests) == len(MEMBERS) + 1
