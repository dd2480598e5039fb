"""Listening sockets on the loopback interface, bound before anything is started."""

import contextlib
import errno
import socket

from infra.local.errors import StageError
from infra.local.settings import ANY_FREE_PORT, HOST

LISTEN_BACKLOG = 100
PROBE_TIMEOUT_SECONDS = 1.0


def listen(port: int, variable: str) -> socket.socket:
    """Return a socket that listens on 127.0.0.1; port 0 selects any free port.

    Args:
        port: TCP port, or 0.
        variable: The setting that selects another port.

    Raises:
        StageError: the port is in use, or this user may not bind it.
    """
    if port != ANY_FREE_PORT and _answers(port):
        raise StageError(_occupied(port, variable))
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((HOST, port))
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            raise StageError(_occupied(port, variable)) from error
        raise StageError(
            f"Port {port} cannot be opened ({error.strerror}). Choose another with {variable}."
        ) from error
    opened.listen(LISTEN_BACKLOG)
    return opened


def port_of(opened: socket.socket) -> int:
    """Return the port a socket is bound to."""
    return int(opened.getsockname()[1])


def _answers(port: int) -> bool:
    # bind() does not always fail if a program listens on all interfaces.
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=PROBE_TIMEOUT_SECONDS):
        return True
    return False


def _occupied(port: int, variable: str) -> str:
    return (
        f"Port {port} is taken by another program. "
        f"Stop that program, or choose another port: {variable}=8800 make up"
    )
