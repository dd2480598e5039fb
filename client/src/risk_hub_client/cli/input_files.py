"""Text that a command reads: from a regular file, from standard input, or from a pipe of the shell."""

import errno
import os
import re
import stat
import sys
from pathlib import Path
from typing import BinaryIO, Final

import typer

from risk_hub_client.regular_files import errors_name, require_regular_file

__all__ = ["FILE_MAX_BYTES", "STDIN", "check_input_exists", "check_inputs_exist", "input_name", "read_input"]

STDIN: Final = Path("-")
# The shell's process substitution, `<(command)`, names an open pipe like this.
OPEN_DESCRIPTOR: Final = re.compile(r"/dev/stdin|/(?:dev|proc/self)/fd/([0-9]{1,9})")
# A file may contain its large components, which are removed from the body before it is sent.
FILE_MAX_BYTES: Final = 2**31
STREAM_MAX_BYTES: Final = 268_435_456


def check_input_exists(path: Path) -> Path:
    """Return the argument of a command, or refuse a path that names no file; Typer would refuse `-` too."""
    if path != STDIN and not path.exists():
        raise typer.BadParameter(f"file {str(path)!r} does not exist.")
    if path.is_dir():
        raise typer.BadParameter(f"file {str(path)!r} is a directory.")
    return path


def check_inputs_exist(paths: list[Path]) -> list[Path]:
    """Return the arguments of a command after checking each."""
    return [check_input_exists(path) for path in paths]


def read_input(path: Path) -> bytes:
    """Return the whole text of a file of at most `FILE_MAX_BYTES`, or a stream of at most `STREAM_MAX_BYTES`.

    A stream is read until its end.

    Raises:
        NotARegularFileError: the path names a named pipe, a device, a socket or a folder.
        OSError: it cannot be read, or is longer; it names the file.
    """
    with errors_name(input_name(path)):
        return _read(path)


def _read(path: Path) -> bytes:
    if path == STDIN:
        if sys.stdin is None:  # closed by the shell: `<&-`
            raise OSError(errno.EBADF, "it is closed")
        return _read_stream(sys.stdin.buffer)
    descriptor = OPEN_DESCRIPTOR.fullmatch(str(path))
    if descriptor is not None and stat.S_ISFIFO(path.stat().st_mode):
        with os.fdopen(os.dup(int(descriptor[1] or 0)), "rb") as stream:
            return _read_stream(stream)
    require_regular_file(path)
    _check_size(path.stat().st_size, FILE_MAX_BYTES)
    return path.read_bytes()


def input_name(path: Path) -> Path:
    """Return the name of an input in messages."""
    return Path("stdin") if path == STDIN else path


def _read_stream(stream: BinaryIO) -> bytes:
    text = stream.read(STREAM_MAX_BYTES + 1)
    _check_size(len(text), STREAM_MAX_BYTES)
    return text


def _check_size(size_bytes: int, max_bytes: int) -> None:
    if size_bytes > max_bytes:
        raise OSError(errno.EFBIG, f"it has more than {max_bytes:,} bytes")
