"""Kinds of rules of an evaluation policy, and the union that a document is validated against."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Discriminator, Tag

from risk_hub_contracts.base.violations import UNION_TAG
from risk_hub_contracts.policies.rules.base import LimitRule, OnError, OnMissing, RuleBase
from risk_hub_contracts.policies.rules.bounds import Bounds
from risk_hub_contracts.policies.rules.cohort_rules import (
    CohortMedianRule,
    CorrelationRule,
    HysteresisRule,
    TopKRule,
)
from risk_hub_contracts.policies.rules.limit_rules import (
    BenchmarkRule,
    DataCurrencyRule,
    LiveRule,
    PaperShadowRule,
    PerformanceRule,
    PortfolioRule,
    RiskRule,
    RobustnessRule,
    SampleRule,
    StressRule,
    ThresholdRule,
)

__all__ = [
    "KINDS",
    "Bounds",
    "CohortMedianRule",
    "CorrelationRule",
    "HysteresisRule",
    "LimitRule",
    "OnError",
    "OnMissing",
    "PaperShadowRule",
    "Rule",
    "RuleBase",
    "ThresholdRule",
    "TopKRule",
]

KINDS: Final = (
    "threshold",
    "data_currency",
    "sample",
    "performance",
    "robustness",
    "risk",
    "stress",
    "benchmark",
    "portfolio",
    "paper_shadow",
    "live",
    "cohort_median",
    "top_k",
    "correlation",
    "hysteresis",
)


def _tag(value: object) -> str | None:
    kind = value.get("kind") if isinstance(value, Mapping) else getattr(value, "kind", None)
    return f"{UNION_TAG}{kind}" if kind in KINDS else None


Rule = Annotated[
    Annotated[ThresholdRule, Tag(f"{UNION_TAG}threshold")]
    | Annotated[DataCurrencyRule, Tag(f"{UNION_TAG}data_currency")]
    | Annotated[SampleRule, Tag(f"{UNION_TAG}sample")]
    | Annotated[PerformanceRule, Tag(f"{UNION_TAG}performance")]
    | Annotated[RobustnessRule, Tag(f"{UNION_TAG}robustness")]
    | Annotated[RiskRule, Tag(f"{UNION_TAG}risk")]
    | Annotated[StressRule, Tag(f"{UNION_TAG}stress")]
    | Annotated[BenchmarkRule, Tag(f"{UNION_TAG}benchmark")]
    | Annotated[PortfolioRule, Tag(f"{UNION_TAG}portfolio")]
    | Annotated[PaperShadowRule, Tag(f"{UNION_TAG}paper_shadow")]
    | Annotated[LiveRule, Tag(f"{UNION_TAG}live")]
    | Annotated[CohortMedianRule, Tag(f"{UNION_TAG}cohort_median")]
    | Annotated[TopKRule, Tag(f"{UNION_TAG}top_k")]
    | Annotated[CorrelationRule, Tag(f"{UNION_TAG}correlation")]
    | Annotated[HysteresisRule, Tag(f"{UNION_TAG}hysteresis")],
    Discriminator(
        _tag,
        custom_error_type="rule_kind",
        custom_error_message=f"must be an object whose kind is one of {', '.join(KINDS)}",
    ),
]
