"""The engine's version, and the receipt that a report carries."""

from functions.evaluation.risk.parameters import parameters
from functions.evaluation.risk.policy import RiskPolicy
from risk_hub_contracts.reports.receipt import (
    PLACEHOLDER_RESULT_HASH,
    RiskParameters,
    RiskReceipt,
    result_hash,
)
from risk_hub_contracts.reports.risk import RiskReport

ENGINE_VERSION = "3.0.0"
# Engines whose reports may still be stored, newest first.
EARLIER_ENGINE_VERSIONS = ("2.0.0", "1.0.0")


def with_receipt(report: RiskReport, policy: RiskPolicy) -> RiskReport:
    """Return the report with its receipt: the inputs, and the hash of the results."""
    receipt = RiskReceipt(
        engine_version=ENGINE_VERSION,
        parameters=parameters(policy, list(dict.fromkeys(tail.confidence_bps for tail in report.tails))),
        content_hash=report.content_hash,
        inputs={given.kind: given.sha256 for given in report.inputs if given.sha256 is not None},
        result_hash=PLACEHOLDER_RESULT_HASH,
    )
    unsigned = report.model_copy(update={"receipt": receipt}).model_dump(mode="json")
    signed = receipt.model_copy(update={"result_hash": result_hash(unsigned)})
    return report.model_copy(update={"receipt": signed})


def policy_of(given: RiskParameters) -> RiskPolicy:
    """Return the policy of a report with these parameters."""
    return RiskPolicy(None if given.fallback == "none" else given.fallback, given.legacy_method)
