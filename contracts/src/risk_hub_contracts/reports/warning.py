"""Warnings of a report: inputs that cannot be what they claim, with the evidence and the likely cause."""

from typing import Annotated

from pydantic import BaseModel, Field

from risk_hub_contracts.reports.tail import OpenName
from risk_hub_contracts.reports.units import REPORT_MODEL

Evidence = Annotated[float, Field(allow_inf_nan=False)] | str


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
