"""Bodies that break a rule about what their numbers mean."""

from typing import Any, Final

from risk_hub_contracts.base.limits import INPUT_AGE_MAX_SECONDS
from risk_hub_contracts.base.problems import CONTRACT_VIOLATION
from risk_hub_contracts.golden.cases import BUCKET, WORLD_ID, Invalid, body

_SHA256: Final = "0123456789abcdef" * 4
_RETURNS_REF: Final = f"s3://{BUCKET}/risk-blobs/{WORLD_ID}/{_SHA256}"
_MATRIX: Final = {"ids": ["AAPL", "MSFT"], "upper": [0.04, 0.01, 0.09]}


def _violation(name: str, why: str, *pointers: str, **changes: Any) -> Invalid:  # noqa: ANN401 - any JSON
    return Invalid(name, why, CONTRACT_VIOLATION, pointers, body(**changes))


def _portfolio(name: str, why: str, portfolio: Any, pointer: str = "", **changes: Any) -> Invalid:  # noqa: ANN401
    where = pointer if pointer == "/weights" else f"/portfolio{pointer}"
    return _violation(f"portfolio-{name}", why, where, portfolio=portfolio, **changes)


def _dates(name: str, why: str, dates: Any, pointer: str = "", **changes: Any) -> Invalid:  # noqa: ANN401
    fields = {"realized_returns": {"AAPL": [0.1, 0.2], "MSFT": [0.1, 0.2]}, "returns_meta": {"dates": dates}}
    return _violation(f"returns-dates-{name}", why, f"/returns_meta/dates{pointer}", **{**fields, **changes})


def _record(name: str, why: str, record: Any, pointer: str = "") -> Invalid:  # noqa: ANN401
    where = f"/portfolio_returns{pointer}"
    return _violation(f"portfolio-returns-{name}", why, where, portfolio_returns=record)


def _risk(name: str, why: str, options: Any, pointer: str = "") -> Invalid:  # noqa: ANN401
    return _violation(f"risk-{name}", why, f"/risk{pointer}", risk=options)


