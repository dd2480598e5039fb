"""What copies of one memory image must not share once they are restored (SnapStart): the state of `random`.

botocore spreads its retries by it; copies of one state would all come back at the same moment. Nothing else is
remembered: clock, credentials and tokens are asked for when a request is there.
"""

import importlib
import random
from contextlib import suppress

RUNTIME_HOOKS = "snapshot_restore_py"


def throw_new_dice_after_restore() -> None:
    """Ask Lambda's runtime to seed `random` anew in each restored copy; where there is no such runtime, do nothing."""
    with suppress(ImportError):
        importlib.import_module(RUNTIME_HOOKS).register_after_restore(random.seed)
