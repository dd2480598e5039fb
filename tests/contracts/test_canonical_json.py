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
def test_canonical_json_matches_the_reference_library_byte_for_byte(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@given(st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0]))
def test_finite_floats_match_the_reference_and_non_finite_floats_raise(number: float) -> None:
    if math.isfinite(number):
        assert canonical_json(number) == rfc8785.dumps(number)
    else:
        with pytest.raises(ValueError, match="representable"):
            canonical_json(number)


@given(st.floats(1e-9, 1e-3) | st.floats(1e14, 1e23))
def test_floats_near_the_exponent_notation_boundary_match_the_reference(number: float) -> None:
    assert canonical_json([number, -number]) == rfc8785.dumps([number, -number])


@given(
    st.lists(
        st.sampled_from(["a", "é", "\ud7ff", "\ue000", "\uff21", "\U00010000", "\U0010ffff", ""]), unique=True
    )
)
def test_keys_are_sorted_by_utf_16_code_units(keys: list[str]) -> None:
    members = dict.fromkeys(keys, 1)
    assert canonical_json(members) == rfc8785.dumps(members)


def test_surrogate_pair_key_sorts_before_a_high_basic_plane_key() -> None:
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
def test_known_values_have_the_expected_canonical_form(value: object, text: bytes) -> None:
    assert canonical_json(value) == text


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, 2**53, -(2**53), "\ud800", {1: 2}, {"a": object()}, b"x"]
)
def test_value_without_a_canonical_form_raises_value_error(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical_json(value)


def test_gateway_digest_covers_sorted_ascii_json_without_hash_and_created_at() -> None:
    body = {"b": 1e-07, "a": "é", "hash": "x", "created_at": "y", "c": [1, 1.0]}
    sent = b'{"a":"\\u00e9","b":1e-07,"c":[1,1.0]}'
    assert gateway_digest(body, "sha256") == f"sha256:{hashlib.sha256(sent).hexdigest()}"
    assert gateway_digest(body, "blake3") == f"blake3:{blake3(sent).hexdigest()}"
