"""The risk numbers of a snapshot, as the risk engine stores them and `GET .../risk` answers them.

Losses are positive fractions of portfolio value for `horizon_periods` periods. A measure that cannot be
computed honestly has no `value` and says the `reason`; it is never 0.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from risk_hub_contracts.ids import CONTENT_HASH_PATTERN, ID_PATTERN, SHA256_PATTERN

MeasureName = Literal["value_at_risk", "expected_shortfall", "volatility"]
MethodName = Literal["parametric_normal", "historical"]
InputKind = Literal["covariance", "realized_returns", "stress"]
InputSource = Literal["inline", "ref", "absent"]
RiskStatus = Literal["complete", "partial", "insufficient", "invalid_input"]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class RiskMeasure(BaseModel):
    """One number: what, how, at which confidence (basis points: 9900 is 99 %), from how much data."""

    model_config = _FROZEN

    measure: MeasureName
    method: MethodName
    confidence_bps: Annotated[int, Field(ge=1, le=9_999)] | None
    horizon_periods: Annotated[int, Field(ge=1)]
    value: Annotated[float, Field(allow_inf_nan=False)] | None
    observations: Annotated[int, Field(ge=0)] | None
    coverage: Share | None
    reason: str | None


class RiskInput(BaseModel):
    """One input: its source, its digest, the share of weight that it covers, its observations."""

    model_config = _FROZEN

    kind: InputKind
    source: InputSource
    sha256: Annotated[str, Field(pattern=SHA256_PATTERN)] | None
    coverage: Share | None
    observations: Annotated[int, Field(ge=0)] | None


class RiskReport(BaseModel):
    """Everything computed for one snapshot by one version of the engine; instants are RFC 3339 UTC texts."""

    model_config = _FROZEN

    world_id: Annotated[str, Field(pattern=ID_PATTERN)]
    version: Annotated[str, Field(pattern=ID_PATTERN)]
    content_hash: Annotated[str, Field(pattern=CONTENT_HASH_PATTERN)]
    as_of: str
    stage: str
    actor: str
    engine_version: str
    evaluated_at: str
    status: RiskStatus
    inputs: list[RiskInput]
    measures: list[RiskMeasure]
