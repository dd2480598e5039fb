"""Log redaction of signed requests: the query string grants access to the blob store.

The HTTP library logs a request's URL after the transport returns, so the transports remove the query string from
requests that are marked as signed. No logger is changed.
"""

from typing import Any, Final

import httpx2

__all__ = ["RedactingAsyncTransport", "mark_signed", "redact_signed_query"]

SIGNED: Final = "risk_hub_signed"


def mark_signed(*, signed: bool) -> dict[str, Any]:
    """Return the request extensions that mark a request as signed or not."""
    return {SIGNED: signed}


def redact_signed_query(request: httpx2.Request) -> None:
    """Remove the query string of a signed request that was sent."""
    if request.extensions.get(SIGNED):
        request.url = request.url.copy_with(query=None)


class RedactingAsyncTransport(httpx2.AsyncHTTPTransport):
    """A transport of the HTTP library after which a signed request has no query string."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request."""
        try:
            return await super().handle_async_request(request)
        finally:
            redact_signed_query(request)
