"""Known metrics of a strategy: the unit and the possible values of each path.

A number outside its possible values was computed wrongly (a percentage instead of a fraction, a drawdown with
its sign). It never passes a rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Final

__all__ = ["CORRELATION", "HUB_METRICS", "METRICS", "UNKNOWN_UNIT", "MetricFacts", "facts_of"]

UNKNOWN_UNIT: Final = "chosen_by_the_producer"
SHARPE: Final = "sharpe_ratio_annualised"
RATIO: Final = "ratio"
SHARE: Final = "share_of_1"
LOSS: Final = "fraction_of_portfolio_value"
DRAWDOWN: Final = "fraction_of_peak_value"
PER_PERIOD: Final = "fraction_of_value_per_period"
COUNT: Final = "count"
CORRELATION: Final = "correlation"
"""The path of the correlation of two strategies in a result."""
INCREMENTAL_VAR: Final = "risk.incremental_var_99"
INCREMENTAL_ES: Final = "risk.incremental_es_99"
PORTFOLIO_UPLIFT: Final = "diagnostics.portfolio_sharpe_uplift"
HUB_METRICS: Final = (INCREMENTAL_VAR, INCREMENTAL_ES, PORTFOLIO_UPLIFT)
"""Metrics that only the hub computes, from the returns of the snapshot; a caller cannot send them."""


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """The unit of a metric, and its least and greatest possible value."""

    unit: str
    lowest: float = -inf
    highest: float = inf

    def is_possible(self, value: float) -> bool:
        """Return whether the metric can have a value; NaN is never possible."""
        return self.lowest <= value <= self.highest


_UNKNOWN: Final = MetricFacts(UNKNOWN_UNIT)
_OF_SCENARIO: Final[Mapping[str, MetricFacts]] = {
    "max_drawdown": MetricFacts(DRAWDOWN, 0),
    "es_99": MetricFacts(LOSS, 0),
    "var_99": MetricFacts(LOSS, 0),
    "loss": MetricFacts(LOSS),
}
_OF_WINDOW: Final[Mapping[str, MetricFacts]] = {
    "sharpe": MetricFacts(SHARPE),
    "max_drawdown": MetricFacts(DRAWDOWN, 0),
    "var_99": MetricFacts(LOSS),
    "es_99": MetricFacts(LOSS),
    "sharpe_decay_ratio": MetricFacts(RATIO),
    "observations": MetricFacts(COUNT, 0),
}
METRICS: Final[Mapping[str, MetricFacts]] = MappingProxyType(
    {
        CORRELATION: MetricFacts("correlation", -1, 1),
        "returns.sharpe": MetricFacts(SHARPE),
        "returns.max_drawdown": MetricFacts(DRAWDOWN, 0),
        "returns.gain_to_pain_ratio": MetricFacts(RATIO),
        "returns.hit_ratio": MetricFacts(SHARE, 0, 1),
        "returns.var_p01": MetricFacts(PER_PERIOD),
        "returns.es_p01": MetricFacts(PER_PERIOD),
        "sample.observations": MetricFacts(COUNT, 0),
        "sample.effective_history_years": MetricFacts("years", 0),
        "sample.sample_days": MetricFacts("days", 0),
        "sample.history_days": MetricFacts("days", 0),
        "sample.data_age_seconds": MetricFacts("seconds", 0),
        "sample.coverage_ratio": MetricFacts(SHARE, 0, 1),
        "sample.n_trades_total": MetricFacts(COUNT, 0),
        "sample.n_trades_per_year": MetricFacts("count_per_year", 0),
        "risk.var_99": MetricFacts(LOSS),
        "risk.es_99": MetricFacts(LOSS),
        INCREMENTAL_VAR: MetricFacts(LOSS),
        INCREMENTAL_ES: MetricFacts(LOSS),
        "risk.adv_utilization_p95": MetricFacts("share_of_daily_volume", 0),
        "risk.participation_rate_p95": MetricFacts("share_of_traded_volume", 0, 1),
        "robustness.deflated_sharpe_ratio": MetricFacts("probability", 0, 1),
        "robustness.probabilistic_sharpe_ratio": MetricFacts("probability", 0, 1),
        "robustness.sharpe_first_half": MetricFacts(SHARPE),
        "robustness.sharpe_second_half": MetricFacts(SHARPE),
        "robustness.half_sharpe_gap": MetricFacts(SHARPE, 0),
        "paper_shadow.sharpe_ratio": MetricFacts(RATIO),
        "paper_shadow.drawdown_ratio": MetricFacts(RATIO, 0),
        "paper_shadow.var_p01_ratio": MetricFacts(RATIO),
        "paper_shadow.es_p01_ratio": MetricFacts(RATIO),
        "diagnostics.vs_benchmark_sharpe": MetricFacts(SHARPE),
        PORTFOLIO_UPLIFT: MetricFacts(SHARPE),
    }
)
"""Facts by path; `stress.<scenario>.<metric>` and `live.<days>.<metric>` have their own tables."""


def facts_of(path: str) -> MetricFacts:
    """Return the unit and the possible values of a path; of an unknown one, any value."""
    block, _, rest = path.partition(".")
    name = rest.rpartition(".")[2]
    if block == "stress":
        return _OF_SCENARIO.get(name, _UNKNOWN)
    if block == "live":
        return _OF_WINDOW.get(name, _UNKNOWN)
    return METRICS.get(path, _UNKNOWN)
