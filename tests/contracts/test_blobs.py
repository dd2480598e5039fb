import struct
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_contracts.blob import types as blob_types
from risk_hub_contracts.blob import write as blob_write
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.types import BlobFormatError, Covariance, RealizedReturns, Stress
from risk_hub_contracts.blob.write import (
    digest,
    encode_covariance,
    encode_factor,
    encode_returns,
    encode_stress,
)
from tests.contracts.samples import asset_ids, finite

ids = st.lists(asset_ids, min_size=1, max_size=6, unique=True)
series = st.lists(finite, min_size=1, max_size=20)


def upper_of(count: int) -> st.SearchStrategy[list[float]]:
    size = count * (count + 1) // 2
    return st.lists(finite, min_size=size, max_size=size)


@given(st.data())
def test_covariance_round_trips_for_any_id_order(data: st.DataObject) -> None:
    names = data.draw(ids)
    upper = data.draw(upper_of(len(names)))
    entries = {}
    for index, (row, column) in enumerate((i, j) for i in range(len(names)) for j in range(i, len(names))):
        entries[frozenset((names[row], names[column]))] = upper[index]
    decoded = decode(encode_covariance(names, upper))
    assert isinstance(decoded, Covariance)
    assert decoded.ids == tuple(sorted(names))
    read = iter(decoded.values)
    for row in range(len(names)):
        for column in range(row, len(names)):
            assert next(read) == entries[frozenset((decoded.ids[row], decoded.ids[column]))]


@given(ids, st.integers(1, 4), st.data())
def test_factor_covariance_round_trips(names: list[str], width: int, data: st.DataObject) -> None:
    rows = {name: data.draw(st.lists(finite, min_size=width, max_size=width)) for name in names}
    specific = {name: data.draw(finite) for name in names}
    decoded = decode(encode_factor(names, list(rows.values()), list(specific.values())))
    assert isinstance(decoded, Covariance)
    assert (decoded.layout, decoded.factor_count) == ("factor", width)
    assert decoded.document() == {
        "ids": sorted(names),
        "factors": [rows[name] for name in sorted(names)],
        "specific": [specific[name] for name in sorted(names)],
    }


@given(st.dictionaries(asset_ids, series, min_size=1, max_size=5))
def test_returns_of_unequal_lengths_round_trip(returns: dict[str, list[float]]) -> None:
    decoded = decode(encode_returns(returns))
    assert isinstance(decoded, RealizedReturns)
    assert decoded.document() == returns
    assert list(decoded.ids) == sorted(returns)
    assert decoded.entries == sum(map(len, returns.values()))


@given(series)
def test_single_return_series_round_trips(returns: list[float]) -> None:
    decoded = decode(encode_returns(returns))
    assert isinstance(decoded, RealizedReturns)
    assert (decoded.ids, decoded.lengths, decoded.document()) == ((), (len(returns),), returns)


@given(st.dictionaries(asset_ids, st.dictionaries(asset_ids, finite, max_size=3), max_size=3))
def test_stress_scenarios_round_trip(scenarios: dict[str, dict[str, float]]) -> None:
    decoded = decode(encode_stress(scenarios))
    assert isinstance(decoded, Stress)
    assert decoded.document() == scenarios


def test_float_written_as_integer_by_canonical_json_round_trips() -> None:
    decoded = decode(encode_stress({"a": {"x": 1e20}}))
    assert decoded.document() == {"a": {"x": 1e20}}


@given(st.data())
def test_numpy_reads_the_numbers_without_a_copy(data: st.DataObject) -> None:
    names = data.draw(ids)
    file = encode_covariance(names, data.draw(upper_of(len(names))))
    decoded = decode(file)
    assert isinstance(decoded, Covariance)
    numbers = np.frombuffer(decoded.payload, "<f8")
    assert not numbers.flags.owndata
    assert numbers.tolist() == list(decoded.values)
    assert np.shares_memory(numbers, np.frombuffer(file, np.uint8))


@given(st.lists(st.sampled_from([0.0, -0.0, 1.0]), min_size=1, max_size=9))
def test_negative_zero_is_written_as_zero(returns: list[float]) -> None:
    assert encode_returns(returns) == encode_returns([abs(number) for number in returns])


