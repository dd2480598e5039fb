"""All parameters of the risk numbers except the inputs, taken from the constants themselves."""

from collections.abc import Iterable, Sequence

from functions.evaluation.risk.parametric import (
    ATTRIBUTION_CONFIDENCE_BPS,
    ATTRIBUTION_MAX_ASSETS,
    RESOLVED_MIN_RATIO,
)
from functions.evaluation.risk.plausibility.thresholds import thresholds
from functions.evaluation.risk.policy import RiskPolicy
from functions.evaluation.risk.windows import (
    DEVIATION_MIN_OBSERVATIONS,
    WINDOW_CONFIDENCE_BPS,
    WINDOW_LOOK_BACK_FACTOR,
    WINDOWS,
)
from functions.measures.attribution import RELATIVE_ERROR_MAX, SHARE_OF_VAR_MIN
from functions.measures.covariance.form import MARGIN_DECIMALS, PSD_TOLERANCE, TRACE_MIN
from functions.measures.covariance.sample import ESTIMATE_MIN_OBSERVATIONS
from functions.measures.exact import EXACT_MAX_ASSETS
from functions.measures.measures import LEGACY_ES_PER_VAR, LEGACY_VAR_SIGMAS
from functions.measures.performance import (
    CONSTANT_MAX_RATIO,
    PERIODS_PER_YEAR,
    SHARPE_MIN_OBSERVATIONS,
)
from risk_hub_contracts.base.confidence import (
    TAIL_MIN_OBSERVATIONS,
    WINDOW_MIN_OBSERVATIONS,
    required_observations,
)
from risk_hub_contracts.base.limits import CORRELATION_MAX_EXCESS, NUMBER_MAX_ABS, RETURN_MAX_ABS
from risk_hub_contracts.reports.receipt import RiskParameters

CONFIDENCES_BPS = (9500, 9900)
# The volatility of an estimate is never shrunk; engines before 3.0 shrunk it below 10 observations per asset.
SHRINK_VOLATILITY_BELOW = 0
HORIZON_PERIODS = 1
METHODS = {
    "parametric_normal": "z sigma; sigma phi(z) / (1 - c); mean zero",
    "historical_upper": "loss at rank ceil((1 - c) T) from the worst",
    "historical": "quantile by linear interpolation (type 7)",
    "historical_es": "mean of the worst mass 1 - c, exactly (Acerbi-Tasche 2002)",
    "historical_var_standard_error": "half distance of the losses one binomial deviation in rank away (Woodruff 1952)",
    "historical_es_standard_error": "asymptotic, independent returns (Manistre-Hancock 2005)",
    "sample": "X'X / (T - 1), X less its means",
    "ledoit_wolf": "sample variances; correlations after Ledoit-Wolf 2004 towards zero; only for contributions",
    "nearest_correlation": "Higham 2002, alternating projections with Dykstra's correction; variances unchanged",
    "clip": "negative eigenvalues of the correlations set to zero, unit diagonal (Rebonato-Jaeckel 1999)",
    "incremental": "VaR less that of the book with the position sold for cash",
    "incremental_rescaled": "VaR less that of the book without the position, rescaled to the same net weight",
    "sharpe": "mean over deviation (T - 1), no risk-free rate; annualised if the frequency is known",
}


def parameters(policy: RiskPolicy, tail_confidences_bps: Sequence[int]) -> RiskParameters:
    """Return the parameters of a report under a policy, with its confidences of `tails` in their order."""
    return RiskParameters(
        confidences_bps=list(CONFIDENCES_BPS),
        horizon_periods=HORIZON_PERIODS,
        periods_per_year=PERIODS_PER_YEAR,
        psd_tolerance=PSD_TOLERANCE,
        correlation_max_excess=CORRELATION_MAX_EXCESS,
        margin_decimals=MARGIN_DECIMALS,
        trace_min=TRACE_MIN,
        number_max_abs=NUMBER_MAX_ABS,
        return_max_abs=RETURN_MAX_ABS,
        resolved_min_ratio=RESOLVED_MIN_RATIO,
        constant_max_ratio=CONSTANT_MAX_RATIO,
        exact_max_assets=EXACT_MAX_ASSETS,
        min_observations=_least_observations({*CONFIDENCES_BPS, *tail_confidences_bps}),
        shrink_below_observations_per_asset=SHRINK_VOLATILITY_BELOW,
        attribution_confidence_bps=ATTRIBUTION_CONFIDENCE_BPS,
        attribution_max_assets=ATTRIBUTION_MAX_ASSETS,
        relative_error_max=RELATIVE_ERROR_MAX,
        share_of_var_min=SHARE_OF_VAR_MIN,
        windows=list(WINDOWS),
        window_confidence_bps=WINDOW_CONFIDENCE_BPS,
        methods=METHODS,
        fallback=policy.fallback or "none",
        legacy_method=policy.legacy_method,
        legacy_var_sigmas=LEGACY_VAR_SIGMAS,
        legacy_es_per_var=LEGACY_ES_PER_VAR,
        warning_thresholds=thresholds(),
        tail_confidences_bps=list(tail_confidences_bps),
        tail_min_observations=TAIL_MIN_OBSERVATIONS,
        window_min_observations=WINDOW_MIN_OBSERVATIONS,
        window_look_back_factor=WINDOW_LOOK_BACK_FACTOR,
    )


def _least_observations(confidences_bps: Iterable[int]) -> dict[str, int]:
    """Return the least number of returns for each result."""
    tails = {f"historical_{bps}": required_observations(bps) for bps in sorted(confidences_bps)}
    return {
        "covariance": ESTIMATE_MIN_OBSERVATIONS,
        "sharpe": SHARPE_MIN_OBSERVATIONS,
        "volatility": DEVIATION_MIN_OBSERVATIONS,
        **tails,
    }
