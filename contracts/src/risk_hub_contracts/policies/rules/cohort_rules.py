"""Rules that compare the strategies of one evaluation with each other, and select among them."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from risk_hub_contracts.policies.rules.base import LimitRule, MetricPath, RuleBase
from risk_hub_contracts.policies.rules.bounds import Limit

__all__ = ["CohortMedianRule", "CorrelationRule", "HysteresisRule", "Order", "TopKRule"]

TOP_K_MAX_COUNT: Final = 10_000
Order = Literal["highest", "lowest"]
"""Which values of a metric are the best."""
Correlation = Annotated[float, Field(strict=True, ge=0, le=1)]


class CohortMedianRule(LimitRule):
    """Bounds of the median of a metric over all strategies of one evaluation.

    A strategy without the metric does not count for the median, and its own result is that of a missing number.
    """

    kind: Literal["cohort_median"]
    metric: MetricPath

    @property
    def path(self) -> str:
        """Return the metric."""
        return self.metric


class TopKRule(RuleBase):
    """Selects the `k` best strategies among those that no blocking rule fails."""

    kind: Literal["top_k"]
    metric: MetricPath
    k: Annotated[int, Field(strict=True, ge=1, le=TOP_K_MAX_COUNT)]
    order: Order = "highest"

    @property
    def subject(self) -> str:
        """Return the metric: a profile has at most one ranking by a metric."""
        return self.metric


class CorrelationRule(RuleBase):
    """Selects strategies, the best first, whose correlations with those selected before are small enough.

    `max` is the greatest magnitude of a correlation; past `warn_max` a selected strategy has a warning.
    """

    kind: Literal["correlation"]
    metric: MetricPath
    max: Correlation
    warn_max: Correlation | None = None
    order: Order = "highest"

    @model_validator(mode="after")
    def _warning_can_apply(self) -> Self:
        if self.warn_max is not None and self.warn_max > self.max:
            raise ValueError(
                f"warn_max {self.warn_max:g} is above max {self.max:g}, so it never warns; set it to at most max"
            )
        return self

    @property
    def subject(self) -> str:
        """Return a constant: a profile has at most one limit on correlations."""
        return "selection"


class HysteresisRule(RuleBase):
    """Selects a strategy that reaches `enter`, and keeps a selected one until its metric passes `exit`."""

    kind: Literal["hysteresis"]
    metric: MetricPath
    enter: Limit
    exit: Limit
    order: Order = "highest"

    @model_validator(mode="after")
    def _exit_is_below_entry(self) -> Self:
        wrong = self.enter < self.exit if self.order == "highest" else self.enter > self.exit
        if wrong:
            side = "above" if self.order == "highest" else "below"
            raise ValueError(
                f"exit {self.exit:g} is {side} enter {self.enter:g}, so a strategy that enters leaves at once"
            )
        return self

    @property
    def subject(self) -> str:
        """Return the metric."""
        return self.metric
