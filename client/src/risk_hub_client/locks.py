"""Folder locks, exclusive among threads, tasks and processes; the operating system releases them after a crash.

`filelock` locks the descriptor. Its `FileLock` is not used: by default it falls back to a lock that outlives a crash.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import lock_descriptor

__all__ = ["FILE_MODE", "FOLDER_MODE", "folder_lock", "try_lock", "unlock"]

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
# A lock is held for a few file operations.
POLL_SECONDS: Final = 0.005


@contextmanager
def folder_lock(file: Path) -> Iterator[None]:
    """Hold the lock for the block; the block must not send a request.

    Raises:
        OSError: the file cannot be created or locked.
    """
    handle = _open(file)
    try:
        lock_descriptor(handle, poll_interval=POLL_SECONDS)
        yield
    finally:
        unlock(handle)


def try_lock(file: Path) -> int | None:
    """Take the lock without waiting; return the handle for `unlock`, or None if it is held.

    Each call opens the file again, so that the lock also excludes other threads of this process.

    Raises:
        OSError: the file cannot be created or locked.
    """
    handle = _open(file)
    try:
        locked = lock_descriptor(handle, blocking=False)
    except OSError:
        unlock(handle)
        raise
    if not locked:
        unlock(handle)
        return None
    return handle


def unlock(handle: int) -> None:
    """Release the lock by closing its file."""
    os.close(handle)


def _open(file: Path) -> int:
    file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return os.open(file, os.O_RDWR | os.O_CREAT, FILE_MODE)
