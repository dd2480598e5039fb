"""Missing observations of returns: null inline, a counted quiet NaN in a blob."""

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.types import BlobFormatError, RealizedReturns
from risk_hub_contracts.blob.write import digest, encode_returns
from risk_hub_contracts.snapshot.blob_content import check_numbers
from risk_hub_contracts.snapshot.parse import Snapshot
from tests.contracts.samples import BUCKET, WORLD_ID, asset_ids, parse, pointers, refusal, with_fields

QUIET_NAN = bytes.fromhex("000000000000f87f")
OTHER_NANS = [bytes.fromhex(text) for text in ("000000000000f8ff", "010000000000f87f", "010000000000f07f")]
HOLED = {"AAPL": [0.01, None, 0.03], "MSFT": [None, 0.02, -0.0]}
HEADER = b'rsh1 realized_returns {"ids":["AAPL","MSFT"],"lengths":[3,3],"missing":2}\n'

values = st.floats(-1, 1) | st.none()
series = st.lists(values, min_size=1, max_size=8).filter(lambda row: any(value is not None for value in row))
maps = st.dictionaries(asset_ids, series, min_size=1, max_size=4)


def decoded(data: bytes) -> RealizedReturns:
    found = decode(data)
    assert isinstance(found, RealizedReturns)
    return found


def blob(header: bytes, *numbers: float | bytes) -> bytes:
    return header + b"".join(n if isinstance(n, bytes) else struct.pack("<d", n) for n in numbers)


def test_a_missing_return_is_one_quiet_nan_and_counted_in_the_header() -> None:
    assert encode_returns(HOLED) == blob(HEADER, 0.01, QUIET_NAN, 0.03, QUIET_NAN, 0.02, 0.0)


def test_returns_without_a_missing_observation_have_the_bytes_of_release_1_0() -> None:
    expected = blob(b'rsh1 realized_returns {"ids":[],"lengths":[2]}\n', 0.25, -1.0)
    assert encode_returns([0.25, -1.0]) == expected
    assert decoded(expected).missing == 0


@given(maps | series)
def test_missing_returns_round_trip_through_the_blob(given_returns: Any) -> None:
    rows = given_returns.values() if isinstance(given_returns, dict) else [given_returns]
    found = decoded(encode_returns(given_returns))
    assert found.document() == given_returns
    assert found.missing == sum(row.count(None) for row in rows)
    assert sum(value != value for row in found.series() for value in row) == found.missing  # noqa: PLR0124 - NaN
    check_numbers(found)


@given(maps, st.booleans())
def test_inline_nulls_have_the_hash_of_the_same_blob_and_are_reloaded(
    given_returns: dict[str, list[float | None]],
    dated: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    length = min(map(len, given_returns.values()))
    cut = {asset_id: [*row[: length - 1], 0.5] for asset_id, row in given_returns.items()}
    dates = [f"2024-01-{day:02}" for day in range(1, length + 1)] if dated else None
    data = encode_returns(cut, dates)
    meta = {"returns_meta": {"dates": dates}} if dates else {}
    inline = parse(with_fields(realized_returns=cut, **meta))
    by_ref = parse(with_fields(realized_returns_ref=f"s3://{BUCKET}/risk-blobs/{WORLD_ID}/{digest(data)}"))
    assert inline.content_hash == by_ref.content_hash
    stored = json.loads(json.dumps(inline.to_document(), allow_nan=False))
    assert Snapshot.from_document(stored, inline.content_hash) == inline
    assert stored["realized_returns"] == cut


@pytest.mark.parametrize("not_counted", OTHER_NANS)
def test_a_nan_of_another_form_is_not_a_missing_return(not_counted: bytes) -> None:
    with pytest.raises(BlobFormatError, match="must be the quiet NaN 0x7ff8000000000000"):
        decode(blob(HEADER, 0.1, QUIET_NAN, not_counted, 0.1, 0.1, 0.1))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_another_number_of_missing_returns_than_the_header_counts_is_rejected(count: int) -> None:
    numbers = [QUIET_NAN] * count + [0.1] * (6 - count)
    with pytest.raises(
        BlobFormatError, match=f"the header has 2 missing returns, and the numbers have {count}"
    ):
        decode(blob(HEADER, *numbers))


@pytest.mark.parametrize("text", [b"0", b"-1", b"6", b"true", b'"2"', b"null", b"1.5"])
def test_an_invalid_count_of_missing_returns_is_rejected(text: bytes) -> None:
    data = HEADER.replace(b'"missing":2', b'"missing":' + text)
    with pytest.raises(BlobFormatError, match="missing must be"):
        decode(data, 48)


def test_nan_is_not_accepted_as_a_missing_return_by_the_writer() -> None:
    with pytest.raises(BlobFormatError, match=r"a missing return is None \(null\), not NaN"):
        encode_returns({"A": [0.1, None, float("nan")]})
    with pytest.raises(BlobFormatError, match="every number must be finite"):
        encode_returns({"A": [0.1, None, float("inf")]})


@pytest.mark.parametrize("numbers", [(QUIET_NAN, 0.1), (float("inf"), 0.1)])
def test_a_number_that_is_not_finite_is_rejected_without_a_count_of_missing_returns(numbers: Any) -> None:
    found = decode(blob(b'rsh1 realized_returns {"ids":[],"lengths":[2]}\n', *numbers))
    with pytest.raises(BlobFormatError, match="every number must be finite"):
        check_numbers(found)


def test_infinities_and_series_without_observations_are_rejected_among_missing_returns() -> None:
    with pytest.raises(BlobFormatError, match="every number must be finite"):
        check_numbers(decode(blob(HEADER, QUIET_NAN, QUIET_NAN, float("inf"), 0.1, 0.1, 0.1)))
    holes = HEADER.replace(b'"missing":2', b'"missing":3')
    with pytest.raises(BlobFormatError, match="must have an observation"):
        check_numbers(decode(blob(holes, QUIET_NAN, QUIET_NAN, QUIET_NAN, 0.1, 0.1, 0.1)))


def test_a_series_of_nulls_alone_is_refused_with_its_pointer() -> None:
    body = with_fields(realized_returns={"AAPL": [0.1, None], "MSFT": [None, None]})
    assert pointers(refusal(body)) == ["/realized_returns/MSFT"]
    assert "every return is null; leave the series out" in refusal(body).violations[0].detail
    assert pointers(refusal(with_fields(realized_returns=[None]))) == ["/realized_returns"]


def test_null_elsewhere_is_still_refused() -> None:
    assert pointers(refusal(with_fields(weights={"AAPL": None, "MSFT": 1}))) == ["/weights/AAPL"]
    assert pointers(refusal(with_fields(portfolio_returns={"returns": [None]}))) == [
        "/portfolio_returns/returns/0"
    ]
