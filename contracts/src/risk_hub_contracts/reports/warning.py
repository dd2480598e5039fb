"""Warnings of a report: inputs that cannot be what they claim, with the evidence and the likely cause."""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from risk_hub_contracts.reports.tail import OpenName
from risk_hub_contracts.reports.units import REPORT_MODEL

Evidence = Annotated[float, Field(allow_inf_nan=False)] | str


KNOWN_CODES: Final = frozenset(
    {
        "age_unknown",
        "assets_may_be_swapped",
        "constant_prices",
        "correlations_differ",
        "correlations_repaired",
        "covariance_age_unknown",
        "covariance_near_zero",
        "estimated_after_as_of",
        "few_complete_cases",
        "few_observations",
        "gap_in_dates",
        "inputs_stale",
        "loss_exceeds_exposure",
        "losses_left_out",
        "metric_misspelt",
        "no_scenario_loses",
        "own_loss_negative",
        "periods_differ",
        "returns_have_outliers",
        "returns_look_like_levels",
        "returns_look_like_percent",
        "returns_look_like_prices",
        "returns_repeated",
        "scale_mismatch",
        "shock_below_minus_one",
        "shock_looks_like_percent",
        "shocks_unused",
        "var_negative",
        "variance_zero",
        "volatility_implausible",
    }
)
"""Codes of this release; a report of a later one may have others."""


class RiskWarning(BaseModel):
    """One doubt about an input or a number.

    `code` is an open name: a consumer must accept one that it does not know. `subject` is the asset, scenario
    or input concerned, null for the whole book. `evidence` holds the observed values and the bounds that they
    exceed. With `makes_insufficient` the numbers of the report have no meaning, and its `sufficient` is false.
    """

    model_config = REPORT_MODEL

    code: OpenName
    makes_insufficient: bool
    subject: str | None
    evidence: dict[str, Evidence]
    likely_cause: str
