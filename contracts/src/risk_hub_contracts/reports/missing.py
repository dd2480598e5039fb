"""Missing observations of the realised returns, and what the engine did about them."""

from typing import Annotated

from pydantic import BaseModel, Field

from risk_hub_contracts.reports.tail import Count, NotNegative, OpenName
from risk_hub_contracts.reports.units import REPORT_MODEL

Day = Annotated[str, Field(json_schema_extra={"format": "date"})]


class AssetCoverage(BaseModel):
    """Observations of one held asset: their number, the missing ones, and the dates of the first and last."""

    model_config = REPORT_MODEL

    id: str
    observations: Count
    missing: Count
    first_date: Day | None
    last_date: Day | None


class MissingObservations(BaseModel):
    """Missing returns of held assets. No gap is ever filled: a zero return understates risk.

    `rule` is `complete_case` (only the periods in which no held asset is missing) or `available_case`: an
    estimated covariance then uses the common periods of each pair, at least `pair_observations_min`, and
    clipping changed no correlation by more than `correlation_max_change`; historical numbers still use complete
    periods. `periods` is the number of periods sent, `complete_periods` of those without a gap, and
    `dropped_periods` the rest. `assets` lists the held assets with gaps, those with most gaps first;
    `assets_incomplete` counts all of them.
    """

    model_config = REPORT_MODEL

    rule: OpenName
    periods: Count
    complete_periods: Count
    dropped_periods: Count
    pair_observations_min: Count | None
    correlation_max_change: NotNegative | None
    assets_incomplete: Count
    assets: list[AssetCoverage]
