"""The optional objects of a snapshot over HTTP: stored, given back, expanded, refused."""

from typing import Any

import pytest

from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.blob.write import digest, encode_returns, encode_stress
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, book, post

DATES = ["2025-12-30", "2025-12-31"]
SERIES = {"AAPL": [0.01, -0.02], "MSFT": [0.02, 0.01]}
FACTS: dict[str, Any] = {
    "portfolio": {"nav": 1_000_000, "currency": "USD", "cash": 0.0, "unlimited_loss": ["MSFT"]},
    "returns_meta": {"frequency": "daily", "max_input_age_seconds": 86_400},
    "covariance_meta": {"observations": 500, "periods_per_year": 252},
    "portfolio_returns": {"nav": [100, 101.5], "dates": DATES},
    "risk": {"confidences_bps": [9500, 9750], "covariance_repair": "clip"},
}


def stored_blob(hub: Hub, kind: BlobKind, data: bytes) -> dict[str, Any]:
    return hub.blobs.put("w1", kind, digest(data), data).document()


def latest(api: Gateway, *, expand: bool = False) -> Answer:
    return api("GET", f"{SNAPSHOTS}/latest?expand={str(expand).lower()}")


def test_optional_objects_are_given_back_as_they_were_sent(api: Gateway) -> None:
    answer = post(api, book(**FACTS))
    assert answer.status == 201
    assert {field: answer.json[field] for field in FACTS} == FACTS
    assert latest(api).json == answer.json


def test_a_snapshot_without_optional_objects_has_none_in_its_answer(api: Gateway) -> None:
    assert set(post(api).json).isdisjoint(FACTS)


def test_estimation_time_of_the_covariance_is_given_back_in_utc(api: Gateway) -> None:
    sent = {"estimated_at": "2026-01-01T09:00:00+09:00"}
    answer = post(api, book(covariance_meta=sent))
    assert answer.json["covariance_meta"] == {"estimated_at": "2026-01-01T00:00:00.000000Z"}


def test_replay_with_the_instant_in_another_time_zone_is_the_same_content(api: Gateway) -> None:
    post(api, book(covariance_meta={"estimated_at": "2026-01-01T09:00:00+09:00"}))
    assert post(api, book(covariance_meta={"estimated_at": "2026-01-01T00:00:00Z"})).status == 200


def test_dates_of_inline_returns_are_given_back_with_them(api: Gateway) -> None:
    answer = post(api, book(realized_returns=SERIES, returns_meta={"dates": DATES}))
    assert answer.status == 201
    assert answer.json["returns_meta"] == {"dates": DATES}
    assert latest(api).json["realized_returns"] == SERIES


def test_dates_of_offloaded_returns_are_given_back_when_expanded(api: Gateway) -> None:
    days = [f"{year}-01-{day:02}" for year in range(2010, 2020) for day in range(1, 31)]
    series = {"AAPL": [0.01] * 300, "MSFT": [0.02] * 300}
    answer = post(api, book(realized_returns=series, returns_meta={"dates": days, "frequency": "daily"}))
    assert answer.json["realized_returns_ref"]["kind"] == "realized_returns"
    assert answer.json["returns_meta"] == {"frequency": "daily"}
    expanded = latest(api, expand=True).json
    assert expanded["realized_returns"] == series
    assert expanded["returns_meta"] == {"frequency": "daily", "dates": days}


def test_a_producers_own_reference_to_short_returns_stays_a_reference(api: Gateway, hub: Hub) -> None:
    ref = stored_blob(hub, "realized_returns", encode_returns([0.01] * 250))
    answer = post(api, book(realized_returns_ref=ref))
    assert answer.json["realized_returns_ref"]["sha256"] == ref["sha256"]
    assert "realized_returns" not in answer.json


def test_dates_of_an_uploaded_blob_are_given_back_when_expanded(api: Gateway, hub: Hub) -> None:
    ref = stored_blob(hub, "realized_returns", encode_returns(SERIES, DATES))
    by_ref = post(api, book(realized_returns_ref=ref))
    assert "returns_meta" not in by_ref.json
    assert latest(api, expand=True).json["returns_meta"] == {"dates": DATES}
    inline = post(api, book(realized_returns=SERIES, returns_meta={"dates": DATES}))
    assert inline.status == 200
    assert inline.json == by_ref.json


