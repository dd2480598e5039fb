"""The back-test of what was forecast, as `GET .../risk/backtest` answers it.

Losses are positive fractions of portfolio value over one period. A test that the sample cannot decide has null numbers
and says the `reason`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from risk_hub_contracts.ids import ID_PATTERN, STAGE_PATTERN
from risk_hub_contracts.risk import MethodName

Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Date = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
ConfidenceBps = Annotated[int, Field(ge=1, le=9_999)]
BaselZone = Literal["green", "yellow", "red"]

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class BacktestTest(BaseModel):
    """One likelihood-ratio test, asymptotically chi-squared; a small `p_value` speaks against the model.

    Where one asks for the day after, days on both sides of one that was left out are not taken for neighbours.
    """

    model_config = _FROZEN

    degrees_of_freedom: Literal[1, 2]
    statistic: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
    p_value: Probability | None
    reason: str | None


class BaselTrafficLight(BaseModel):
    """Basel's zone by the exceedances of the last 250 observations.

    `cumulative_probability` is that of at most so many exceedances under a right model; `multiplier_increase` is
    defined at 99 % (9900 basis points) alone.
    """

    model_config = _FROZEN

    zone: BaselZone | None
    exceedances: Count | None
    cumulative_probability: Probability | None
    multiplier_increase: Finite | None
    reason: str | None


class LeftOut(BaseModel):
    """Days with a snapshot whose forecast was not tested, by why.

    `no_value_at_risk`: the report had none by this method at this confidence. `no_realized_return`: no later snapshot
    brought a return. `replaced`: a later forecast was made before one did. `not_covered`: a position of the book
    had none among the returns that came, or one past the limit `RETURN_MAX_ABS`.
    """

    model_config = _FROZEN

    no_value_at_risk: Count
    no_realized_return: Count
    replaced: Count
    not_covered: Count


class BacktestDay(BaseModel):
    """One forecast beside what came: the last snapshot of a UTC date, and the last return in that of the next such date.

    The return is of one period, the last before that snapshot: after a silence it is not that of the whole silence. How
    long it was is in the two dates; the hub knows no producer's calendar, so no gap is too long to be judged.
    """

    model_config = _FROZEN

    date: Annotated[Date, Field(description="UTC date of the forecast's as_of.")]
    version: Annotated[str, Field(pattern=ID_PATTERN)]
    value_at_risk: Finite
    realized_date: Annotated[
        Date, Field(description="The producer's date of the return; of the snapshot if undated.")
    ]
    realized_version: Annotated[
        str, Field(pattern=ID_PATTERN, description="The snapshot that brought the return.")
    ]
    realized_return: Finite
    exceeded: Annotated[bool, Field(description="Whether the loss was larger than value_at_risk.")]


class BacktestReport(BaseModel):
    """How one world's forecasts of value at risk did; `days` in time order, one per observation."""

    model_config = _FROZEN

    world_id: Annotated[str, Field(pattern=ID_PATTERN)]
    stage: Annotated[str, Field(pattern=STAGE_PATTERN)]
    method: MethodName
    confidence_bps: ConfidenceBps
    observations: Count
    exceedances: Count
    expected_exceedances: Finite
    in_hindsight: Annotated[
        Count,
        Field(description="Observations whose forecast reached the hub after the return's snapshot as_of."),
    ]
    left_out: LeftOut
    kupiec: BacktestTest
    independence: BacktestTest
    conditional_coverage: BacktestTest
    basel: BaselTrafficLight
    days: list[BacktestDay]