def test_negative_zero_byte_pattern_spanning_two_numbers_is_preserved() -> None:
    lookalike = list(struct.unpack("<2d", b"\x01" + b"\x00" * 7 + b"\x80" + b"\x00" * 7))
    decoded = decode(encode_returns([0.0, *lookalike]))
    assert decoded.document() == [0.0, *lookalike]


def test_encoded_blobs_match_the_documented_byte_format() -> None:
    head = b'rsh1 covariance {"ids":["A","B"],"layout":"upper"}\n'
    assert encode_covariance(["B", "A"], [3, 2, 1]) == head + struct.pack("<3d", 1, 2, 3)
    dated = encode_returns({"A": [0.5]}, dates=["2025-01-01"])
    assert (
        dated
        == b'rsh1 realized_returns {"dates":["2025-01-01"],"ids":["A"],"lengths":[1]}\n'
        + struct.pack("<d", 0.5)
    )
    assert encode_stress({"b": {"x": 1.0}, "a": {}}) == b'rsh1 stress {"a":{},"b":{"x":1}}\n'


def test_the_digest_is_the_sha256_of_the_file() -> None:
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_returns_with_dates_round_trip() -> None:
    decoded = decode(encode_returns({"A": [0.1, 0.2], "B": [0.3, 0.4]}, dates=["d1", "d2"]))
    assert isinstance(decoded, RealizedReturns)
    assert decoded.dates == ("d1", "d2")
    assert list(map(list, decoded.series())) == [[0.1, 0.2], [0.3, 0.4]]


def test_byte_order_is_swapped_when_writing_and_reading_on_big_endian_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = encode_returns([1.5, -2.0])
    head, swapped = written[:-16], struct.pack(">2d", 1.5, -2.0)
    monkeypatch.setattr(sys, "byteorder", "big")
    # The patched byte order is not that of this machine, so writing visibly swaps the bytes.
    assert encode_returns([1.5, -2.0]) == head + swapped
    assert list(blob_types._floats(memoryview(swapped))) == [1.5, -2.0]  # noqa: SLF001


