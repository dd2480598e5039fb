"""Anchors: hours, leaves, and the Merkle tree of RFC 6962."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_contracts.base.canonical import canonical_json
from risk_hub_contracts.runs.anchor import (
    Anchor,
    AnchorError,
    decode_leaves,
    encode_leaves,
    following_hour,
    hour_of,
    hour_start,
    merkle_root,
    newest_heads,
    read_anchor,
)
from risk_hub_contracts.runs.chain import ChainHead

SHA = "0" * 64
HEADS = st.lists(
    st.builds(ChainHead, st.text("abc/é", min_size=1, max_size=4), st.integers(1, 9), st.just(SHA)),
    max_size=20,
    unique_by=lambda head: head.key,
).map(sorted)


def reference_root(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash as section 2.1 of RFC 6962 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    parts = reference_root(leaves[:split]) + reference_root(leaves[split:])
    return hashlib.sha256(b"\x01" + parts).digest()


@given(HEADS)
def test_the_root_is_that_of_rfc_6962_over_canonical_leaves(heads: list[ChainHead]) -> None:
    leaves = [canonical_json([head.key, head.sequence, head.sha256]) for head in heads]
    assert merkle_root(heads) == reference_root(leaves).hex()


def test_the_root_of_the_published_example_of_no_leaves() -> None:
    assert merkle_root([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(HEADS)
def test_leaves_come_back_from_their_lines(heads: list[ChainHead]) -> None:
    assert decode_leaves(encode_leaves(heads)) == heads


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"{}\n",
        b'["a",1]\n',
        b'["a",1,"s",2]\n',
        b'["a","1","s"]\n',
        b"1\n",
        b'["b",1,"s"]\n["a",1,"s"]\n',
        b'["a",1,"s"]\n["a",2,"s"]\n',
    ],
)
def test_bytes_that_are_not_ordered_leaves_are_refused(data: bytes) -> None:
    with pytest.raises(AnchorError):
        decode_leaves(data)


def test_the_newest_head_of_each_run_is_kept_in_the_order_of_the_runs() -> None:
    heads = [ChainHead("b", 2, "x"), ChainHead("a", 1, "y"), ChainHead("b", 10, "z"), ChainHead("b", 9, "w")]
    assert newest_heads(heads) == [ChainHead("a", 1, "y"), ChainHead("b", 10, "z")]


def test_an_anchor_comes_back_from_its_canonical_bytes() -> None:
    anchor = Anchor(hour="2026-01-05T12", previous_sha256=None, root=SHA, count=0)
    assert (
        anchor.data()
        == b'{"count":0,"hour":"2026-01-05T12","previous_sha256":null,"root":"' + SHA.encode() + b'"}'
    )
    assert read_anchor(anchor.data()) == anchor
    for data in (b"", b"[]", b"{}", anchor.data().replace(b"T12", b"T1")):
        with pytest.raises(AnchorError):
            read_anchor(data)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_instant_is_in_its_hour_and_hours_follow_each_other(instant: datetime) -> None:
    hour = hour_of(instant)
    assert hour_start(hour) <= instant < hour_start(hour) + timedelta(hours=1)
    assert hour_start(following_hour(hour)) == hour_start(hour) + timedelta(hours=1)
    assert following_hour(following_hour(hour, -1)) == hour
    assert hour < following_hour(hour)
