import hashlib
import math
import struct
from typing import Any

import pytest
import rfc8785
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_contracts.base.canonical import canonical_json, gateway_digest
from tests.contracts.samples import json_values


@given(json_values)
def test_equals_the_reference_library_byte_for_byte(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@given(st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0]))
def test_writes_a_float_of_any_bit_pattern_as_the_reference_does(number: float) -> None:
    if math.isfinite(number):
        assert canonical_json(number) == rfc8785.dumps(number)
    else:
        with pytest.raises(ValueError, match="representable"):
            canonical_json(number)


@given(st.floats(1e-9, 1e-3) | st.floats(1e14, 1e23))
def test_writes_floats_where_python_and_ecmascript_switch_notation_alike(number: float) -> None:
    assert canonical_json([number, -number]) == rfc8785.dumps([number, -number])


@given(
    st.lists(
        st.sampled_from(["a", "é", "\ud7ff", "\ue000", "\uff21", "\U00010000", "\U0010ffff", ""]), unique=True
    )
)
def test_sorts_keys_by_their_utf_16_form(keys: list[str]) -> None:
    members = dict.fromkeys(keys, 1)
    assert canonical_json(members) == rfc8785.dumps(members)


def test_orders_a_surrogate_pair_before_a_high_character_of_the_basic_plane() -> None:
    assert canonical_json({"\uff21": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\uff21":1}'.encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, b"0"),
        (1.0, b"1"),
        (1e21, b"1e+21"),
        (1e20, b"100000000000000000000"),
        (1e-7, b"1e-7"),
        (0.000001, b"0.000001"),
        (5e-324, b"5e-324"),
        (2**53 - 1, b"9007199254740991"),
        (True, b"true"),
        (None, b"null"),
        ((1, "\x7f\x1f"), b'[1,"\x7f\\u001f"]'),
    ],
)
def test_known_forms(value: object, text: bytes) -> None:
    assert canonical_json(value) == text


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, 2**53, -(2**53), "\ud800", {1: 2}, {"a": object()}, b"x"]
)
def test_refuses_what_has_no_canonical_form(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical_json(value)


def test_the_clients_digest_is_of_sorted_compact_ascii_json_without_claim_and_clock() -> None:
    body = {"b": 1e-07, "a": "é", "hash": "x", "created_at": "y", "c": [1, 1.0]}
    sent = b'{"a":"\\u00e9","b":1e-07,"c":[1,1.0]}'
    assert gateway_digest(body, "sha256") == f"sha256:{hashlib.sha256(sent).hexdigest()}"
    assert gateway_digest(body, "blake3") == f"blake3:{blake3(sent).hexdigest()}"
