"""HTTP transport of the blocking client, built from public parts of `httpx2` and `httpcore2`."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpcore2
import httpx2

from risk_hub_client.connections import DeadlineBackend
from risk_hub_client.log_redaction import redact_signed_query
from risk_hub_client.proxies import environment_mounts
from risk_hub_client.settings import Settings
from risk_hub_client.transport import client_options

__all__ = ["ERRORS", "DeadlineTransport", "blocking_client"]

# The limits of the HTTP library's own transports.
CONNECTIONS_MAX: Final = 100
IDLE_CONNECTIONS_MAX: Final = 20
IDLE_MAX_SECONDS: Final = 5.0
# The errors of the connection pool, and those that the HTTP library raises for them.
ERRORS: Final[dict[type[Exception], type[httpx2.TransportError]]] = {
    httpcore2.TimeoutException: httpx2.TimeoutException,
    httpcore2.ConnectTimeout: httpx2.ConnectTimeout,
    httpcore2.ReadTimeout: httpx2.ReadTimeout,
    httpcore2.WriteTimeout: httpx2.WriteTimeout,
    httpcore2.PoolTimeout: httpx2.PoolTimeout,
    httpcore2.NetworkError: httpx2.NetworkError,
    httpcore2.ConnectError: httpx2.ConnectError,
    httpcore2.ReadError: httpx2.ReadError,
    httpcore2.WriteError: httpx2.WriteError,
    httpcore2.ProxyError: httpx2.ProxyError,
    httpcore2.UnsupportedProtocol: httpx2.UnsupportedProtocol,
    httpcore2.ProtocolError: httpx2.ProtocolError,
    httpcore2.LocalProtocolError: httpx2.LocalProtocolError,
    httpcore2.RemoteProtocolError: httpx2.RemoteProtocolError,
}


def blocking_client(settings: Settings) -> httpx2.Client:
    """Return an HTTP client whose requests obey `request_deadline`, directly and through the environment's proxies.

    Raises:
        ValueError: a proxy's URL is invalid.
    """
    options = client_options(settings)
    trust_env = options["trust_env"]
    context = httpx2.create_ssl_context(trust_env=trust_env)
    return httpx2.Client(
        **options,
        transport=DeadlineTransport(context),
        mounts=environment_mounts(lambda proxy: DeadlineTransport(context, proxy), trust_env=trust_env),
    )


class DeadlineTransport(httpx2.BaseTransport):
    """A transport whose connections, direct or through a proxy, obey `request_deadline`."""

    def __init__(self, ssl_context: ssl.SSLContext, proxy: httpx2.Proxy | None = None) -> None:
        self._pool = _connection_pool(ssl_context, proxy)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; the body of the response is read from its stream."""
        try:
            with _httpx_errors():
                response = self._pool.handle_request(_pool_request(request))
        finally:
            redact_signed_query(request)
        return httpx2.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    """The body of a response, whose errors are those of the HTTP library."""

    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


def _connection_pool(ssl_context: ssl.SSLContext, proxy: httpx2.Proxy | None) -> httpcore2.ConnectionPool:
    options: dict[str, Any] = {
        "ssl_context": ssl_context,
        "max_connections": CONNECTIONS_MAX,
        "max_keepalive_connections": IDLE_CONNECTIONS_MAX,
        "keepalive_expiry": IDLE_MAX_SECONDS,
        "network_backend": DeadlineBackend(),
    }
    if proxy is None:
        return httpcore2.ConnectionPool(**options)
    options |= {"proxy_url": _pool_url(proxy.url), "proxy_auth": proxy.raw_auth}
    if proxy.url.scheme.startswith("socks5"):
        return httpcore2.SOCKSProxy(**options)
    return httpcore2.HTTPProxy(**options)


def _pool_request(request: httpx2.Request) -> httpcore2.Request:
    return httpcore2.Request(
        request.method,
        _pool_url(request.url),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


def _pool_url(url: httpx2.URL) -> httpcore2.URL:
    return httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Raise the errors of the connection pool as those of the HTTP library."""
    try:
        yield
    except tuple(ERRORS) as error:
        kind = next(ERRORS[base] for base in type(error).__mro__ if base in ERRORS)
        raise kind(str(error)) from error
