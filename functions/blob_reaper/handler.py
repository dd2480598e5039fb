"""Lambda entry point of blob_reaper."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from datetime import timedelta
from typing import Any
from uuid import uuid4

from functions.hub.adapters.aws import client
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_blob_marks import DynamoDBBlobMarks
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.s3_blob_inventory import S3BlobInventory
from functions.hub.use_cases.reap_blobs import ReapBlobs
from functions.telemetry import log
from functions.wiring import settings

# Reserve of the function's time for the longest visit of one blob.
LAST_VISIT_RESERVE = timedelta(seconds=30)

_s3, _dynamodb = client("s3"), client("dynamodb")
_bodies = BodyStore(_s3, settings.bucket())
_reap = ReapBlobs(
    inventory=S3BlobInventory(_s3, settings.bucket()),
    marks=DynamoDBBlobMarks(_dynamodb, settings.marks_table()),
    snapshots=DynamoDBSnapshots(_dynamodb, settings.snapshots_table(), _bodies),
    clock=utc_now,
    grace=settings.blob_grace(),
    new_owner=lambda: uuid4().hex,
)


def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, int]:  # noqa: ANN401
    """Visit the blobs until this invocation's time is used; the event is ignored."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    verdicts = dict(_reap(utc_now() + left - LAST_VISIT_RESERVE))
    log.info("visited", verdicts=verdicts)
    return verdicts


handler = lambda_handler  # the name in the templates; ADR-0027
