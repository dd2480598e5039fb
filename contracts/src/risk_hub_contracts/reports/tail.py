"""Value at risk and expected shortfall of one book by one method at one confidence, with their sample.

Losses are positive fractions of portfolio value over one period. Names are open: a consumer must accept a
method, basis or unit that it does not know.
"""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from risk_hub_contracts.reports.units import REPORT_MODEL

OPEN_NAME_PATTERN: Final = r"^[a-z0-9_]+$"
OpenName = Annotated[str, Field(pattern=OPEN_NAME_PATTERN, max_length=64)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]

LOSS_UNIT: Final = "fraction_of_portfolio_value"
HEADLINE_METHOD: Final = "historical_upper"
"""The method whose rows come first: its value at risk is exceeded no more often than stated."""


class TailMeasure(BaseModel):
    """Both tail measures by one method at one confidence (basis points: 9900 is 99 %).

    `method` is `historical_upper` (the order statistic of the losses at rank ⌈(1 − c)·T⌉ from the worst),
    `historical` (interpolated between two order statistics) or `parametric_normal`; both historical methods
    have the same expected shortfall, the mean of the worst share 1 − c of the losses. `basis` is `pro_forma`
    (today's weights on past returns), `track_record` (the portfolio's own returns) or `covariance`.
    `tail_observations` is the number of losses behind an empirical number, at or beyond its value at risk; a
    number from fewer than 3 of them is not `sufficient`, for the reason `too_few_tail_observations`. Standard
    errors are for independent returns, and null where none is defined. A number that cannot be computed is
    null with a `reason`. All numbers but counts are in `unit`.
    """

    model_config = REPORT_MODEL

    method: OpenName
    confidence_bps: Annotated[int, Field(ge=1, le=9_999)]
    basis: OpenName
    value_at_risk: Finite | None
    expected_shortfall: Finite | None
    value_at_risk_standard_error: NotNegative | None
    expected_shortfall_standard_error: NotNegative | None
    observations: Count | None
    tail_observations: Count | None
    sufficient: bool
    reason: str | None
    unit: OpenName
