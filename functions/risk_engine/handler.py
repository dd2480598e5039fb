"""Lambda entry point of risk_engine."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from dataclasses import asdict
from typing import Any

from functions.entrypoints.queue import queue_worker
from functions.evaluation.risk.evaluate import EvaluateRisk
from functions.evaluation.risk.policy import policy_from
from functions.evaluation.risk.verify import NothingToVerifyError, VerifyRisk
from functions.evaluation.store.dynamodb_forecasts import DynamoDBForecasts
from functions.evaluation.store.dynamodb_input_notes import DynamoDBInputNotes
from functions.evaluation.store.dynamodb_reports import DynamoDBReports
from functions.hub.adapters.aws import client
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_metered_worlds import DynamoDBMeteredWorlds
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.s3_blobs import S3Blobs
from functions.telemetry import log
from functions.telemetry.health import ReportTally
from functions.wiring import settings
from functions.wiring.history import whole_history

_s3, _dynamodb, _stages = client("s3"), client("dynamodb"), settings.stages()
_bodies = BodyStore(_s3, settings.bucket())
_blobs = S3Blobs(_s3, settings.bucket())
_snapshots = whole_history(DynamoDBSnapshots(_dynamodb, settings.snapshots_table(), _bodies), utc_now)
_reports = DynamoDBReports(_dynamodb, settings.reports_table())

_verify = VerifyRisk(snapshots=_snapshots, blobs=_blobs, records=_reports)
_evaluate = EvaluateRisk(
    snapshots=_snapshots,
    blobs=_blobs,
    reports=_reports,
    forecasts=DynamoDBForecasts(_dynamodb, settings.reports_table(), _bodies),
    notes=DynamoDBInputNotes(_dynamodb, settings.reports_table()),
    clock=utc_now,
    retention=settings.retention(),
    policy=policy_from(settings.risk_fallback(), settings.legacy_method()),
    tally=ReportTally("risk_engine", _stages),
)
_work = queue_worker(
    "risk_engine",
    _evaluate,
    clock=utc_now,
    stages=_stages,
    metered=DynamoDBMeteredWorlds(client("dynamodb brief"), settings.worlds_table(), utc_now, _stages),
)


def lambda_handler(event: dict[str, Any], context: Any) -> Any:  # noqa: ANN401 - the context is Lambda's own
    """Evaluate the snapshots that a batch of messages announces, or verify a report for an operator."""
    if "verify" in event:
        return _verification_result(event["verify"]["world_id"], event["verify"]["version"])
    return _work(event, context)


handler = lambda_handler  # the name in the templates; ADR-0027


def _verification_result(world_id: str, version: str) -> dict[str, Any]:
    """Return a verification, or `refused` with the reason; a refusal is not a function error."""
    try:
        verified = asdict(_verify(world_id, version))
    except NothingToVerifyError as error:
        return {"refused": str(error)}
    log.info("verified", world_id=world_id, version=version, equal=verified["equal"])
    return verified
