"""Refuse paths whose opening can wait without end: named pipes, devices and sockets."""

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["NotARegularFileError", "errors_name", "require_regular_file"]

KIND_NAMES: Final = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
}


class NotARegularFileError(OSError):
    """A path that names something else than a regular file; `strerror` says what."""

    def __str__(self) -> str:
        """Return the path and the reason."""
        return f"{self.filename} {self.strerror}"


def require_regular_file(path: Path) -> None:
    """Check that a path names a regular file, without opening it.

    Raises:
        NotARegularFileError: it names something else.
        OSError: it names nothing.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = KIND_NAMES.get(stat.S_IFMT(mode), "of an unknown kind")
        raise NotARegularFileError(errno.EINVAL, f"is {kind}, not a regular file", str(path))


@contextmanager
def errors_name(path: Path | str) -> Iterator[None]:
    """Add the path to an error of reading an open file, which the operating system reports without one.

    Raises:
        OSError: with the path.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None
