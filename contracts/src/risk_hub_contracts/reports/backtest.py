"""Back-test of value-at-risk forecasts, as `GET .../risk/backtest` answers it.

Losses are positive fractions of portfolio value over one period. A test that the sample cannot decide has
null numbers and a `reason`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from risk_hub_contracts.base.ids import ID_PATTERN, STAGE_PATTERN
from risk_hub_contracts.reports.units import REPORT_MODEL

Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Date = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
ConfidenceBps = Annotated[int, Field(ge=1, le=9_999)]
BaselZone = Literal["green", "yellow", "red"]
BacktestMethod = Literal["historical_upper", "historical", "parametric_normal", "legacy_v1"]


class BacktestTest(BaseModel):
    """One likelihood-ratio test, asymptotically chi-squared; a small `p_value` is evidence against the model.

    Tests on consecutive days do not treat the days before and after an omitted day as neighbours.
    """

    model_config = REPORT_MODEL

    degrees_of_freedom: Literal[1, 2]
    statistic: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
    p_value: Probability | None
    reason: str | None


class BaselTrafficLight(BaseModel):
    """Basel zone by the number of exceedances in the last 250 observations.

    `cumulative_probability` is the probability of at most this many exceedances under a correct model;
    `multiplier_increase` is defined at 99 % (9900 basis points) only.
    """

    model_config = REPORT_MODEL

    zone: BaselZone | None
    exceedances: Count | None
    cumulative_probability: Probability | None
    multiplier_increase: Finite | None
    reason: str | None


class LeftOut(BaseModel):
    """Days with a snapshot whose forecast was not tested, by reason.

    `no_value_at_risk`: the report had none by this method at this confidence. `no_realized_return`: no later
    snapshot carried a return. `replaced`: a later forecast was made before one did. `not_covered`: the
    returns lacked a position of the book, or a return exceeded the limit `RETURN_MAX_ABS`.
    """

    model_config = REPORT_MODEL

    no_value_at_risk: Count
    no_realized_return: Count
    replaced: Count
    not_covered: Count


class BacktestDay(BaseModel):
    """One forecast and its outcome: a UTC date's last snapshot, and the last return in the next date's.

    The return covers one period, the last before that snapshot; after a gap it does not cover the whole gap.
    `gap_days` is the length of the gap; the hub knows no producer's calendar, so a gap of any length is tested.
    """

    model_config = REPORT_MODEL

    date: Annotated[Date, Field(description="UTC date of the forecast's as_of.")]
    version: Annotated[str, Field(pattern=ID_PATTERN)]
    value_at_risk: Finite
    realized_date: Annotated[
        Date, Field(description="The producer's date of the return; the snapshot's date if it has none.")
    ]
    realized_version: Annotated[
        str, Field(pattern=ID_PATTERN, description="The snapshot that contains the return.")
    ]
    realized_return: Finite
    exceeded: Annotated[bool, Field(description="Whether the loss was larger than value_at_risk.")]
    gap_days: Annotated[
        int, Field(ge=0, description="Calendar days from date to realized_date: 3 over a weekend.")
    ]


class BacktestReport(BaseModel):
    """Back-test of one world's value-at-risk forecasts; `days` in time order, one per observation."""

    model_config = REPORT_MODEL

    world_id: Annotated[str, Field(pattern=ID_PATTERN)]
    stage: Annotated[str, Field(pattern=STAGE_PATTERN)]
    method: BacktestMethod
    confidence_bps: ConfidenceBps
    observations: Count
    exceedances: Count
    expected_exceedances: Finite
    in_hindsight: Annotated[
        Count,
        Field(description="Observations whose forecast reached the hub after the return's snapshot as_of."),
    ]
    left_out: LeftOut
    superseded_same_date: Annotated[
        Count | None,
        Field(
            description="Forecasts that were not tested because a later snapshot of the same UTC date has the "
            "forecast of that date; null if the period has too many forecasts to count."
        ),
    ]
    largest_gap_days: Annotated[
        Count | None, Field(description="The largest gap_days of `days`; null without a day.")
    ]
    kupiec: BacktestTest
    independence: BacktestTest
    conditional_coverage: BacktestTest
    basel: BaselTrafficLight
    days: list[BacktestDay]
