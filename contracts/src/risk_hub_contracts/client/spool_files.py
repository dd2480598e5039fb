"""Files that are there whole or not at all, and still there after the machine was switched off."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from risk_hub_contracts.client.locks import FILE_MODE, FOLDER_MODE
from risk_hub_contracts.client.wire import Chunk

__all__ = ["move", "write"]

UNFINISHED: Final = ".part"


def write(file: Path, chunks: Iterable[Chunk]) -> None:
    """Write a file that only its owner reads.

    Raises:
        OSError: it is not there; nothing of it is.
    """
    file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + UNFINISHED)
    try:
        opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with os.fdopen(opened, "wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
        _settle(file.parent)
    except BaseException:
        for left in (unfinished, file):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        raise


def move(file: Path, target: Path) -> None:
    """Move a file within its disk, which takes no room.

    Raises:
        OSError: it is where it was.
    """
    target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    file.replace(target)


def _settle(folder: Path) -> None:
    """Make the names in a folder last, where folders can be opened."""
    if hasattr(os, "O_DIRECTORY"):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
