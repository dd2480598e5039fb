"""Optional objects and missing observations, validated by the client before it sends them."""

import struct
from datetime import UTC, datetime
from typing import Any

import pytest

from risk_hub_client.blobs import Blob
from risk_hub_client.checks import blob_violations
from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_client.prepare import Prepared, Producer, prepare
from risk_hub_contracts.blob.write import encode_returns, encode_stress

HOLED: dict[str, list[float | None]] = {"AAPL": [0.01, None, 0.03], "MSFT": [0.02, 0.01, None]}
DATES = ["2025-12-29", "2025-12-30", "2025-12-31"]


def prepared(**fields: Any) -> Prepared:
    body = {"version": "v1", "as_of": "2026-01-05T11:59:00Z", "weights": {"AAPL": 0.5, "MSFT": 0.5}, **fields}
    now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    return prepare("w1", body, Producer("gateway", "paper"), now=now, inline_max_entries=100)


def test_a_blob_with_counted_missing_observations_has_no_violation() -> None:
    assert list(blob_violations(Blob.of_bytes(encode_returns(HOLED, DATES)), ())) == []


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (b'"missing":2', b'"missing":1', "the header has 1 missing returns, and the numbers have 2"),
        (struct.pack("<d", 0.02), struct.pack("<d", float("inf")), "the series of 'MSFT' must be finite"),
        (b"\x00\x00\x00\x00\x00\x00\xf8\x7f", b"\x01\x00\x00\x00\x00\x00\xf8\x7f", "must be the quiet NaN"),
    ],
)
def test_a_blob_with_wrong_missing_observations_is_refused_before_it_is_sent(
    old: bytes, new: bytes, text: str
) -> None:
    data = encode_returns(HOLED)
    assert old in data
    with pytest.raises(InvalidSnapshotError, match=text):
        prepared(realized_returns=data.replace(old, new, 1))


def test_a_series_without_any_observation_is_refused_before_it_is_sent() -> None:
    with pytest.raises(InvalidSnapshotError, match="must have an observation; leave out one without any"):
        prepared(realized_returns=encode_returns({"AAPL": [0.1], "MSFT": [None]}))


def test_optional_objects_are_sent_as_they_were_given() -> None:
    facts: dict[str, Any] = {
        "portfolio": {"nav": 5e6, "currency": "EUR"},
        "covariance_meta": {"estimated_at": datetime(2026, 1, 1, tzinfo=UTC)},
        "portfolio_returns": {"nav": [100.0, 101.0], "dates": DATES[:2]},
        "risk": {"confidences_bps": [9750]},
    }
    document = prepared(**facts).snapshot.to_document()
    facts["covariance_meta"] = {"estimated_at": "2026-01-01T00:00:00.000000Z"}
    assert {field: document[field] for field in facts} == facts


def test_dates_of_inline_returns_are_sent_with_them_and_kept_in_the_blob_of_large_ones() -> None:
    small = prepared(realized_returns={"AAPL": [0.1, 0.2, 0.3]}, returns_meta={"dates": DATES})
    assert small.snapshot.to_document()["returns_meta"] == {"dates": DATES}
    large = small.with_blobs_above(1)
    assert "returns_meta" not in large.snapshot.to_document()
    blob = large.blobs["realized_returns"]
    assert b"".join(map(bytes, blob.chunks())) == encode_returns({"AAPL": [0.1, 0.2, 0.3]}, DATES)


def test_a_wrong_optional_object_is_refused_before_it_is_sent() -> None:
    with pytest.raises(InvalidSnapshotError, match="/portfolio/nav: must be greater than 0"):
        prepared(portfolio={"nav": 0})


def test_a_stress_blob_with_an_impossible_shock_is_refused_before_it_is_sent() -> None:
    blob = encode_stress({"crash": {"shocks": {"AAPL": -1.5}}})
    with pytest.raises(InvalidSnapshotError, match=r"/stress/crash/shocks/AAPL: the shock -1\.5"):
        prepared(stress=blob)
    assert prepared(stress=blob, portfolio={"unlimited_loss": ["AAPL"]}).blobs.keys() == {"stress"}
