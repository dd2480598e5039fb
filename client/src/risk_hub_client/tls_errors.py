"""Plain sentences for a connection whose two sides do not agree on TLS, or whose certificate is refused."""

import ssl
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import httpx2

from risk_hub_client.settings import LOOPBACK

__all__ = ["certificate_reason", "plain_http_hint", "protocol_mismatch"]

# OpenSSL's reasons for bytes that are not a TLS record.
_NO_TLS_REASONS: Final = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "UNKNOWN_PROTOCOL",
        "HTTP_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
    }
)
# The HTTP library's message for an answer whose first byte is a control character, such as a TLS alert.
_BINARY_ANSWER: Final = "illegal request line"


def protocol_mismatch(error: Exception, url: str) -> str | None:
    """Return a sentence if one side of the connection uses TLS and the other does not; None otherwise."""
    address, is_local = _address(url)
    if any(reason in _NO_TLS_REASONS for reason in _ssl_reasons(error)):
        remedy = f"use http://{address}" if is_local else "correct the host and the port of the URL"
        other = "" if is_local else ", or the proxy to it,"
        return f"the server at {address}{other} does not speak TLS; {remedy}"
    if isinstance(error, httpx2.RemoteProtocolError) and _BINARY_ANSWER in str(error):
        return f"the server at {address} does not answer in HTTP/1.1; if it speaks TLS, use https://{address}"
    return None


def certificate_reason(error: Exception, url: str) -> str | None:
    """Return a sentence if the certificate of the server is refused; None otherwise."""
    for each in _causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return (
                f"the certificate of the server at {_address(url)[0]} is not accepted ({each.verify_message}); "
                "correct the URL or the certificate, or name its authority in SSL_CERT_FILE"
            )
    return None


def plain_http_hint(error: Exception, url: str) -> str:
    """Return a hint for an http URL whose server ended the connection without an answer: TLS servers do so."""
    is_ended = isinstance(error, httpx2.ReadError | httpx2.RemoteProtocolError)
    if is_ended and urlsplit(url).scheme == "http":
        return f"; if the server speaks TLS, use https://{_address(url)[0]}"
    return ""


def _address(url: str) -> tuple[str, bool]:
    """Return host and port of a URL, and whether no proxy is used because the host is this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{f'[{host}]' if ':' in host else host}:{port}", host in LOOPBACK


def _ssl_reasons(error: Exception) -> Iterator[str]:
    return (str(each.reason) for each in _causes(error) if isinstance(each, ssl.SSLError))


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
