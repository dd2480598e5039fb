"""Lambda entry point of stress_engine."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from functions.entrypoints.queue import queue_worker
from functions.evaluation.store.dynamodb_reports import DynamoDBReports
from functions.evaluation.stress.evaluate import EvaluateStress
from functions.hub.adapters.aws import client
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_metered_worlds import DynamoDBMeteredWorlds
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.s3_blobs import S3Blobs
from functions.telemetry.health import ReportTally
from functions.wiring import settings
from functions.wiring.history import whole_history

_s3, _dynamodb, _stages = client("s3"), client("dynamodb"), settings.stages()
_bodies = BodyStore(_s3, settings.bucket())
_evaluate = EvaluateStress(
    snapshots=whole_history(DynamoDBSnapshots(_dynamodb, settings.snapshots_table(), _bodies), utc_now),
    blobs=S3Blobs(_s3, settings.bucket()),
    reports=DynamoDBReports(_dynamodb, settings.reports_table()),
    clock=utc_now,
    retention=settings.retention(),
    tally=ReportTally("stress_engine", _stages),
)
lambda_handler = queue_worker(
    "stress_engine",
    _evaluate,
    clock=utc_now,
    stages=_stages,
    metered=DynamoDBMeteredWorlds(client("dynamodb brief"), settings.worlds_table(), utc_now, _stages),
)
handler = lambda_handler  # the name in the templates; ADR-0027
