"""How the covariance behind a report was estimated or repaired."""

from typing import Annotated

from pydantic import BaseModel, Field

from risk_hub_contracts.reports.tail import Count, NotNegative, OpenName
from risk_hub_contracts.reports.units import REPORT_MODEL


class CovarianceEstimate(BaseModel):
    """The covariance estimated from the realised returns, because the snapshot has none.

    `volatility` is that of the book, per period, from the sample covariance; the value at risk of the report
    follows from it. The contributions follow from the same variances with correlations multiplied by
    `1 - shrinkage`: their volatility is `attribution_volatility`. `shrinkage` is a share, 0 (the sample
    correlations) to 1 (the `shrinkage_target`).
    """

    model_config = REPORT_MODEL

    observations: Annotated[int, Field(ge=1)]
    shrinkage: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    shrinkage_target: OpenName
    volatility: NotNegative | None
    attribution_volatility: NotNegative | None
    unit: OpenName


class CovarianceRepair(BaseModel):
    """The repair of a given covariance that is not positive semi-definite, if the snapshot asks for one.

    Only correlations change; the variances stay. `frobenius_distance` is the root of the sum of squared changes of
    all correlations, `largest_change` the greatest change of one, compared with `max_change`. `iterations` counts
    eigenvalue decompositions; if they have not `converged`, the correlations are valid but not the nearest.
    `volatility_given` is that of the book under the given matrix, null if its variance is negative.
    `volatility_repaired` is the report's own.

    If the repair was not `applied`, the covariance stays refused, for the `reason`: `change_above_limit`,
    `variance_not_positive`, `factor_form`, `too_many_assets` or `not_repaired`.
    """

    model_config = REPORT_MODEL

    method: OpenName
    applied: bool
    reason: OpenName | None
    frobenius_distance: NotNegative | None
    largest_change: NotNegative | None
    max_change: NotNegative
    iterations: Count | None
    converged: bool | None
    volatility_given: NotNegative | None
    volatility_repaired: NotNegative | None
    unit: OpenName
