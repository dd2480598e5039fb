"""A small HTTP client for this machine: no proxy, no redirects, problem documents kept."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final

TIMEOUT_SECONDS: Final = 30.0
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Answer:
    """One response with any status."""

    status: int
    headers: Message
    body: bytes

    def document(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the body as JSON."""
        return json.loads(self.body)


def call(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Answer:
    """Send one request and return its answer; only a connection failure raises (`OSError`)."""
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)  # noqa: S310 - our own URL
    try:
        with _OPENER.open(request, timeout=timeout_seconds) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())
