"""The process of a function: its clock, its garbage collector, and its random state after a restore.

`utc_now` is the only clock of the deployed code. A test replaces it here, before it imports a handler.
"""

import gc
import importlib
import random
from contextlib import suppress
from datetime import UTC, datetime

COLLECT_AFTER_ALLOCATIONS = 100_000
RESTORE_HOOKS = "snapshot_restore_py"


def utc_now() -> datetime:
    """Return the hub's own time."""
    return datetime.now(UTC)


def prepare_process() -> None:
    """Set up the process; a handler calls this before it imports anything else.

    Objects made by imports stay alive: collecting garbage among them took a tenth of a cold start's time. The
    high threshold stays in force: reference counting frees the objects of a request without the collector.
    """
    gc.set_threshold(COLLECT_AFTER_ALLOCATIONS)
    _reseed_random_after_restore()


def _reseed_random_after_restore() -> None:
    """Reseed `random` in each process that SnapStart restores; do nothing without Lambda's runtime.

    botocore spreads its retries with `random`: restored copies with the same state would all retry at the same
    moment. Clock, credentials and tokens are read per request.
    """
    with suppress(ImportError):
        importlib.import_module(RESTORE_HOOKS).register_after_restore(random.seed)
