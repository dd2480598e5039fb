"""Lambda entry point of snapshot_writer."""

from functools import cache
from typing import TYPE_CHECKING

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from functions.entrypoints.http.authenticator import Authenticator
from functions.hub.adapters.aws import client
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_blob_marks import DynamoDBBlobMarks
from functions.hub.adapters.dynamodb_metered_worlds import DynamoDBMeteredWorlds
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.s3_blobs import S3Blobs
from functions.hub.adapters.secret_tokens import SecretTokens
from functions.hub.domain.exposure import ExposureLimits
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.use_cases.publish_snapshot import PublishSnapshot
from functions.snapshot_writer.routes import add_upload_routes, snapshot_writer
from functions.wiring import settings
from functions.wiring.history import whole_history

if TYPE_CHECKING:
    from functions.snapshot_writer.uploads import UploadRoutes

_s3, _dynamodb, _stages = client("s3"), client("dynamodb"), settings.stages()
_blobs = S3Blobs(_s3, settings.bucket())
_bodies = BodyStore(_s3, settings.bucket())
_marks = DynamoDBBlobMarks(_dynamodb, settings.marks_table())
_tokens = SecretTokens(client("secretsmanager"), settings.tokens_secret_arn(), utc_now)
_authenticator = Authenticator(_tokens, utc_now)

_publish = PublishSnapshot(
    snapshots=whole_history(DynamoDBSnapshots(_dynamodb, settings.snapshots_table(), _bodies), utc_now),
    blobs=_blobs,
    marks=_marks,
    clock=utc_now,
    offload=OffloadPolicy(settings.offload_enabled(), settings.inline_threshold_entries()),
    retention=settings.retention(),
    exposure=ExposureLimits.parse(settings.gross_exposure_max()),
)
_metered = DynamoDBMeteredWorlds(client("dynamodb brief"), settings.worlds_table(), utc_now, _stages)


@cache
def _uploads() -> "UploadRoutes":
    """Return the handlers of uploads; the first upload loads their code (ADR-0022)."""
    from functions.hub.adapters.s3_uploads import S3Uploads  # noqa: PLC0415
    from functions.hub.use_cases.upload_blobs import UploadBlobs  # noqa: PLC0415
    from functions.snapshot_writer.uploads import UploadRoutes  # noqa: PLC0415

    uploads = S3Uploads(client("s3 copying"), _blobs.bucket)
    return UploadRoutes(UploadBlobs(_blobs, uploads, _marks, utc_now), _authenticator)


lambda_handler = add_upload_routes(snapshot_writer(_publish, _authenticator, _stages, _metered), _uploads)
handler = lambda_handler  # the name in the templates; ADR-0027
