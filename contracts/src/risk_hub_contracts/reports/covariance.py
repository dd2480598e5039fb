"""How a report's covariance was estimated from returns."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from risk_hub_contracts.reports.tail import NotNegative, OpenName

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class CovarianceEstimate(BaseModel):
    """The covariance estimated from the realised returns, because the snapshot has none.

    `volatility` is that of the book, per period, from the sample covariance; the value at risk of the report
    follows from it. The contributions follow from the same variances with correlations multiplied by
    `1 - shrinkage`: their volatility is `attribution_volatility`. `shrinkage` is a share, 0 (the sample
    correlations) to 1 (the `shrinkage_target`).
    """

    model_config = _FROZEN

    observations: Annotated[int, Field(ge=1)]
    shrinkage: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    shrinkage_target: OpenName
    volatility: NotNegative | None
    attribution_volatility: NotNegative | None
    unit: OpenName
