"""Lambda entry point of exit_engine."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from functions.entrypoints.queue import queue_worker
from functions.evaluation.exits.emit_exit_signals import EmitExitSignals
from functions.evaluation.store.dynamodb_exit_journal import DynamoDBExitJournal
from functions.hub.adapters.aws import client
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_metered_worlds import DynamoDBMeteredWorlds
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from functions.telemetry.health import ReportTally
from functions.wiring import settings
from functions.wiring.history import whole_history

_dynamodb, _stages = client("dynamodb"), settings.stages()
_bodies = BodyStore(client("s3"), settings.bucket())
_emit = EmitExitSignals(
    snapshots=whole_history(DynamoDBSnapshots(_dynamodb, settings.snapshots_table(), _bodies), utc_now),
    policies=DynamoDBWorlds(_dynamodb, settings.worlds_table()),
    journal=DynamoDBExitJournal(_dynamodb, settings.reports_table()),
    clock=utc_now,
    retention=settings.retention(),
    tally=ReportTally("exit_engine", _stages),
)
lambda_handler = queue_worker(
    "exit_engine",
    _emit,
    clock=utc_now,
    stages=_stages,
    metered=DynamoDBMeteredWorlds(client("dynamodb brief"), settings.worlds_table(), utc_now, _stages),
)
handler = lambda_handler  # the name in the templates; ADR-0027
