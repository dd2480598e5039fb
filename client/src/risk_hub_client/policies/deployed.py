"""Policy documents of the deployed system: their members, unknown ones refused by name."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from risk_hub_contracts.policies.rules.bounds import Limit
from risk_hub_contracts.runs.rule_result import Owner, Severity

__all__ = [
    "DeployedPolicy",
    "DeployedProfile",
    "LiveConfig",
    "LivePromotionConfig",
    "PaperShadowConfig",
    "PerformanceConfig",
    "Section",
    "SelectionConfig",
    "ThresholdConfig",
]

_CLOSED = ConfigDict(frozen=True, extra="forbid")
Count = Annotated[int, Field(strict=True, ge=1)]


class _Closed(BaseModel):
    model_config = _CLOSED


class Section(_Closed):
    """A group of limits with one severity and one owner."""

    severity: Severity | None = None
    owner: Owner | None = None


class ThresholdConfig(_Closed):
    """Bounds of one metric."""

    metric: Annotated[str, Field(min_length=1)]
    min: Limit | None = None
    max: Limit | None = None


class SampleConfig(Section):
    """Limits on the size of the sample."""

    min_effective_years: Limit | None = None
    min_trades_total: Limit | None = None


class PerformanceConfig(Section):
    """Limits on performance."""

    sharpe_min: Limit | None = None
    max_dd_max: Limit | None = None
    gain_to_pain_min: Limit | None = None


class RobustnessConfig(Section):
    """Limits on robustness."""

    dsr_min: Limit | None = None
    cv_sharpe_gap_max: Limit | None = None


class RiskConfig(Section):
    """Limits on liquidity."""

    adv_utilization_p95_max: Limit | None = None
    participation_rate_p95_max: Limit | None = None


class DeployedProfile(_Closed):
    """One validation profile."""

    sample: SampleConfig | None = None
    performance: PerformanceConfig | None = None
    robustness: RobustnessConfig | None = None
    risk: RiskConfig | None = None


class TopKConfig(_Closed):
    """The number of strategies to select."""

    metric: Annotated[str, Field(min_length=1)]
    k: Count


class CorrelationConfig(_Closed):
    """The greatest correlation of two selected strategies."""

    max: Annotated[float, Field(strict=True, ge=0, le=1)]


class HysteresisConfig(_Closed):
    """Limits to enter and to leave the selection."""

    metric: Annotated[str, Field(min_length=1)]
    enter: Limit
    exit: Limit


class SelectionConfig(_Closed):
    """Selection of strategies; the same members are allowed at the top level."""

    thresholds: dict[str, ThresholdConfig] = {}
    top_k: TopKConfig | None = None
    correlation: CorrelationConfig | None = None
    hysteresis: HysteresisConfig | None = None


class ValidationConfig(_Closed):
    """Meaning of a missing metric and of an error."""

    on_error: Literal["fail", "warn"] = "fail"
    on_missing_metric: Literal["fail", "warn", "ignore"] = "fail"


class CohortConfig(Section):
    """Limits on the whole cohort."""

    sharpe_median_min: Limit | None = None
    dsr_median_min: Limit | None = None
    top_k: Count | None = None


class PortfolioConfig(Section):
    """Limits on the change of the portfolio."""

    max_incremental_var_99: Limit | None = None
    max_incremental_es_99: Limit | None = None
    min_portfolio_sharpe_uplift: Limit | None = None


class BenchmarkConfig(Section):
    """The limit on the uplift over the benchmark."""

    min_vs_benchmark_sharpe: Limit | None = None


class StressConfig(Section):
    """Limits of each scenario by metric: `dd_max`, `es_99`, `var_99`."""

    scenarios: dict[str, dict[Literal["dd_max", "es_99", "var_99"], Limit]] = {}


class PaperShadowConfig(Section):
    """Limits on the ratios of a paper run to its back-test."""

    stages: tuple[str, ...] = ("paper", "shadow")
    min_sharpe_ratio: Limit | None = None
    max_drawdown_ratio: Limit | None = None
    max_var_p01_ratio: Limit | None = None
    max_es_p01_ratio: Limit | None = None


class LiveConfig(Section):
    """Limits on realised results."""

    lookback_days: Count | None = None
    decay_threshold: Limit | None = None
    sharpe_min: Limit | None = None
    dd_max: Limit | None = None


class LivePromotionConfig(_Closed):
    """Promotion of a strategy to live."""

    mode: Literal["disabled", "manual_approval", "auto_apply"] = "manual_approval"
    cooldown: Annotated[str, Field(pattern="^[0-9]{1,7}[smhd]$")] | None = None
    max_live_slots: Count | None = None
    canary_fraction: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    approvers: tuple[str, ...] | None = None


class GovernanceConfig(_Closed):
    """Governance of promotions."""

    live_promotion: LivePromotionConfig | None = None


class CampaignStageConfig(_Closed):
    """The window of one stage."""

    window: str | None = None


class CampaignCommonConfig(_Closed):
    """Requirements of every stage of a campaign."""

    min_sample_days: Limit | None = None
    min_trades_total: Limit | None = None


class CampaignConfig(_Closed):
    """When strategies are observed; not a rule."""

    backtest: CampaignStageConfig | None = None
    paper: CampaignStageConfig | None = None
    common: CampaignCommonConfig | None = None


class DeployedPolicy(SelectionConfig):
    """A whole policy document of the deployed system."""

    selection: SelectionConfig | None = None
    validation_profiles: dict[str, DeployedProfile] = {}
    default_profile_by_stage: dict[str, str] = {}
    validation: ValidationConfig = ValidationConfig()
    cohort: CohortConfig | None = None
    portfolio: PortfolioConfig | None = None
    benchmark: BenchmarkConfig | None = None
    stress: StressConfig | None = None
    paper_shadow_consistency: PaperShadowConfig | None = None
    live_monitoring: LiveConfig | None = None
    governance: GovernanceConfig | None = None
    campaign: CampaignConfig | None = None
