"""Listening sockets on the loopback interface, bound before anything is started."""

import contextlib
import errno
import socket

from infra.errors import LocalStageError
from infra.local.settings import ANY_FREE_PORT, HOST

LISTEN_BACKLOG = 100
PROBE_TIMEOUT_SECONDS = 1.0


def listen(port: int, variable: str) -> socket.socket:
    """Return a socket that listens on 127.0.0.1; port 0 selects any free port.

    Args:
        port: TCP port, or 0.
        variable: The setting that selects another port.

    Raises:
        LocalStageError: the port is in use, or this user may not bind it.
    """
    if port != ANY_FREE_PORT and _is_in_use(port):
        raise LocalStageError(_port_in_use_message(port, variable))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise LocalStageError(_port_in_use_message(port, variable)) from error
        raise LocalStageError(
            f"Port {port} cannot be opened ({error.strerror}). Choose another with {variable}."
        ) from error
    listener.listen(LISTEN_BACKLOG)
    return listener


def port_of(listener: socket.socket) -> int:
    """Return the port a socket is bound to."""
    return int(listener.getsockname()[1])


def _is_in_use(port: int) -> bool:
    # bind() does not always fail if a program listens on all interfaces.
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=PROBE_TIMEOUT_SECONDS):
        return True
    return False


def _port_in_use_message(port: int, variable: str) -> str:
    return (
        f"Port {port} is used by another program. "
        f"Stop that program, or choose another port: {variable}=8800 make up"
    )
