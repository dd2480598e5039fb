"""Connections of the blocking client: every connection, read and write obeys `request_deadline`.

The connection pool of `httpcore2` takes them by its public parameter `network_backend`.
"""

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

from risk_hub_client.deadlines import capped_timeout

__all__ = ["DeadlineBackend"]


class DeadlineBackend(httpcore2.NetworkBackend):
    """A backend that opens deadline-aware connections."""

    def __init__(self) -> None:
        self._backend = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> "DeadlineStream":
        """Open a connection."""
        allowed = capped_timeout(timeout, httpcore2.ConnectTimeout)
        return DeadlineStream(self._backend.connect_tcp(host, port, allowed, local_address, socket_options))


class DeadlineStream(httpcore2.NetworkStream):
    """A connection whose reads and writes end at the request's deadline."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read the next bytes, at most `max_bytes`."""
        return self._stream.read(max_bytes, capped_timeout(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all bytes."""
        self._stream.write(buffer, capped_timeout(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "DeadlineStream":
        """Encrypt the connection."""
        allowed = capped_timeout(timeout, httpcore2.ConnectTimeout)
        return DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, allowed))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as the base class declares it
        """Return a property of the connection, such as whether it is readable."""
        return self._stream.get_extra_info(info)
