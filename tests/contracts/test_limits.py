"""Each limit: a value at it is accepted, one past it is refused, and the pointer says where."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from risk_hub_contracts.api.queries import ListQuery, parse_query
from risk_hub_contracts.base import limits
from risk_hub_contracts.base.limits import served_limits
from risk_hub_contracts.base.problems import CONTRACT_VIOLATION, ProblemError, Violation
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.base.tokens import TokenList
from risk_hub_contracts.blob.types import BlobFormatError
from risk_hub_contracts.blob.write import encode_returns
from tests.contracts.samples import NOW, WORLD_ID, parse, pointers, refusal, with_fields


def weights(count: int) -> dict[str, float]:
    return {f"A{index}": 1 / count for index in range(count)}


def book(first: float) -> dict[str, float]:
    return {"AAPL": first, "MSFT": 1 - first}


def ref(size: int) -> dict[str, Any]:
    sha256 = "a" * 64
    uri = f"s3://risk-hub-blobs/risk-blobs/{WORLD_ID}/{sha256}"
    return {"ref": uri, "sha256": sha256, "bytes": size, "kind": "stress"}


def ahead(seconds: float) -> str:
    return format_instant(NOW + timedelta(seconds=seconds))


FIELDS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("id_max_chars", {"version": "v" * 128}, {"version": "v" * 129}, "/version"),
    ("asset_id_max_chars", {"weights": {"A" * 128: 1}}, {"weights": {"A" * 129: 1}}, "/weights/" + "A" * 129),
    ("name_max_chars", {"stress": {"s" * 128: {}}}, {"stress": {"s" * 129: {}}}, "/stress/" + "s" * 129),
    ("weights_max_count", {"weights": weights(10_000)}, {"weights": weights(10_001)}, "/weights"),
    ("weight_sum_tolerance above", {"weights": {"A": 1.001}}, {"weights": {"A": 1.0010000001}}, "/weights"),
    ("weight_sum_tolerance below", {"weights": {"A": 0.999}}, {"weights": {"A": 0.9989999999}}, "/weights"),
    ("weight_max_abs", {"weights": book(1e6)}, {"weights": {"A": 1e6 + 1, "B": -1e6}}, "/weights/A"),
    (
        "weight_max_abs short",
        {"weights": book(-999_999)},
        {"weights": {"A": -1e6 - 1, "B": 1e6}},
        "/weights/A",
    ),
    ("number_max_abs", {"stress": {"s": {"m": 1e126}}}, {"stress": {"s": {"m": 1.1e126}}}, "/stress/s/m"),
    (
        "number_max_abs free",
        {"constraints": {"a": -1e126}},
        {"constraints": {"a": -1.1e126}},
        "/constraints/a",
    ),
    ("integer_max_abs", {"constraints": {"a": 2**53 - 1}}, {"constraints": {"a": 2**53}}, "/constraints/a"),
    (
        "integer_max_abs metric",
        {"stress": {"s": {"m": 1 - 2**53}}},
        {"stress": {"s": {"m": -(2**53)}}},
        "/stress/s/m",
    ),
    ("return_max_abs", {"realized_returns": [1e6]}, {"realized_returns": [1e6 + 1]}, "/realized_returns/0"),
    (
        "return_max_abs below",
        {"realized_returns": {"A": [0, -1e6]}},
        {"realized_returns": {"A": [0, -1e6 - 1]}},
        "/realized_returns/A/1",
    ),
    (
        "return_max_abs shock",
        {"portfolio": {"unlimited_loss": ["AAPL"]}, "stress": {"s": {"shocks": {"AAPL": -1e6}}}},
        {"portfolio": {"unlimited_loss": ["AAPL"]}, "stress": {"s": {"shocks": {"AAPL": -1e6 - 1}}}},
        "/stress/s/shocks/AAPL",
    ),
    ("future_skew_max_seconds", {"as_of": ahead(300)}, {"as_of": ahead(300.000001)}, "/as_of"),
    ("as_of_min_year", {"as_of": "1990-01-01T00:00:00Z"}, {"as_of": "1989-12-31T23:59:59.999999Z"}, "/as_of"),
    ("ttl_min_seconds", {"ttl_sec": 1}, {"ttl_sec": 0}, "/ttl_sec"),
    ("ttl_max_seconds", {"ttl_sec": 86_400}, {"ttl_sec": 86_401}, "/ttl_sec"),
    (
        "blob_max_bytes",
        {"stress_ref": ref(536_870_912)},
        {"stress_ref": ref(536_870_913)},
        "/stress_ref/bytes",
    ),
    (
        "returns_series_max_points",
        {"realized_returns": [0] * 200_000},
        {"realized_returns": [0] * 200_001},
        "/realized_returns",
    ),
    (
        "covariance asymmetry",
        {"weights": {"A": 1}, "covariance": {"A,A": 1, "A,B": 0.5, "B,A": 0.5 + 5e-13, "B,B": 1}},
        {"weights": {"A": 1}, "covariance": {"A,A": 1, "A,B": 0.5, "B,A": 0.5 + 5e-12, "B,B": 1}},
        "/covariance/B,A",
    ),
    (
        "correlation excess",
        {"weights": {"A": 1}, "covariance": {"A,A": 4, "A,B": 2 + 1e-9, "B,B": 1}},
        {"weights": {"A": 1}, "covariance": {"A,A": 4, "A,B": 2 + 1e-8, "B,B": 1}},
        "/covariance/A,B",
    ),
]


@pytest.mark.parametrize(
    ("at", "past", "pointer"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS]
)
def test_a_field_passes_at_its_limit_and_fails_one_past_it(
    at: Mapping[str, Any],
    past: Mapping[str, Any],
    pointer: str,
) -> None:
    assert parse(with_fields(**at)).content_hash
    assert pointers(refusal(with_fields(**past))) == [pointer]


def test_body_at_the_size_limit_passes_and_one_byte_more_fails() -> None:
    room = limits.BODY_MAX_BYTES - len(parse_bytes(""))
    assert parse(parse_bytes("x" * room)).constraints == {"note": "x" * room}
    assert refusal(parse_bytes("x" * (room + 1))).type.slug == "body-too-large"


def parse_bytes(note: str) -> bytes:
    book = '{"version": "v1", "as_of": "2025-01-01T00:00:00Z", "weights": {"A": 1}, '
    return (book + '"constraints": {"note": "' + note + '"}}').encode()


def test_blob_with_too_many_return_points_is_rejected() -> None:
    longest = [0.0] * 200_000
    assert len(encode_returns({str(index): longest for index in range(5)})) > 8_000_000
    with pytest.raises(BlobFormatError, match="all series 1000000"):
        encode_returns({**{str(index): longest for index in range(5)}, "x": [0.0]})
    with pytest.raises(BlobFormatError, match="200000 points"):
        encode_returns([*longest, 0.0])


def test_at_most_fifty_violations_are_listed_and_the_rest_counted() -> None:
    fifty = refusal(with_fields(weights={f"A{index}": "x" for index in range(50)})).to_problem()
    more = refusal(with_fields(weights={f"A{index}": "x" for index in range(57)})).to_problem()
    assert (len(fifty["errors"]), fifty.get("errors_omitted")) == (50, None)
    assert (len(more["errors"]), more["errors_omitted"]) == (50, 7)
    assert "56 more" in more["detail"]


def test_the_first_missing_pairs_are_named_and_the_rest_counted() -> None:
    ids = weights(40)
    problem = refusal(with_fields(weights=ids, covariance={f"{asset},{asset}": 1 for asset in ids}))
    assert len(problem.violations) == limits.VIOLATIONS_MAX_COUNT
    assert problem.violations[-1] == Violation("/covariance", f"{40 * 39 // 2 - 49} more pairs are missing")


@pytest.mark.parametrize(
    ("covariance", "count"),
    [
        ({"ids": list(weights(20)), "matrix": [[float(i >= j) for j in range(20)] for i in range(20)]}, 190),
        ({"ids": list(weights(20)), "upper": [1 + (i != j) for i in range(20) for j in range(i, 20)]}, 190),
    ],
    ids=["asymmetric", "correlation"],
)
def test_the_first_invalid_covariance_entries_are_listed_and_the_rest_counted(
    covariance: object, count: int
) -> None:
    problem = refusal(with_fields(weights=weights(20), covariance=covariance))
    details = [violation.detail for violation in problem.violations]
    assert f"{count - 49} more entries have the same violation" in details
    assert len(problem.to_problem()["errors"]) == limits.VIOLATIONS_MAX_COUNT


def test_only_the_first_invalid_entry_of_each_matrix_row_is_reported() -> None:
    problem = refusal(with_fields(covariance={"ids": ["AAPL", "MSFT"], "matrix": [["x", "x"], [0, None]]}))
    assert pointers(problem) == ["/covariance/matrix/0/0", "/covariance/matrix/1/1"]


@pytest.mark.parametrize(("text", "limit"), [("1", 1), ("100", 100), ("007", 7)])
def test_page_limit_from_1_to_100_is_accepted(text: str, limit: int) -> None:
    assert parse_query(ListQuery, {"limit": text}).limit == limit


@pytest.mark.parametrize("text", ["0", "101", "-1", "1e2", "1000000000", "", "0100", " 1", "\u0661"])
def test_invalid_page_limit_is_rejected(text: str) -> None:
    with pytest.raises(ProblemError, match="from 1 to 100"):
        parse_query(ListQuery, {"limit": text})


def test_cursor_longer_than_the_limit_is_rejected() -> None:
    longest = "c" * limits.CURSOR_MAX_CHARS
    assert parse_query(ListQuery, {"cursor": longest}).cursor == longest
    with pytest.raises(ProblemError, match="/cursor"):
        parse_query(ListQuery, {"cursor": longest + "c"})


def test_token_list_with_more_than_100_tokens_is_rejected() -> None:
    token = {"id": "t", "sha256": "a" * 64, "scopes": ["snapshots:read"], "actors": ["*"], "not_after": None}
    assert len(TokenList.model_validate({"tokens": [token] * limits.TOKENS_MAX_COUNT}).tokens) == 100
    with pytest.raises(ValueError, match="at most 100"):
        TokenList.model_validate({"tokens": [token] * (limits.TOKENS_MAX_COUNT + 1)})


def test_every_limit_has_a_unit_in_its_name() -> None:
    units = (
        "BYTES",
        "DEPTH",
        "CHARS",
        "COUNT",
        "TOLERANCE",
        "ABS",
        "RATIO",
        "EXCESS",
        "POINTS",
        "SECONDS",
        "YEAR",
        "BPS",
    )
    bare = {"LIST_LIMIT_MAX", "LIST_LIMIT_DEFAULT"}
    names = {name for name in vars(limits) if name.isupper()} - bare
    assert {name for name in names if not name.endswith((*units, "ENTRIES"))} == set()


def test_served_limits_match_the_contract_and_deployment_settings() -> None:
    served = served_limits(250, offload=False)
    assert (served.pop("inline_cov_threshold"), served.pop("offload")) == (250, False)
    assert served == {name: getattr(limits, name.upper()) for name in served}
    assert served_limits()["inline_cov_threshold"] == 100


def test_a_violation_of_a_limit_is_a_contract_violation() -> None:
    assert refusal(with_fields(ttl_sec=0)).type is CONTRACT_VIOLATION
