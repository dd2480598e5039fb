"""Lambda entry point of blob_reaper."""

from datetime import timedelta
from typing import Any

from functions.hub import log
from functions.hub.composition import Composition, utc_now

# What a blob's visit may take at worst is left of the function's time.
LAST_VISIT = timedelta(seconds=30)
_reap = Composition().reap_blobs()


def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:  # noqa: ANN401
    """Go over the blobs for as long as this invocation lasts, whoever calls."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    verdicts = dict(_reap(utc_now() + left - LAST_VISIT))
    log.info("visited", verdicts=verdicts)
    return verdicts
