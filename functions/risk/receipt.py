"""The engine's version and parameters, and the receipt that a report carries."""

from functions.risk.covariance.form import PSD_TOLERANCE
from functions.risk.exact import EXACT_MAX_ASSETS
from functions.risk.parametric import ATTRIBUTION_CONFIDENCE_BPS, ATTRIBUTION_MAX_ASSETS
from functions.risk.policy import RiskPolicy
from functions.risk.windows import WINDOW_CONFIDENCE_BPS, WINDOWS
from risk_hub_contracts.risk import RiskReport
from risk_hub_contracts.risk_receipt import UNSIGNED, RiskParameters, RiskReceipt, result_hash

ENGINE_VERSION = "2.0.0"
CONFIDENCES_BPS = (9500, 9900)
HORIZON_PERIODS = 1


def parameters(policy: RiskPolicy) -> RiskParameters:
    """Return every choice that shapes the numbers beside the inputs."""
    return RiskParameters(
        confidences_bps=list(CONFIDENCES_BPS),
        horizon_periods=HORIZON_PERIODS,
        psd_tolerance=PSD_TOLERANCE,
        exact_max_assets=EXACT_MAX_ASSETS,
        attribution_confidence_bps=ATTRIBUTION_CONFIDENCE_BPS,
        attribution_max_assets=ATTRIBUTION_MAX_ASSETS,
        windows=list(WINDOWS),
        window_confidence_bps=WINDOW_CONFIDENCE_BPS,
        fallback=policy.fallback or "none",
        legacy_method=policy.legacy_method,
    )


def with_receipt(report: RiskReport, policy: RiskPolicy) -> RiskReport:
    """Return the report with its receipt: what went in, and the hash of what came out."""
    receipt = RiskReceipt(
        engine_version=ENGINE_VERSION,
        parameters=parameters(policy),
        content_hash=report.content_hash,
        inputs={given.kind: given.sha256 for given in report.inputs if given.sha256 is not None},
        result_hash=UNSIGNED,
    )
    unsigned = report.model_copy(update={"receipt": receipt}).model_dump(mode="json")
    signed = receipt.model_copy(update={"result_hash": result_hash(unsigned)})
    return report.model_copy(update={"receipt": signed})


def policy_of(given: RiskParameters) -> RiskPolicy:
    """Return the policy under which a report with these parameters was made."""
    return RiskPolicy(None if given.fallback == "none" else given.fallback, given.legacy_method)
