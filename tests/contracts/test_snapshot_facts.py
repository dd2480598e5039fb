"""The optional objects that state what a snapshot's numbers mean: rules, hash, document, typed access."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_contracts.base.dates import date_violations, utc_date
from risk_hub_contracts.base.limits import PERIODS_MAX_PER_YEAR, PERIODS_MIN_PER_YEAR
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.write import digest, encode_returns
from risk_hub_contracts.snapshot.fact_rules import shock_violations
from risk_hub_contracts.snapshot.facts import (
    CovarianceMeta,
    Portfolio,
    PortfolioReturns,
    ReturnsMeta,
    RiskOptions,
)
from risk_hub_contracts.snapshot.parse import Snapshot
from tests.contracts.samples import BUCKET, WORLD_ID, asset_ids, parse, pointers, refusal, with_fields

FIRST_DAY = date(2020, 1, 1)
returns = st.floats(-1, 1)
weights = st.floats(-10, 10)


@st.composite
def dated_series(draw: st.DrawFn) -> tuple[dict[str, list[float]], list[str]]:
    """Series of one length, and distinct dates in any order."""
    days = draw(st.lists(st.integers(0, 4000), min_size=1, max_size=8, unique=True))
    ids = draw(st.lists(asset_ids, min_size=1, max_size=3, unique=True))
    row = st.lists(returns, min_size=len(days), max_size=len(days))
    dates = [(FIRST_DAY + timedelta(days=day)).isoformat() for day in days]
    return {asset_id: draw(row) for asset_id in ids}, dates


facts = st.fixed_dictionaries(
    {},
    optional={
        "portfolio": st.fixed_dictionaries(
            {},
            optional={
                "nav": st.floats(1, 1e9),
                "currency": st.from_regex("[A-Z]{3}", fullmatch=True),
                "cash": st.floats(-1e-4, 1e-4),
                "weights_basis": st.just("net_asset_value"),
                "unlimited_loss": st.lists(st.sampled_from(["AAPL", "MSFT"]), unique=True),
            },
        ),
        "returns_meta": st.fixed_dictionaries(
            {},
            optional={
                "frequency": st.sampled_from(["daily", "weekly", "monthly"]),
                "periods_per_year": st.floats(PERIODS_MIN_PER_YEAR, PERIODS_MAX_PER_YEAR),
                "max_input_age_seconds": st.integers(1, 86_400),
            },
        ),
        "covariance_meta": st.fixed_dictionaries(
            {},
            optional={
                "observations": st.integers(1, 10_000),
                "estimated_at": st.just("2025-01-01T00:00:00Z"),
            },
        ),
        "portfolio_returns": st.fixed_dictionaries({"returns": st.lists(returns, min_size=1, max_size=5)}),
        "risk": st.fixed_dictionaries(
            {},
            optional={
                "confidences_bps": st.lists(st.integers(5000, 9999), min_size=1, max_size=5, unique=True).map(
                    sorted
                ),
                "covariance_repair": st.sampled_from(["nearest_correlation", "clip"]),
                "missing": st.sampled_from(["complete_case", "available_case"]),
            },
        ),
    },
)


def stored_and_reloaded(snapshot: Snapshot) -> Snapshot:
    document = json.loads(json.dumps(snapshot.to_document()))
    return Snapshot.from_document(document, snapshot.content_hash)


def detail(body: dict[str, Any]) -> str:
    return refusal(body).violations[0].detail


@given(dated_series())
def test_inline_dated_returns_have_the_hash_of_the_same_blob_by_reference(
    given_series: tuple[dict[str, list[float]], list[str]],
) -> None:
    series, dates = given_series
    data = encode_returns(series, dates)
    inline = parse(with_fields(realized_returns=series, returns_meta={"dates": dates}))
    by_ref = parse(with_fields(realized_returns_ref=f"s3://{BUCKET}/risk-blobs/{WORLD_ID}/{digest(data)}"))
    component = inline.component("realized_returns")
    assert component is not None
    assert component.blob == data
    assert inline.content_hash == by_ref.content_hash


@pytest.mark.parametrize("dated", [False, True])
@given(given_facts=facts, given_series=dated_series())
def test_a_snapshot_with_optional_objects_is_reloaded_and_resent_as_the_same_snapshot(
    given_facts: dict[str, Any],
    given_series: tuple[dict[str, list[float]], list[str]],
    dated: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    series, dates = given_series
    body = with_fields(**given_facts, realized_returns=series)
    if dated:
        body["returns_meta"] = {**body.get("returns_meta", {}), "dates": dates}
    snapshot = parse(body)
    assert stored_and_reloaded(snapshot) == snapshot
    assert snapshot.to_document().get("returns_meta", {}).get("dates") == (dates if dated else None)
    assert parse(snapshot.to_document()).content_hash == snapshot.content_hash


@given(facts)
def test_optional_objects_change_the_hash_exactly_if_they_have_members(given_facts: dict[str, Any]) -> None:
    plain = parse(with_fields()).content_hash
    assert (parse(with_fields(**given_facts)).content_hash == plain) is not any(given_facts.values())


def test_offloaded_dated_returns_keep_hash_and_returns_meta_without_dates() -> None:
    meta = {"dates": ["2024-12-30", "2024-12-31"], "frequency": "daily"}
    snapshot = parse(with_fields(realized_returns=[0.1, 0.2], returns_meta=meta))
    data = encode_returns([0.1, 0.2], meta["dates"])
    uri = f"s3://{BUCKET}/risk-blobs/{WORLD_ID}/{digest(data)}"
    ref = BlobRef(ref=uri, sha256=digest(data), bytes=len(data), kind="realized_returns")
    offloaded = snapshot.with_refs({"realized_returns": ref})
    assert offloaded.to_document()["returns_meta"] == {"frequency": "daily"}
    assert parse(offloaded.to_document()).content_hash == snapshot.content_hash


@given(st.lists(weights, min_size=1, max_size=5))
def test_cash_that_completes_the_sum_makes_any_book_acceptable(values: list[float]) -> None:
    book = {f"A{place}": value for place, value in enumerate(values)}
    cash = 1 - sum(values)
    assert parse(with_fields(weights=book, portfolio={"cash": cash})).portfolio.cash == cash
    assert pointers(refusal(with_fields(weights=book, portfolio={"cash": cash + 0.01}))) == [
        "/portfolio/cash"
    ]


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=5), st.lists(st.booleans(), min_size=5, max_size=5))
def test_gross_exposure_basis_requires_magnitudes_that_add_up_to_one(
    sizes: list[float], short: list[bool]
) -> None:
    gross = sum(sizes)
    book = {f"A{place}": (-size if short[place] else size) / gross for place, size in enumerate(sizes)}
    basis = {"weights_basis": "gross_exposure"}
    assert parse(with_fields(weights=book, portfolio=basis)).portfolio.weights_basis == "gross_exposure"
    doubled = {asset_id: 2 * weight for asset_id, weight in book.items()}
    assert pointers(refusal(with_fields(weights=doubled, portfolio=basis))) == ["/weights"]


def test_typed_access_has_defaults_when_nothing_was_sent() -> None:
    snapshot = parse(with_fields())
    assert snapshot.portfolio == Portfolio(None, None, 0.0, "net_asset_value", frozenset())
    assert snapshot.returns_meta == ReturnsMeta(None, None, None)
    assert snapshot.covariance_meta == CovarianceMeta(None, None, None, None)
    assert snapshot.portfolio_returns is None
    assert snapshot.risk == RiskOptions((9500, 9750, 9900), None, 0.05, "complete_case")


def test_typed_access_holds_what_was_sent() -> None:
    snapshot = parse(
        with_fields(
            portfolio={"nav": 5, "currency": "EUR", "cash": 0.0, "unlimited_loss": ["AAPL"]},
            returns_meta={"frequency": "monthly", "periods_per_year": 12, "max_input_age_seconds": 60},
            covariance_meta={"estimated_at": "2025-01-01T01:00:00+01:00", "observations": 9},
            portfolio_returns={"nav": [100, 110], "dates": ["2024-12-30", "2024-12-31"]},
            risk={"confidences_bps": [9000], "covariance_repair": "clip", "missing": "available_case"},
        )
    )
    assert snapshot.portfolio == Portfolio(5, "EUR", 0.0, "net_asset_value", frozenset({"AAPL"}))
    assert snapshot.returns_meta == ReturnsMeta("monthly", 12, 60)
    assert snapshot.covariance_meta == CovarianceMeta(datetime(2025, 1, 1, tzinfo=UTC), 9, None, None)
    assert snapshot.portfolio_returns == PortfolioReturns(None, (100, 110), ("2024-12-30", "2024-12-31"))
    assert snapshot.risk == RiskOptions((9000,), "clip", 0.05, "available_case")


@given(st.lists(st.floats(0.5, 2), min_size=1, max_size=6), st.permutations(range(7)))
def test_track_record_of_net_asset_values_does_not_depend_on_their_order(
    growth: list[float], order: list[int]
) -> None:
    values, days = [100.0], [FIRST_DAY]
    for factor in growth:
        values.append(values[-1] * factor)
        days.append(days[-1] + timedelta(days=1))
    places = [place for place in order if place < len(values)]
    record = PortfolioReturns(
        nav=tuple(values[place] for place in places), dates=tuple(days[place].isoformat() for place in places)
    )
    found, dates = record.dated_returns()
    assert dates == days[1:]
    assert found == [after / before - 1 for before, after in pairwise(values)]


def test_undated_returns_of_a_track_record_keep_their_order() -> None:
    assert PortfolioReturns(returns=(0.2, -0.1)).dated_returns() == ([0.2, -0.1], None)
    dated = PortfolioReturns(returns=(0.2, -0.1), dates=("2024-12-31", "2024-12-30"))
    assert dated.dated_returns() == ([-0.1, 0.2], [date(2024, 12, 30), date(2024, 12, 31)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-12-31", date(2024, 12, 31)),
        ("2024-12-31T16:00:00", date(2024, 12, 31)),
        ("2024-12-31T16:00:00Z", date(2024, 12, 31)),
        ("2024-12-31T20:00:00-05:00", date(2025, 1, 1)),
        ("2025-01-01T08:59:59+09:00", date(2024, 12, 31)),
        ("2024-12-31t16:00:00z", date(2024, 12, 31)),
        ("20241231T160000Z", date(2024, 12, 31)),
        ("2025-W01-2", date(2024, 12, 31)),
    ],
)
def test_a_date_time_counts_by_its_utc_date(text: str, expected: date) -> None:
    assert utc_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "today", "2024-02-30", "2023-02-29", "31.12.2024", "\u0662", "2024-12-30 ", "2024-12-30\n"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00", "0000-01-01"),
        *("2024-12-30\u260316:00:00", "2024-12-30_16:00:00", "2024-12-30T24:00:00Z", "2024-12-30T23:59:60Z"),
        *("2024-12-30T16:00:00+09:99", "2024-12-30T16:00:00+24:00", "2024-12-30T16:00:00+09:00:30"),
    ],
)
def test_a_malformed_date_is_named_with_its_code_and_the_form_to_send(text: str) -> None:
    found = list(date_violations(["2024-12-31", text]))
    assert [place for place, _ in found] == [1]
    assert found[0][1].startswith("dates_malformed: ")
    assert "send YYYY-MM-DD" in found[0][1]


def test_an_estimate_ahead_of_the_clock_of_the_hub_is_refused() -> None:
    body = with_fields(covariance_meta={"estimated_at": "9999-12-31T23:59:59Z"})
    assert pointers(refusal(body)) == ["/covariance_meta/estimated_at"]
    assert "ahead of the hub's clock; at most 5 min are allowed" in detail(body)


@pytest.mark.parametrize(("record", "text"), [({"nav": [1]}, "2 entries"), ({"returns": []}, "1 entry;")])
def test_a_list_that_is_too_short_is_refused_with_the_number_of_entries(
    record: dict[str, Any], text: str
) -> None:
    assert f"must have at least {text}" in detail(with_fields(portfolio_returns=record))


def test_a_repeated_date_is_named_with_its_code_and_the_first_entry() -> None:
    assert list(date_violations(["2024-12-31", "2024-12-30", "2024-12-31T10:00:00Z"])) == [
        (
            2,
            "dates_repeated: '2024-12-31T10:00:00Z' has the UTC date 2024-12-31 of entry 0; send each date once",
        )
    ]


def test_a_shock_below_minus_one_is_refused_with_what_to_send() -> None:
    body = with_fields(stress={"crash": {"shocks": {"AAPL": -30.0}}})
    assert pointers(refusal(body)) == ["/stress/crash/shocks/AAPL"]
    assert "name 'AAPL' in portfolio.unlimited_loss" in detail(body)
    assert "-0.3 is a fall of 30 %" in detail(body)


@given(st.floats(-100, -1.0000001))
def test_a_default_shock_below_minus_one_is_refused_unless_each_asset_it_reaches_may_lose_more(
    shock: float,
) -> None:
    stress = {"crash": {"shocks": {"AAPL": -0.5}, "default": shock}}
    assert pointers(refusal(with_fields(stress=stress))) == ["/stress/crash/default"]
    assert parse(with_fields(stress=stress, portfolio={"unlimited_loss": ["MSFT"]})).component("stress")
    assert parse(with_fields(stress={"crash": {"default": shock}})).component("stress")


def test_many_low_shocks_are_counted_instead_of_listed() -> None:
    shocks = {f"A{number}": -2.0 for number in range(200)}
    violations = refusal(with_fields(stress={"crash": {"shocks": shocks}})).violations
    assert len(violations) == 50
    assert violations[-1].detail == "151 more entries have the same violation"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"portfolio": {"cash": 0.5}}, "is 0.5 and the weights add up to 1.0"),
        ({"weights": {"A": 0.9}, "portfolio": {"nav": 1}}, "send the rest as portfolio.cash"),
        ({"portfolio": {"unlimited_loss": ["X"]}}, "names 'X', which has no weight"),
        ({"returns_meta": {"dates": ["2024-12-31"]}}, "need inline realized_returns"),
        ({"portfolio_returns": {"returns": [0.1], "nav": [1, 2]}}, "returns or nav, and not both"),
        ({"risk": {"confidences_bps": [9900, 9500]}}, "must be distinct and rising, not [9900, 9500]"),
    ],
)
def test_a_refusal_of_an_optional_object_says_what_to_send(fields: dict[str, Any], text: str) -> None:
    assert text in detail(with_fields(**fields))


def test_the_remedy_for_an_impossible_shock_can_be_followed_for_held_and_other_assets() -> None:
    scenarios = {"crash": {"shocks": {"AAPL": -2.0, "GOOG": -2.0}}}
    held, other = shock_violations(scenarios, {"AAPL": 1.0}, (), "/stress")
    assert held.detail.endswith("or name 'AAPL' in portfolio.unlimited_loss")
    assert other.detail.endswith("or leave out the shock: 'GOOG' has no weight")