_PORTFOLIO: Final = (
    _portfolio("null", "leave it out", None),
    _portfolio("unknown-member", "a misspelt name", {"navv": 1}, "/navv"),
    _portfolio("nav-negative", "above 0", {"nav": -1, "currency": "USD"}, "/nav"),
    _portfolio("nav-zero", "above 0", {"nav": 0}, "/nav"),
    _portfolio("nav-string", "a number, not its text", {"nav": "1"}, "/nav"),
    _portfolio("currency-lower-case", "three capital letters", {"currency": "usd"}, "/currency"),
    _portfolio("currency-symbol", "an ISO 4217 code", {"currency": "US$"}, "/currency"),
    _portfolio("basis-unknown", "one of two", {"weights_basis": "market_value"}, "/weights_basis"),
    _portfolio("cash-incomplete", "0.8 with 0.1 of cash", {"cash": 0.1}, "/cash", weights={"AAPL": 0.8}),
    _portfolio("cash-too-much", "1 with 0.1 of cash", {"cash": 0.1}, "/cash"),
    _portfolio("cash-missing", "0.8 without cash", {"nav": 1}, "/weights", weights={"AAPL": 0.8}),
    _portfolio(
        "gross-sum",
        "magnitudes that add up to 2",
        {"weights_basis": "gross_exposure"},
        "/weights",
        weights={"AAPL": 1.5, "MSFT": -0.5},
    ),
    _portfolio(
        "gross-cash", "no cash in this basis", {"weights_basis": "gross_exposure", "cash": 0.1}, "/cash"
    ),
    _portfolio("unlimited-loss-unknown", "no weight", {"unlimited_loss": ["GOOG"]}, "/unlimited_loss/0"),
    _portfolio(
        "unlimited-loss-twice", "an id twice", {"unlimited_loss": ["AAPL", "AAPL"]}, "/unlimited_loss/1"
    ),
    _violation(
        "portfolio-invalid-cash",
        "the sum is not judged without a valid cash",
        "/portfolio/cash",
        weights={"AAPL": 0.8},
        portfolio={"cash": "0.2"},
    ),
)
_DATES: Final = (
    _dates("short", "one for each period", ["2024-12-30"]),
    _dates(
        "unequal",
        "MSFT has two returns",
        ["2024-12-30"],
        realized_returns={"AAPL": [0.1], "MSFT": [0.1, 0.2]},
    ),
    _dates("empty", "leave it out", []),
    _dates("malformed", "month 13", ["2024-13-30", "2024-12-31"], "/0"),
    _dates("separator", "T or a space", ["2024-12-30_16:00:00", "2024-12-31"], "/0"),
    _dates("offset", "minutes above 59", ["2024-12-30T16:00:00+09:99", "2024-12-31"], "/0"),
    _dates("hour-24", "send 00:00 of the next day", ["2024-12-30", "2024-12-30T24:00:00Z"], "/1"),
    _dates("text", "not a date", ["2024-12-30", "yesterday"], "/1"),
    _dates("number", "a text", ["2024-12-30", 20241231], "/1"),
    _dates("repeated", "a date twice", ["2024-12-31", "2024-12-31"], "/1"),
    _dates("repeated-in-utc", "one UTC date", ["2024-12-31", "2025-01-01T08:00:00+09:00"], "/1"),
    _dates(
        "with-ref",
        "the blob holds its own",
        ["2024-12-31"],
        realized_returns=...,
        realized_returns_ref=_RETURNS_REF,
    ),
    _dates("without-returns", "dates of nothing", ["2024-12-31"], realized_returns=...),
)
_META: Final = (
    _violation(
        "returns-meta-frequency",
        "one of three",
        "/returns_meta/frequency",
        returns_meta={"frequency": "hourly"},
    ),
    _violation(
        "returns-meta-periods",
        "above 0",
        "/returns_meta/periods_per_year",
        returns_meta={"periods_per_year": 0},
    ),
    _violation(
        "returns-meta-periods-min",
        "a period of more than ten years",
        "/returns_meta/periods_per_year",
        returns_meta={"periods_per_year": 1e-300},
    ),
    _violation(
        "covariance-meta-periods-min",
        "a period of more than ten years",
        "/covariance_meta/periods_per_year",
        covariance_meta={"periods_per_year": 0.099},
    ),
    _violation(
        "returns-meta-age",
        "over the limit",
        "/returns_meta/max_input_age_seconds",
        returns_meta={"max_input_age_seconds": INPUT_AGE_MAX_SECONDS + 1},
    ),
    _violation(
        "covariance-meta-naive",
        "the offset is missing",
        "/covariance_meta/estimated_at",
        covariance=_MATRIX,
        covariance_meta={"estimated_at": "2025-01-01T00:00:00"},
    ),
    _violation(
        "covariance-meta-future",
        "ahead of the hub's clock",
        "/covariance_meta/estimated_at",
        covariance=_MATRIX,
        covariance_meta={"estimated_at": "9999-12-31T00:00:00Z"},
    ),
    _violation(
        "covariance-meta-observations",
        "at least 1",
        "/covariance_meta/observations",
        covariance=_MATRIX,
        covariance_meta={"observations": 0},
    ),
)
_RECORD: Final = (
    _record("empty", "returns or nav", {}),
    _record("both", "one of the two", {"returns": [0.1], "nav": [1, 1.1]}),
    _record("nav-zero", "above 0", {"nav": [1, 0]}, "/nav/1"),
    _record("nav-negative", "above 0", {"nav": [-1, 1]}, "/nav/0"),
    _record("nav-single", "no return between one value", {"nav": [1]}, "/nav"),
    _record("null-point", "no gaps", {"returns": [0.1, None]}, "/returns/1"),
    _record("dates-short", "one for each value", {"nav": [1, 2], "dates": ["2024-12-31"]}, "/dates"),
    _record("dates-malformed", "not a date", {"returns": [0.1], "dates": ["31.12.2024"]}, "/dates/0"),
    _record("dates-repeated", "a date twice", {"nav": [1, 2], "dates": ["2024-12-31"] * 2}, "/dates/1"),
)
_RISK: Final = (
    _risk("confidences-unsorted", "rising", {"confidences_bps": [9900, 9500]}, "/confidences_bps"),
    _risk("confidences-repeated", "distinct", {"confidences_bps": [9900, 9900]}, "/confidences_bps"),
    _risk("confidences-empty", "leave it out", {"confidences_bps": []}, "/confidences_bps"),
    _risk(
        "confidences-six",
        "at most 5",
        {"confidences_bps": [5000, 6000, 7000, 8000, 9000, 9900]},
        "/confidences_bps",
    ),
    _risk("confidence-low", "at least 5000", {"confidences_bps": [4999]}, "/confidences_bps/0"),
    _risk("confidence-high", "at most 9999", {"confidences_bps": [10_000]}, "/confidences_bps/0"),
    _risk("confidence-share", "basis points", {"confidences_bps": [0.99]}, "/confidences_bps/0"),
    _risk("repair-unknown", "one of two", {"covariance_repair": "shrink"}, "/covariance_repair"),
    _risk(
        "repair-limit-alone",
        "a limit of nothing",
        {"covariance_repair_max_change": 0.1},
        "/covariance_repair_max_change",
    ),
    _risk("missing-unknown", "one of two", {"missing": "zero_fill"}, "/missing"),
)
_SHOCKS: Final = (
    _violation(
        "stress-shock-below-full-loss",
        "more than the whole value",
        "/stress/crash/shocks/AAPL",
        stress={"crash": {"shocks": {"AAPL": -30, "MSFT": -0.3}}},
    ),
    _violation(
        "stress-default-below-full-loss",
        "the shock of MSFT",
        "/stress/crash/default",
        stress={"crash": {"shocks": {"AAPL": -0.3}, "default": -1.01}},
    ),
    _violation(
        "stress-shock-other-unlimited",
        "MSFT is flagged, AAPL is not",
        "/stress/crash/shocks/AAPL",
        portfolio={"unlimited_loss": ["MSFT"]},
        stress={"crash": {"shocks": {"AAPL": -1.5, "MSFT": -1.5}}},
    ),
)
INVALID_FACTS: Final = (*_PORTFOLIO, *_DATES, *_META, *_RECORD, *_RISK, *_SHOCKS)
