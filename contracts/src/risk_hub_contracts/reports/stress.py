"""The stress losses of a snapshot, as the stress engine stores and announces them.

A loss is a positive fraction of portfolio value under one scenario. A loss that cannot be computed reliably
has a `reason` instead of a `value`; it is never 0.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from risk_hub_contracts.base.ids import CONTENT_HASH_PATTERN, ID_PATTERN
from risk_hub_contracts.base.limits import NAME_MAX_CHARS
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.reports.risk import RiskInput, RiskStatus, Share
from risk_hub_contracts.reports.units import REPORT_MODEL
from risk_hub_contracts.reports.warning import RiskWarning

Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Scenario = Annotated[str, Field(min_length=1, max_length=NAME_MAX_CHARS)]
StressReason = Literal["shocks_absent", "shocks_do_not_cover_weights"]


class StressLoss(BaseModel):
    """The loss under one scenario, `-sum(w_i * shock_i)`.

    `value` is the whole portfolio's loss, null while some held id has neither a shock nor the scenario's
    `default`, or has a shock below -1 although its loss cannot exceed its value. `covered_value` is the loss of
    the other ids, `coverage` their share of the gross weight, and `uncovered_count` the number of held ids that
    are not covered.
    """

    model_config = REPORT_MODEL

    scenario: Scenario
    value: Finite | None
    covered_value: Finite | None
    coverage: Share
    uncovered_count: Count
    reason: StressReason | None


class StressMetric(BaseModel):
    """One of the producer's own numbers; `name` is `stress.<scenario>.<metric>`."""

    model_config = REPORT_MODEL

    name: str
    scenario: Scenario
    metric: Scenario
    value: Finite


class StressReport(BaseModel):
    """Everything computed from one snapshot's scenarios by one version of the engine.

    Scenarios and metrics are in the order of their names. Where the report would not fit on the bus, the
    worst scenarios are kept, and `scenarios_omitted` and `metrics_omitted` say how many are not shown.
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
    reason: str | None
    input: RiskInput
    losses: list[StressLoss]
    metrics: list[StressMetric]
    scenarios_omitted: Count
    metrics_omitted: Count
    warnings: list[RiskWarning] = []
    units: dict[str, str] = {}
