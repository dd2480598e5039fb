"""Lambda entry point of blob_reaper."""

from datetime import timedelta
from typing import Any

from functions.telemetry import log
from functions.wiring.composition import Composition, utc_now

# Reserve of the function's time for the longest visit of one blob.
LAST_VISIT_RESERVE = timedelta(seconds=30)
_reap = Composition().reap_blobs()


def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:  # noqa: ANN401
    """Visit the blobs until this invocation's time is used; the event is ignored."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    verdicts = dict(_reap(utc_now() + left - LAST_VISIT_RESERVE))
    log.info("visited", verdicts=verdicts)
    return verdicts
