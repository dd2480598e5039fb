"""Lambda entry point of snapshot_mover."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from datetime import timedelta
from typing import Any

from functions.history.adapters.dynamodb_hot_table import DynamoDBHotTable
from functions.history.adapters.dynamodb_ledger import DynamoDBLedger
from functions.history.adapters.dynamodb_reconcile_notes import DynamoDBReconcileNotes
from functions.history.adapters.dynamodb_segments import DynamoDBSegments
from functions.history.adapters.s3_segments import S3Segments
from functions.history.move_snapshots import MoveSnapshots
from functions.history.move_worlds import MoveWorlds
from functions.history.reconcile import Reconcile
from functions.history.reconcile_worlds import ReconcileWorlds
from functions.hub.adapters.aws import client
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_registry import DynamoDBRegistry
from functions.snapshot_mover.run_metrics import report
from functions.wiring import settings

# Reserve of the function's time for the longest segment of a move, or segment check of a reconciliation.
LAST_STEP_RESERVE = timedelta(seconds=60)
# Share of the time that moves may take, so that some is left to reconcile.
MOVE_SHARE = 0.7

_s3, _dynamodb = client("s3"), client("dynamodb")
_registry = DynamoDBRegistry(_dynamodb, settings.worlds_table())
_index = DynamoDBSegments(_dynamodb, settings.segments_table())
_objects = S3Segments(_s3, settings.bucket())
_move = MoveSnapshots(
    hot=DynamoDBHotTable(_dynamodb, settings.snapshots_table(), BodyStore(_s3, settings.bucket())),
    index=_index,
    objects=_objects,
    clock=utc_now,
    longest_window=settings.hot_window(),
    settle=settings.move_settle(),
)
_reconcile_all = ReconcileWorlds(
    Reconcile(
        ledger=DynamoDBLedger(_dynamodb, settings.snapshots_table()),
        index=_index,
        objects=_objects,
        notes=DynamoDBReconcileNotes(_dynamodb, settings.segments_table()),
        clock=utc_now,
    ),
    utc_now,
)


def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, int]:  # noqa: ANN401
    """Move what is due, then reconcile the worlds that are due; the event is ignored.

    Raises:
        ExceptionGroup: some worlds failed; all others were visited, and the next run continues.
    """
    began = utc_now()
    left = timedelta(milliseconds=context.get_remaining_time_in_millis()) - LAST_STEP_RESERVE
    notes = _reconcile_all.notes(sorted({row.world_id for row in _registry.rows()}))
    movable = [world_id for world_id, note in notes.items() if not note.is_unfinished]
    moved = MoveWorlds(lambda: movable, _move, utc_now)(began + left * MOVE_SHARE)
    reconciled = _reconcile_all(notes, began + left)
    return report(moved, reconciled)


handler = lambda_handler  # the name in the templates; ADR-0027
