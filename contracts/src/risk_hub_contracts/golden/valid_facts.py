"""Accepted bodies that state what their numbers mean: portfolio, dates, track record, options of the engine."""

from typing import Any, Final

from risk_hub_contracts.blob.write import digest, encode_returns
from risk_hub_contracts.golden.cases import BUCKET, WORLD_ID, Valid, body

_DATES: Final = ["2024-12-30", "2024-12-31T21:00:00Z"]
_SERIES: Final = {"AAPL": [0.01, -0.02], "MSFT": [0.02, 0.0]}
DATED_RETURNS: Final = encode_returns(_SERIES, _DATES)
"""The blob to which the example `returns-dated-ref` refers."""
_SPARSE: Final[dict[str, list[float | None]]] = {"AAPL": [0.01, None], "MSFT": [0.02, 0.0]}
SPARSE_RETURNS: Final = encode_returns(_SPARSE, _DATES)
"""The blob to which the example `returns-missing-ref` refers."""


def _portfolio(name: str, why: str, portfolio: dict[str, Any], **changes: Any) -> Valid:  # noqa: ANN401 - any JSON
    return Valid(f"portfolio-{name}", why, body(portfolio=portfolio, **changes))


def _ref(data: bytes) -> dict[str, Any]:
    sha256 = digest(data)
    uri = f"s3://{BUCKET}/risk-blobs/{WORLD_ID}/{sha256}"
    return {"ref": uri, "sha256": sha256, "bytes": len(data), "kind": "realized_returns"}


_PORTFOLIO: Final = (
    _portfolio("nav", "its value in money", {"nav": 1_000_000, "currency": "USD"}),
    _portfolio("cash", "cash completes the sum", {"cash": 0.2}, weights={"AAPL": 0.5, "MSFT": 0.3}),
    _portfolio("all-cash", "an id of weight 0", {"cash": 1}, weights={"AAPL": 0}),
    _portfolio("dollar-neutral", "its cash is 1", {"cash": 1}, weights={"AAPL": 0.5, "MSFT": -0.5}),
    _portfolio("net-short", "its cash is above 1", {"cash": 1.4}, weights={"AAPL": 0.3, "MSFT": -0.7}),
    _portfolio("levered", "borrowed cash is negative", {"cash": -0.5}, weights={"AAPL": 0.7, "MSFT": 0.8}),
    _portfolio(
        "gross-exposure",
        "shares of the gross exposure",
        {"weights_basis": "gross_exposure"},
        weights={"AAPL": 0.6, "MSFT": -0.4},
    ),
    _portfolio(
        "unlimited-loss",
        "a short option may lose more than its value",
        {"unlimited_loss": ["MSFT"]},
        stress={"crash": {"shocks": {"AAPL": -1, "MSFT": -4.5}}},
    ),
    Valid("portfolio-empty", "says nothing", body(portfolio={}, risk={}), "minimal"),
)
_SERIES_OF: Final = (
    Valid(
        "returns-dated",
        "inline, with dates in any order",
        body(realized_returns=_SERIES, returns_meta={"dates": _DATES}),
        "returns-dated",
    ),
    Valid(
        "returns-dated-ref", "by reference", body(realized_returns_ref=_ref(DATED_RETURNS)), "returns-dated"
    ),
    Valid(
        "returns-missing",
        "null is a missing observation",
        body(realized_returns=_SPARSE, returns_meta={"dates": _DATES}),
        "returns-missing",
    ),
    Valid(
        "returns-missing-ref",
        "by reference",
        body(realized_returns_ref=_ref(SPARSE_RETURNS)),
        "returns-missing",
    ),
    Valid(
        "returns-dated-descending",
        "the engine sorts the rows by date",
        body(realized_returns=[0.01, -0.02], returns_meta={"dates": ["2024-12-31", "2024-12-30"]}),
    ),
    Valid(
        "returns-meta",
        "frequency and greatest age",
        body(
            realized_returns=[0.01, -0.02],
            returns_meta={"frequency": "weekly", "periods_per_year": 52, "max_input_age_seconds": 864_000},
        ),
    ),
    Valid(
        "covariance-meta",
        "an annualised covariance",
        body(
            covariance={"ids": ["AAPL", "MSFT"], "upper": [0.04, 0.01, 0.09]},
            covariance_meta={
                "estimated_at": "2025-01-01T00:00:00Z",
                "observations": 500,
                "periods_per_year": 1,
                "max_input_age_seconds": 86_400,
            },
        ),
        "covariance-meta",
    ),
    Valid(
        "covariance-meta-time-zone",
        "one instant",
        body(
            covariance={"ids": ["AAPL", "MSFT"], "upper": [0.04, 0.01, 0.09]},
            covariance_meta={
                "estimated_at": "2025-01-01T09:00:00+09:00",
                "observations": 500,
                "periods_per_year": 1.0,
                "max_input_age_seconds": 86_400,
            },
        ),
        "covariance-meta",
    ),
    Valid("returns-meta-periods-min", "periods of ten years", body(returns_meta={"periods_per_year": 0.1})),
    Valid("portfolio-returns", "a track record", body(portfolio_returns={"returns": [0.01, -0.02]})),
    Valid(
        "portfolio-returns-nav",
        "net asset values",
        body(
            portfolio_returns={
                "nav": [100, 101.5, 99],
                "dates": ["2024-12-27", "2024-12-30", "2024-12-31"],
                "periods_per_year": 252,
            }
        ),
    ),
    Valid(
        "risk-options",
        "confidences, repair and missing observations",
        body(
            risk={
                "confidences_bps": [5000, 9750, 9999],
                "covariance_repair": "nearest_correlation",
                "covariance_repair_max_change": 0.01,
                "missing": "available_case",
            }
        ),
    ),
)
VALID_FACTS: Final = (*_PORTFOLIO, *_SERIES_OF)
