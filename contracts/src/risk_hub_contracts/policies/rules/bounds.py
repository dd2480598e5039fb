"""Bounds of a number: what fails, and what warns before that."""

from math import inf
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from risk_hub_contracts.base.limits import NUMBER_MAX_ABS

__all__ = ["CLOSED", "Bounds", "Limit", "check_warning_bounds"]

CLOSED = ConfigDict(frozen=True, extra="forbid")
Limit = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-NUMBER_MAX_ABS, le=NUMBER_MAX_ABS)]


class Bounds(BaseModel):
    """The least and the greatest allowed number. A number at a bound is allowed, one past it is not."""

    model_config = CLOSED

    min: Limit | None = None
    max: Limit | None = None

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("must have min or max")
        if self.lowest > self.highest:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}, so no number is allowed")
        return self

    @property
    def lowest(self) -> float:
        """Return the least allowed number, minus infinity without `min`."""
        return -inf if self.min is None else self.min

    @property
    def highest(self) -> float:
        """Return the greatest allowed number, infinity without `max`."""
        return inf if self.max is None else self.max


def check_warning_bounds(fail: Bounds | None, warn: Bounds | None) -> None:
    """Refuse warning bounds that no number can pass before it fails, and a rule without bounds.

    Raises:
        ValueError: naming the bound.
    """
    if fail is None and warn is None:
        raise ValueError("must have fail, warn or both")
    if fail is None or warn is None:
        return
    if warn.min is not None and warn.min < fail.lowest:
        raise ValueError(
            f"warn.min {warn.min:g} is below fail.min {fail.min:g}, so it never warns; set it to at least fail.min"
        )
    if warn.max is not None and warn.max > fail.highest:
        raise ValueError(
            f"warn.max {warn.max:g} is above fail.max {fail.max:g}, so it never warns; set it to at most fail.max"
        )
    if max(warn.lowest, fail.lowest) > min(warn.highest, fail.highest):
        raise ValueError("no number is within both fail and warn, so the rule never passes")
