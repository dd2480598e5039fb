"""SnapStart: reset the state that restored copies of one memory image must not share.

That is the state of `random`, with which botocore spreads its retries; copies with one state would all retry
at the same moment. Clock, credentials and tokens are read per request.
"""

import importlib
import random
from contextlib import suppress

RUNTIME_HOOKS = "snapshot_restore_py"


def reseed_random_after_restore() -> None:
    """Reseed `random` in each restored copy through Lambda's runtime; do nothing without that runtime."""
    with suppress(ImportError):
        importlib.import_module(RUNTIME_HOOKS).register_after_restore(random.seed)
