"""Input of a back-test from one evaluation: the forecast losses, the book, and the returns known at the time.

A forecast is written once with the evaluation and never changed, so that a back-test uses the original
forecast, not a recomputed one. Losses are positive fractions of portfolio value over one period, as in
`risk`.
"""

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from risk_hub_contracts.base.ids import CONTENT_HASH_PATTERN, ID_PATTERN, STAGE_PATTERN
from risk_hub_contracts.reports.risk import MethodName
from risk_hub_contracts.reports.tail import OpenName
from risk_hub_contracts.reports.units import REPORT_MODEL

Finite = Annotated[float, Field(allow_inf_nan=False)]


class TailForecast(BaseModel):
    """Value at risk and expected shortfall by one method at one confidence; null with the report's reason."""

    model_config = REPORT_MODEL

    method: MethodName
    confidence_bps: Annotated[int, Field(ge=1, le=9_999)]
    value_at_risk: Finite | None
    expected_shortfall: Finite | None
    reason: str | None


class FurtherTailForecast(BaseModel):
    """Both tail measures by a method that the first release did not have; any name of a method is allowed."""

    model_config = REPORT_MODEL

    method: OpenName
    confidence_bps: Annotated[int, Field(ge=1, le=9_999)]
    value_at_risk: Finite | None
    expected_shortfall: Finite | None
    reason: str | None


class CrossSection(BaseModel):
    """The last realised one-period return of each series: by id, or the portfolio's own.

    `date` is the UTC date (`YYYY-MM-DD`) of these returns if the producer dated them.
    """

    model_config = REPORT_MODEL

    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None
    by_id: dict[str, Finite] | None
    portfolio: Finite | None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.by_id is None) == (self.portfolio is None):
            raise ValueError("a cross-section is either by_id or the portfolio's own return")
        return self


class Forecast(BaseModel):
    """One evaluation as input of a back-test; instants are RFC 3339 UTC texts with six fractional digits.

    `weights` is None if the snapshot brings the portfolio's own returns, which need no weights. If the next one
    brings returns by asset, the weights are those of the snapshot of this version.

    `tails` has the methods of the first release, because its readers refuse others. `further_tails` has the
    rest; it is empty in records of engines before 3.0. Each method and confidence occurs once.
    """

    model_config = REPORT_MODEL

    world_id: Annotated[str, Field(pattern=ID_PATTERN)]
    version: Annotated[str, Field(pattern=ID_PATTERN)]
    content_hash: Annotated[str, Field(pattern=CONTENT_HASH_PATTERN)]
    stage: Annotated[str, Field(pattern=STAGE_PATTERN)]
    as_of: str
    created_at: str
    engine_version: str
    weights: dict[str, Finite] | None
    tails: list[TailForecast]
    realized: CrossSection | None
    further_tails: list[FurtherTailForecast] = []

    def rows(self) -> list[TailForecast | FurtherTailForecast]:
        """Return every stored value at risk, the methods of the first release last."""
        return [*self.further_tails, *self.tails]
