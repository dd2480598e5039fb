"""Lambda entry point of risk_engine."""

from dataclasses import asdict
from typing import Any

from functions.entrypoints.queue import queue_worker
from functions.evaluation.risk.evaluate import EvaluateRisk
from functions.evaluation.risk.policy import policy_from
from functions.evaluation.risk.verify import NothingToVerifyError, VerifyRisk
from functions.telemetry import log
from functions.wiring.composition import Composition

_dependencies = Composition()
_verify = VerifyRisk(_dependencies.announced_snapshots(), _dependencies.blobs(), _dependencies.reports())
_work = queue_worker(
    "risk_engine",
    EvaluateRisk(
        _dependencies.announced_snapshots(),
        _dependencies.blobs(),
        _dependencies.reports(),
        _dependencies.forecasts(),
        _dependencies.input_notes(),
        _dependencies.clock,
        _dependencies.retention(),
        policy_from(*_dependencies.risk_settings()),
        _dependencies.tally("risk_engine"),
    ),
    _dependencies.clock,
    _dependencies.stages(),
    _dependencies.metered_worlds(),
)


def handler(event: dict[str, Any], context: Any) -> Any:  # noqa: ANN401 - the context is Lambda's own
    """Evaluate the snapshots that a batch of messages announces, or verify a report for an operator."""
    if "verify" in event:
        return _verification_result(event["verify"]["world_id"], event["verify"]["version"])
    return _work(event, context)


def _verification_result(world_id: str, version: str) -> dict[str, Any]:
    """Return a verification, or `refused` with the reason: an operator's mistake is not an error of the function."""
    try:
        verified = asdict(_verify(world_id, version))
    except NothingToVerifyError as error:
        return {"refused": str(error)}
    log.info("verified", world_id=world_id, version=version, equal=verified["equal"])
    return verified