@pytest.mark.parametrize(
    ("fields", "pointer", "text"),
    [
        ({"portfolio": {"nav": -1}}, "/portfolio/nav", "must be greater than 0"),
        ({"portfolio": {"currency": "dollar"}}, "/portfolio/currency", "three letters A-Z"),
        ({"portfolio": {"cash": 0.2}}, "/portfolio/cash", "their sum must be 1 within 0.001"),
        ({"portfolio": {"unlimited_loss": ["X"]}}, "/portfolio/unlimited_loss/0", "has no weight"),
        (
            {"realized_returns": SERIES, "returns_meta": {"dates": DATES[:1]}},
            "/returns_meta/dates",
            "has 1 date, and the series of 'AAPL' has 2 returns",
        ),
        (
            {"realized_returns": SERIES, "returns_meta": {"dates": ["2025-12-31", "2025-13-01"]}},
            "/returns_meta/dates/1",
            "dates_malformed: '2025-13-01'",
        ),
        (
            {"realized_returns": SERIES, "returns_meta": {"dates": ["2025-12-31"] * 2}},
            "/returns_meta/dates/1",
            "dates_repeated: '2025-12-31'",
        ),
        ({"portfolio_returns": {"nav": [100, 0]}}, "/portfolio_returns/nav/1", "must be greater than 0"),
        ({"risk": {"confidences_bps": [9900, 9500]}}, "/risk/confidences_bps", "distinct and rising"),
        ({"risk": {"confidences_bps": [10_000]}}, "/risk/confidences_bps/0", "must be at most 9999"),
        ({"stress": {"crash": {"shocks": {"AAPL": -30}}}}, "/stress/crash/shocks/AAPL", "at least -1"),
    ],
)
def test_an_invalid_optional_object_is_422_with_pointer_and_remedy(
    api: Gateway, fields: dict[str, Any], pointer: str, text: str
) -> None:
    answer = post(api, book(**fields))
    assert (answer.status, answer.slug, list(answer.pointers)) == (422, "contract-violation", [pointer])
    assert text in answer.json["errors"][0]["detail"]


def test_a_blob_with_a_shock_below_minus_one_is_422_unless_the_asset_may_lose_more(
    api: Gateway, hub: Hub
) -> None:
    ref = stored_blob(hub, "stress", encode_stress({"crash": {"shocks": {"AAPL": -1.5}}}))
    answer = post(api, book(stress_ref=ref))
    assert (answer.status, list(answer.pointers)) == (422, ["/stress_ref"])
    assert "scenario 'crash' takes more than the whole value of 'AAPL'" in answer.json["errors"][0]["detail"]
    assert post(api, book(stress_ref=ref, portfolio={"unlimited_loss": ["AAPL"]})).status == 201


def test_a_book_of_cash_alone_is_stored(api: Gateway) -> None:
    assert post(api, book(weights={"AAPL": 0}, portfolio={"cash": 1})).status == 201


def test_a_dollar_neutral_book_is_stored_with_cash_one(api: Gateway) -> None:
    assert post(api, book(weights={"AAPL": 0.5, "MSFT": -0.5}, portfolio={"cash": 1})).status == 201


HOLED: dict[str, list[float | None]] = {"AAPL": [0.01, None], "MSFT": [0.02, 0.01]}


def test_inline_nulls_are_stored_as_missing_observations_and_given_back(api: Gateway) -> None:
    answer = post(api, book(realized_returns=HOLED, returns_meta={"dates": DATES}))
    assert answer.status == 201
    assert answer.json["realized_returns"] == HOLED
    assert latest(api).json == answer.json


def test_a_blob_with_missing_observations_is_the_content_of_the_inline_nulls(api: Gateway, hub: Hub) -> None:
    ref = stored_blob(hub, "realized_returns", encode_returns(HOLED, DATES))
    assert post(api, book(realized_returns_ref=ref)).status == 201
    assert latest(api, expand=True).json["realized_returns"] == HOLED
    assert post(api, book(realized_returns=HOLED, returns_meta={"dates": DATES})).status == 200


def test_a_blob_whose_count_of_missing_observations_is_wrong_is_422(api: Gateway, hub: Hub) -> None:
    data = encode_returns(HOLED).replace(b'"missing":1', b'"missing":2')
    answer = post(api, book(realized_returns_ref=stored_blob(hub, "realized_returns", data)))
    assert (answer.status, answer.slug, list(answer.pointers)) == (
        422,
        "blob-malformed",
        ["/realized_returns_ref"],
    )
    assert "the header has 2 missing returns, and the numbers have 1" in answer.json["detail"]


def test_a_series_of_nulls_alone_is_422_with_its_pointer(api: Gateway) -> None:
    answer = post(api, book(realized_returns={"AAPL": [None, None], "MSFT": [0.1, 0.2]}))
    assert (answer.status, list(answer.pointers)) == (422, ["/realized_returns/AAPL"])
