"""Count errors of blobs and of the blob store."""

from functions.hub.ports import BlobError, Dependency, DependencyUnavailableError, DocumentError
from functions.telemetry.metrics import write
from risk_hub_contracts.base.metrics import BLOB_ERRORS, REASON, BlobErrorReason


def count_blob_error(error: BaseException) -> None:
    """Count an error of a blob, of a large document or of the blob store; ignore any other."""
    fault = _blob_error_reason(error)
    if fault is not None:
        write([(BLOB_ERRORS, 1)], {REASON: fault})


def _blob_error_reason(error: BaseException) -> BlobErrorReason | None:
    if isinstance(error, BlobError | DocumentError):
        return "unusable"
    if isinstance(error, DependencyUnavailableError) and error.dependency == Dependency.BLOB_STORE:
        return "unavailable"
    return None
