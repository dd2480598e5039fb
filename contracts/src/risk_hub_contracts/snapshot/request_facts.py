"""Shapes of the optional objects of a request, which state what its numbers mean (ADR-0042)."""

from typing import Annotated, Final, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from risk_hub_contracts.base import limits
from risk_hub_contracts.base.ids import CURRENCY_PATTERN
from risk_hub_contracts.snapshot.scalars import (
    AssetId,
    CovarianceRepair,
    Frequency,
    MissingRule,
    PositiveNumber,
    Return,
    Weight,
    WeightsBasis,
)

__all__ = [
    "CovarianceMeta",
    "Portfolio",
    "PortfolioReturns",
    "ReturnsMeta",
    "RiskOptions",
    "SnapshotFacts",
]

_STRICT: Final = ConfigDict(extra="forbid", strict=True)

PeriodsPerYear = Annotated[
    float,
    Field(
        ge=limits.PERIODS_MIN_PER_YEAR,
        le=limits.PERIODS_MAX_PER_YEAR,
        allow_inf_nan=False,
        description="Periods in one year.",
    ),
]
MaxInputAge = Annotated[
    int,
    Field(
        ge=1,
        le=limits.INPUT_AGE_MAX_SECONDS,
        description="The age, in seconds at `as_of`, above which this input is stale.",
    ),
]
Dates = Annotated[
    list[str],
    Field(
        fail_fast=True,
        min_length=1,
        max_length=limits.RETURNS_SERIES_MAX_POINTS,
        description=(
            "ISO 8601 dates (YYYY-MM-DD) or date-times, one for each value, in any order. A date-time counts "
            "by its UTC date; no date may be repeated."
        ),
    ),
]


class Portfolio(TypedDict):
    """The portfolio as a whole: its value, its cash and the meaning of its weights."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    nav: NotRequired[
        Annotated[PositiveNumber, Field(description="Net asset value, in `currency`; greater than 0.")]
    ]
    currency: NotRequired[
        Annotated[str, Field(pattern=CURRENCY_PATTERN, description="ISO 4217 code of the currency of `nav`.")]
    ]
    cash: NotRequired[
        Annotated[Weight, Field(description="Share of portfolio value held in cash; 0 if absent.")]
    ]
    weights_basis: NotRequired[
        Annotated[
            WeightsBasis,
            Field(
                description=(
                    "net_asset_value (if absent): weights and cash add up to 1. gross_exposure: the magnitudes "
                    "of the weights add up to 1, and there is no cash."
                )
            ),
        ]
    ]
    unlimited_loss: NotRequired[
        Annotated[
            list[AssetId],
            Field(
                max_length=limits.WEIGHTS_MAX_COUNT,
                json_schema_extra={"uniqueItems": True},
                description=(
                    "Assets whose loss can exceed their value (futures, short options): their shocks and "
                    "returns may be below -1."
                ),
            ),
        ]
    ]


class ReturnsMeta(TypedDict):
    """The meaning of the realised returns."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    frequency: NotRequired[Annotated[Frequency, Field(description="Length of one period.")]]
    periods_per_year: NotRequired[PeriodsPerYear]
    dates: NotRequired[Annotated[Dates, Field(description="Only with inline `realized_returns`.")]]
    max_input_age_seconds: NotRequired[MaxInputAge]


class CovarianceMeta(TypedDict):
    """The origin and the scale of the covariance."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    estimated_at: NotRequired[
        Annotated[
            str,
            Field(
                description=(
                    "RFC 3339 date-time with an offset; returned in UTC with microseconds; "
                    f"at most {limits.FUTURE_SKEW_MAX_SECONDS} s in the future."
                ),
                json_schema_extra={"format": "date-time"},
            ),
        ]
    ]
    observations: NotRequired[
        Annotated[
            int,
            Field(ge=1, le=limits.INTEGER_MAX_ABS, description="Observations behind the estimate."),
        ]
    ]
    periods_per_year: NotRequired[
        Annotated[PeriodsPerYear, Field(description="Periods in one year; 1 means an annualised covariance.")]
    ]
    max_input_age_seconds: NotRequired[MaxInputAge]


class PortfolioReturns(TypedDict):
    """The portfolio's own track record, oldest first if undated: either its returns or its net asset values."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    returns: NotRequired[
        Annotated[
            list[Return],
            Field(fail_fast=True, min_length=1, max_length=limits.RETURNS_SERIES_MAX_POINTS),
        ]
    ]
    nav: NotRequired[
        Annotated[
            list[PositiveNumber],
            Field(fail_fast=True, min_length=2, max_length=limits.RETURNS_SERIES_MAX_POINTS),
        ]
    ]
    dates: NotRequired[Dates]
    periods_per_year: NotRequired[PeriodsPerYear]


class RiskOptions(TypedDict):
    """How the risk engine computes the numbers of this snapshot."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    confidences_bps: NotRequired[
        Annotated[
            list[Annotated[int, Field(ge=limits.CONFIDENCE_MIN_BPS, le=limits.CONFIDENCE_MAX_BPS)],],
            Field(
                min_length=1,
                max_length=limits.CONFIDENCES_MAX_COUNT,
                json_schema_extra={"uniqueItems": True},
                description="Confidences of VaR and ES in basis points, rising; 9500, 9750, 9900 if absent.",
            ),
        ]
    ]
    covariance_repair: NotRequired[
        Annotated[
            CovarianceRepair,
            Field(description="Repair of a covariance that is not positive semidefinite; refused if absent."),
        ]
    ]
    covariance_repair_max_change: NotRequired[
        Annotated[
            float,
            Field(
                gt=0,
                le=limits.CORRELATION_CHANGE_MAX_ABS,
                allow_inf_nan=False,
                description=(
                    "The greatest change of any correlation, absolute, that the repair may make; "
                    f"{limits.COVARIANCE_REPAIR_CHANGE_DEFAULT_ABS} if absent. Beyond it the covariance is refused."
                ),
            ),
        ]
    ]
    missing: NotRequired[
        Annotated[
            MissingRule,
            Field(description="Rule for missing observations; complete_case if absent."),
        ]
    ]


class SnapshotFacts(TypedDict):
    """The optional objects that state what the numbers mean."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    portfolio: NotRequired[Portfolio]
    returns_meta: NotRequired[ReturnsMeta]
    covariance_meta: NotRequired[CovarianceMeta]
    portfolio_returns: NotRequired[PortfolioReturns]
    risk: NotRequired[RiskOptions]
