"""Folder locks, exclusive among threads, tasks and processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

try:
    import fcntl
except (
    ImportError
):  # pragma: no cover - where files have no such locks, a folder is for one process and one thread
    fcntl = None  # type: ignore[assignment]

__all__ = ["FILE_MODE", "FOLDER_MODE", "folder_lock", "try_lock", "unlock"]

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700


@contextmanager
def folder_lock(file: Path) -> Iterator[None]:
    """Hold the lock for the block; the block must not send a request.

    Raises:
        OSError: the file cannot be created.
    """
    handle = _open(file)
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        unlock(handle)


def try_lock(file: Path) -> int | None:
    """Take the lock without waiting; return the handle for `unlock`, or None if it is held.

    Each call opens the file again, so that the lock also excludes other threads of this process.

    Raises:
        OSError: the file cannot be created.
    """
    handle = _open(file)
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        os.close(handle)
        raise
    return handle


def unlock(handle: int) -> None:
    """Release the lock by closing its file."""
    os.close(handle)


def _open(file: Path) -> int:
    file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return os.open(file, os.O_RDWR | os.O_CREAT, FILE_MODE)