@pytest.mark.parametrize(
    ("encode", "reason"),
    [
        (lambda: encode_covariance([], []), "0 ids"),
        (lambda: encode_covariance(["A"], [1, 2]), "1 id needs 1 value, not 2"),
        (lambda: encode_covariance(["A", "A"], [1, 2, 3]), "distinct"),
        (lambda: encode_covariance(["A,B"], [1]), "comma"),
        (lambda: encode_covariance(["A"], [float("nan")]), "finite"),
        (lambda: encode_returns([float("inf")]), "finite"),
        (lambda: encode_returns([float("inf"), float("-inf")]), "finite"),
        (lambda: encode_returns([]), "empty"),
        (lambda: encode_returns({}), "empty"),
        (lambda: encode_returns({"A": []}), "empty"),
        (
            lambda: encode_returns({"A": [1], "B": [1, 2]}, dates=["d"]),
            "with 1 date, every series must have 1 return",
        ),
        (lambda: encode_factor(["A"], [[]], [1]), "rows of equal length"),
        (lambda: encode_factor(["A", "B"], [[1], [1, 2]], [1, 1]), "rows of equal length"),
        (lambda: encode_factor(["A"], [[1]], []), "rows of equal length"),
        (lambda: encode_stress({"a": {"x": float("nan")}}), "representable"),
        (lambda: encode_returns([10**400]), "too large"),
    ],
)
def test_encoding_invalid_content_raises_blob_format_error(encode: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(BlobFormatError, match=reason):
        encode()


def test_finite_returns_with_an_infinite_sum_are_encoded() -> None:
    decoded = decode(encode_returns([1e308, 1e308]))
    assert decoded.document() == [1e308, 1e308]


def file(header: str, *numbers: float) -> bytes:
    return f"rsh1 {header}\n".encode() + struct.pack(f"<{len(numbers)}d", *numbers)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "first line"),
        (b"rsh1 covariance {}", "may be truncated"),
        (b'rsh2 stress {"a":{}}\n', "first line"),
        (b"rsh1 matrix {}\n", "first line"),
        (b"rsh1 stress {\n", "\\(malformed-json\\): The header is not JSON"),
        (b'rsh1 stress {"a":{},"a":{}}\n', "\\(duplicate-key\\): The key at /a"),
        (file('stress {"a": {}}'), "canonical"),
        (file('stress {"b":{},"a":{}}'), "canonical"),
        (file('stress {"a":{"x":100000000000000000001}}'), "canonical"),
        (file('stress {"a":{"x":' + "1" * 400 + "}}"), "too large"),
        (file("stress []"), "one object"),
        (file('stress {"a":1}'), "object of scenarios"),
        (file("stress {}", 1), "nothing after"),
        (file('covariance {"ids":["A"]}', 1), "layout"),
        (file('covariance {"ids":[],"layout":"upper"}'), "not empty"),
        (file('covariance {"ids":["A"],"layout":"lower"}', 1), "layout"),
        (file('covariance {"ids":["B","A"],"layout":"upper"}', 1, 2, 3), "sorted"),
        (file('covariance {"ids":["A","A"],"layout":"upper"}', 1, 2, 3), "distinct"),
        (file('covariance {"ids":[1],"layout":"upper"}', 1), "list of str"),
        (file('covariance {"ids":["A","B"],"layout":"upper"}', 1, 2), "do not match"),
        (file('covariance {"ids":["A"],"layout":"upper"}', 1) + b"x", "do not match"),
        (file('covariance {"ids":["A","B"],"layout":"factor"}', 1, 2, 3), "do not match"),
        (file('covariance {"ids":["A"],"layout":"factor"}', 1), "do not match"),
        (file('realized_returns {"ids":[]}'), "lengths"),
        (file('realized_returns {"ids":[],"lengths":[]}'), "lengths?, not"),
        (file('realized_returns {"ids":[],"lengths":[0]}'), "empty"),
        (file('realized_returns {"ids":[],"lengths":[true]}', 1), "list of int"),
        (file('realized_returns {"ids":["A"],"lengths":[1,1]}', 1, 2), "lengths?, not"),
        (file('realized_returns {"ids":["A"],"lengths":[2]}', 1), "do not match"),
        (
            file('realized_returns {"dates":["d"],"ids":["A"],"lengths":[2]}', 1, 2),
            "with 1 date, every series",
        ),
        (file('realized_returns {"dates":null,"ids":["A"],"lengths":[1]}', 1), "dates"),
        (file('realized_returns {"ids":["A"],"lengths":[1],"x":1}', 1), "lengths"),
    ],
)
def test_decoding_an_invalid_blob_raises_blob_format_error(data: bytes, reason: str) -> None:
    with pytest.raises(BlobFormatError, match=reason):
        decode(data)


@given(st.binary(max_size=80) | st.binary(max_size=60).map(b"rsh1 covariance ".__add__))
def test_decoding_arbitrary_bytes_raises_blob_format_error(data: bytes) -> None:
    with pytest.raises(BlobFormatError):
        decode(data)


def test_reencoding_a_decoded_blob_gives_identical_bytes() -> None:
    written: Any = encode_covariance(["A", "B"], [1, 0.5, 2])
    decoded = decode(written)
    assert isinstance(decoded, Covariance)
    assert encode_covariance(decoded.ids, list(decoded.values)) == written


def test_blob_size_limit_errors_state_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode_returns([0.5])
    head = data.index(b"\n") + 1
    for module in (blob_types,):
        monkeypatch.setattr(module, "BLOB_MAX_BYTES", len(data))
        monkeypatch.setattr(module, "BLOB_HEADER_MAX_BYTES", head)
    assert encode_returns([0.5]) == data
    assert decode(data).document() == [0.5]
    monkeypatch.setattr(blob_types, "BLOB_MAX_BYTES", len(data) - 1)
    with pytest.raises(BlobFormatError, match=f"at most {len(data) - 1} bytes"):
        blob_write.encode_returns([0.5])
    with pytest.raises(BlobFormatError, match=f"at most {len(data) - 1} bytes"):
        decode(data)
    monkeypatch.setattr(blob_types, "BLOB_MAX_BYTES", len(data))
    monkeypatch.setattr(blob_types, "BLOB_HEADER_MAX_BYTES", head - 1)
    with pytest.raises(BlobFormatError, match=f"its first line at most {head - 1}"):
        decode(data)
