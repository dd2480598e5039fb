"""The risk numbers of a snapshot, as the risk engine stores them and `GET .../risk` answers them.

Losses are positive fractions of portfolio value for `horizon_periods` periods. A measure that cannot be
computed reliably has a `reason` instead of a `value`; it is never 0.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from risk_hub_contracts.base.ids import CONTENT_HASH_PATTERN, ID_PATTERN, SHA256_PATTERN
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.reports.covariance import CovarianceEstimate, CovarianceRepair
from risk_hub_contracts.reports.missing import MissingObservations
from risk_hub_contracts.reports.receipt import RiskReceipt
from risk_hub_contracts.reports.tail import OpenName, TailMeasure
from risk_hub_contracts.reports.units import REPORT_MODEL
from risk_hub_contracts.reports.warning import RiskWarning

MeasureName = Literal["value_at_risk", "expected_shortfall", "volatility"]
MethodName = Literal["parametric_normal", "historical", "legacy_v1"]
CovarianceOrigin = Literal["given", "sample", "ledoit_wolf", "correlation_one"]
Fallback = Literal["correlation_one"]
InputKind = Literal["covariance", "realized_returns", "stress"]
InputSource = Literal["inline", "ref", "absent"]
RiskStatus = Literal["complete", "partial", "insufficient", "invalid_input"]
WindowBasis = Literal["calendar_days", "observations"]
RiskWindow = Literal[30, 60, 90]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
ConfidenceBps = Annotated[int, Field(ge=1, le=9_999)]


class RiskMeasure(BaseModel):
    """One number: name, method, confidence (basis points: 9900 is 99 %) and number of observations.

    `covariance` is the source of the covariance behind a parametric number: `given` by the producer, the
    `sample` covariance of the realised returns, that covariance after shrinkage (`ledoit_wolf`: only for
    contributions from engine 3.0 on), or the upper bound from variances alone (`correlation_one`, a fallback
    that a deployment can enable).
    """

    model_config = REPORT_MODEL

    measure: MeasureName
    method: MethodName
    confidence_bps: ConfidenceBps | None
    horizon_periods: Annotated[int, Field(ge=1)]
    value: Finite | None
    observations: Count | None
    coverage: Share | None
    reason: str | None
    covariance: CovarianceOrigin | None = None


class RiskInput(BaseModel):
    """One input: its source, its digest, the share of weight that it covers, its observations."""

    model_config = REPORT_MODEL

    kind: InputKind
    source: InputSource
    sha256: Annotated[str, Field(pattern=SHA256_PATTERN)] | None
    coverage: Share | None
    observations: Count | None


class InputSufficiency(BaseModel):
    """Sufficiency of one input, and its age at the snapshot's `as_of`.

    `staleness_seconds` counts from the end of the last UTC day of a dated input, or from the `as_of` of the
    first snapshot that used the same bytes, by reference or as more than 100 returns (`known_since`); null if
    neither is known or it is after `as_of`. Returns of a UTC day after `as_of` cannot have been known: the reason is
    `returns_after_as_of`, without a number.
    """

    model_config = REPORT_MODEL

    kind: InputKind
    coverage: Share | None
    observations: Count | None
    last_date: Annotated[str, Field(json_schema_extra={"format": "date"})] | None
    known_since: Instant | None
    staleness_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
    reason: str | None


class Sufficiency(BaseModel):
    """Quality of the inputs behind the numbers.

    `psd_margin` is the covariance's smallest eigenvalue over its trace, to twelve decimals: exact or
    estimated from above for a matrix, a lower bound for the factor form and for estimates, null if none was
    found. At or above -1e-10, and with no correlation beyond 1, the covariance counts as positive
    semi-definite. `fallback` names the policy that replaced an unusable covariance whose variances were
    known. `missing` describes gaps in the returns of held assets, null if there are none.
    """

    model_config = REPORT_MODEL

    sufficient: bool
    covariance: CovarianceOrigin | None
    fallback: Fallback | None
    psd_margin: Finite | None
    inputs: list[InputSufficiency]
    missing: MissingObservations | None = None


class Concentration(BaseModel):
    """Concentration of the book.

    `herfindahl` is the sum of squared shares of the gross weight, `effective_number` its inverse,
    `diversification_ratio` the weighted mean volatility over the portfolio's (null without a covariance).
    """

    model_config = REPORT_MODEL

    herfindahl: Finite
    effective_number: Finite
    gross_exposure: Finite
    net_exposure: Finite
    diversification_ratio: Finite | None


class WindowStatistics(BaseModel):
    """The book's realised returns over the last days, or observations if the series has no dates.

    `value_at_risk` and `expected_shortfall` are historical at `confidence_bps`; `volatility` is per period;
    `sharpe` is annualised by `periods_per_year` if `sharpe_annualised`, else per period; `reasons` explains
    each null number, by name. A window of calendar days with fewer than 20 observations
    (`calendar_observations`) is extended back, within a bounded look-back, to 20 (`observations`);
    `first_date` is where it begins. `returns_basis` is `pro_forma` (today's weights on past returns) or
    `track_record` (the portfolio's own returns). Members with a default are missing from engines before 3.0,
    which annualised every Sharpe ratio by 252.
    """

    model_config = REPORT_MODEL

    length: RiskWindow
    basis: WindowBasis
    observations: Count
    confidence_bps: ConfidenceBps
    sharpe: Finite | None
    volatility: Finite | None
    max_drawdown: Finite | None
    value_at_risk: Finite | None
    expected_shortfall: Finite | None
    hit_ratio: Share | None
    reasons: dict[str, str]
    calendar_observations: Count | None = None
    first_date: Annotated[str, Field(json_schema_extra={"format": "date"})] | None = None
    periods_per_year: Finite | None = None
    sharpe_annualised: bool | None = None
    returns_basis: OpenName | None = None


class TrackRecord(BaseModel):
    """The portfolio's own past returns, which a snapshot sends in `portfolio_returns`, and their windows.

    With it, drawdown limits are judged on these windows. `reason` says why there are no numbers: dates after
    `as_of` (`returns_after_as_of`), or returns out of range.
    """

    model_config = REPORT_MODEL

    observations: Count
    first_date: Annotated[str, Field(json_schema_extra={"format": "date"})] | None
    last_date: Annotated[str, Field(json_schema_extra={"format": "date"})] | None
    periods_per_year: Finite | None
    windows: list[WindowStatistics]
    reason: str | None


class Contribution(BaseModel):
    """One position's contribution to the parametric VaR.

    `marginal` is the change of VaR per unit of weight, `component` weight times marginal (components sum to
    VaR). `incremental` is VaR minus the VaR of the book with the position sold for cash, the other weights
    unchanged; null if the difference is within rounding. `incremental_rescaled`, which engines before 3.0
    reported as `incremental`, rescales the rest to the same net weight; it is null if the rest has no net
    weight of the same sign, or within rounding.
    """

    model_config = REPORT_MODEL

    id: str
    weight: Finite
    marginal: Finite
    component: Finite
    incremental: Finite | None
    incremental_rescaled: Finite | None = None


class Contributions(BaseModel):
    """The largest contributions by absolute component; omitted ones are counted and summed.

    All components add up to `value_at_risk`: the parametric one at `confidence_bps`, computed from `volatility`
    (per period). Both numbers equal the report's own, except for an estimated covariance, see `CovarianceEstimate`.
    """

    model_config = REPORT_MODEL

    confidence_bps: ConfidenceBps
    covariance: CovarianceOrigin
    largest: list[Contribution]
    omitted_count: Count
    omitted_component: Finite
    volatility: Finite | None = None
    value_at_risk: Finite | None = None


class RiskReport(BaseModel):
    """Everything computed for one snapshot by one version of the engine; instants are RFC 3339 UTC texts.

    `tails` holds every value at risk and expected shortfall, the headline first; `measures` repeats those that
    the first release had. A `riskless` book holds only cash, or only assets with variance zero and no constant
    loss: its volatility, VaR and ES are 0. All fractions are shares of what `weights_basis` names: the portfolio's
    `net_asset_value`, or its `gross_exposure`. `concentration` leaves out cash; it is null for a book without
    positions. Fields with a default are missing from reports of engines before 2.0; `tails`, `warnings`,
    `covariance_estimate`, `repair`, `riskless` and `weights_basis` from those before 3.0.
    """

    model_config = REPORT_MODEL

    world_id: Annotated[str, Field(pattern=ID_PATTERN)]
    version: Annotated[str, Field(pattern=ID_PATTERN)]
    content_hash: Annotated[str, Field(pattern=CONTENT_HASH_PATTERN)]
    as_of: Instant
    stage: str
    actor: str
    engine_version: str
    evaluated_at: Instant
    status: RiskStatus
    inputs: list[RiskInput]
    measures: list[RiskMeasure]
    sufficiency: Sufficiency | None = None
    concentration: Concentration | None = None
    windows: list[WindowStatistics] = []
    contributions: Contributions | None = None
    tails: list[TailMeasure] = []
    warnings: list[RiskWarning] = []
    units: dict[str, str] = {}
    covariance_estimate: CovarianceEstimate | None = None
    track_record: TrackRecord | None = None
    repair: CovarianceRepair | None = None
    riskless: bool = False
    weights_basis: OpenName = "net_asset_value"
    receipt: RiskReceipt | None = None
