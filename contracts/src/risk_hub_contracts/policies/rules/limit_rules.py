"""Rules that compare one number of one strategy with bounds, by kind."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from risk_hub_contracts.base.limits import NAME_MAX_CHARS
from risk_hub_contracts.base.name_types import Name
from risk_hub_contracts.policies.rules.base import LimitRule, MetricPath
from risk_hub_contracts.runs.rule_result import Severity

__all__ = [
    "BenchmarkRule",
    "DataCurrencyRule",
    "LiveRule",
    "PaperShadowRule",
    "PerformanceRule",
    "PortfolioRule",
    "RiskRule",
    "RobustnessRule",
    "SampleRule",
    "StressRule",
    "ThresholdRule",
]

LIVE_WINDOW_MAX_DAYS: Final = 3_660
HALF_GAP: Final = "half_sharpe_gap"
COMPARED_PATHS: Final[Mapping[str, str]] = {
    "sharpe_ratio": "returns.sharpe",
    "drawdown_ratio": "returns.max_drawdown",
    "var_p01_ratio": "returns.var_p01",
    "es_p01_ratio": "returns.es_p01",
}
"""Metric whose ratio to the baseline a `paper_shadow` rule compares, by measure."""


class ThresholdRule(LimitRule):
    """Bounds of any metric, named by its path."""

    default_severity: ClassVar[Severity] = "blocking"

    kind: Literal["threshold"]
    metric: MetricPath
    unit: Annotated[str, Field(min_length=1, max_length=NAME_MAX_CHARS)] | None = None

    @property
    def path(self) -> str:
        """Return the metric."""
        return self.metric


class DataCurrencyRule(LimitRule):
    """Bounds of the age, length and completeness of a strategy's data."""

    default_severity: ClassVar[Severity] = "blocking"

    kind: Literal["data_currency"]
    measure: Literal["data_age_seconds", "history_days", "coverage_ratio"]

    @property
    def path(self) -> str:
        """Return the path of the measure."""
        return f"sample.{self.measure}"


class SampleRule(LimitRule):
    """Bounds of the number of years, trades or observations of a strategy."""

    kind: Literal["sample"]
    measure: Literal[
        "effective_history_years", "n_trades_total", "n_trades_per_year", "observations", "sample_days"
    ]

    @property
    def path(self) -> str:
        """Return the path of the measure."""
        return f"sample.{self.measure}"


class PerformanceRule(LimitRule):
    """Bounds of a measure of performance."""

    default_severity: ClassVar[Severity] = "blocking"

    kind: Literal["performance"]
    measure: Literal["sharpe", "max_drawdown", "gain_to_pain_ratio", "hit_ratio"]

    @property
    def path(self) -> str:
        """Return the path of the measure."""
        return f"returns.{self.measure}"


class RobustnessRule(LimitRule):
    """Bounds of the deflated or probabilistic Sharpe ratio, or of the gap between the halves of the sample.

    The gap is the magnitude of `robustness.sharpe_first_half` less `robustness.sharpe_second_half`.
    """

    kind: Literal["robustness"]
    measure: Literal["deflated_sharpe_ratio", "probabilistic_sharpe_ratio", "half_sharpe_gap"]

    @property
    def path(self) -> str:
        """Return the path of the measure."""
        return f"robustness.{self.measure}"


class RiskRule(LimitRule):
    """Bounds of VaR and ES at 99 %, of the increments that a strategy adds to them, or of its liquidity."""

    default_severity: ClassVar[Severity] = "blocking"

    kind: Literal["risk"]
    measure: Literal[
        "var_99",
        "es_99",
        "incremental_var_99",
        "incremental_es_99",
        "adv_utilization_p95",
        "participation_rate_p95",
    ]

    @property
    def path(self) -> str:
        """Return the path of the measure."""
        return f"risk.{self.measure}"


class StressRule(LimitRule):
    """Bounds of a metric of one stress scenario. Losses and drawdowns are positive fractions."""

    default_severity: ClassVar[Severity] = "info"

    kind: Literal["stress"]
    scenario: Name
    measure: Literal["max_drawdown", "es_99", "var_99", "loss"]

    @property
    def path(self) -> str:
        """Return the path of the measure."""
        return f"stress.{self.scenario}.{self.measure}"


class BenchmarkRule(LimitRule):
    """Bounds of the Sharpe ratio of a strategy less that of the benchmark."""

    kind: Literal["benchmark"]
    measure: Literal["sharpe_uplift"] = "sharpe_uplift"

    @property
    def path(self) -> str:
        """Return the path of the measure."""
        return "diagnostics.vs_benchmark_sharpe"


class PortfolioRule(LimitRule):
    """Bounds of the change that a strategy makes to the portfolio of the strategies in use."""

    kind: Literal["portfolio"]
    measure: Literal["incremental_var_99", "incremental_es_99", "sharpe_uplift"]

    @property
    def path(self) -> str:
        """Return the path of the measure."""
        is_uplift = self.measure == "sharpe_uplift"
        return "diagnostics.portfolio_sharpe_uplift" if is_uplift else f"risk.{self.measure}"


class PaperShadowRule(LimitRule):
    """Bounds of the ratio of a metric to its value in the baseline, the back-test run of the same strategy."""

    kind: Literal["paper_shadow"]
    measure: Literal["sharpe_ratio", "drawdown_ratio", "var_p01_ratio", "es_p01_ratio"]

    @property
    def path(self) -> str:
        """Return the path that names the ratio in a result."""
        return f"paper_shadow.{self.measure}"


class LiveRule(LimitRule):
    """Bounds of a realised metric of one strategy over the last `window_days` days."""

    kind: Literal["live"]
    window_days: Annotated[int, Field(strict=True, ge=1, le=LIVE_WINDOW_MAX_DAYS)]
    measure: Literal["sharpe", "max_drawdown", "var_99", "es_99", "sharpe_decay_ratio", "observations"]

    @property
    def path(self) -> str:
        """Return the path of the measure in its window."""
        return f"live.{self.window_days}.{self.measure}"
