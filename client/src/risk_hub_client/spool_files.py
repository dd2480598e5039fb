"""Atomic, durable file writes: a file is complete or absent, also after a power failure."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from risk_hub_client.locks import FILE_MODE, FOLDER_MODE
from risk_hub_client.wire import Chunk

__all__ = ["move", "write"]

UNFINISHED_SUFFIX: Final = ".part"


def write(file: Path, chunks: Iterable[Chunk]) -> None:
    """Write a file that only its owner can read.

    Raises:
        OSError: the write failed; no partial file is left behind.
    """
    file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + UNFINISHED_SUFFIX)
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with os.fdopen(descriptor, "wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
        _fsync_folder(file.parent)
    except BaseException:
        for leftover in (unfinished, file):
            with suppress(OSError):
                leftover.unlink(missing_ok=True)
        raise


def move(file: Path, target: Path) -> None:
    """Move a file within its file system, without needing disk space.

    Raises:
        OSError: the move failed; the file is unchanged.
    """
    target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    file.replace(target)


def _fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the platform can open folders."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
