"""HTTP calls of tests to a listening hub: every answer of the hub is validated against its declaration."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from infra.local import http_call
from infra.local.http_call import Answer
from risk_hub_contracts.api.routes import ROOT
from tests.fakes.answer_validation import Exchange, validate_exchange

__all__ = ["Answer", "call"]

HUB_PATH: Final = f"{ROOT}/"
# Headers that API Gateway adds to every response: ids of the request and of its trace.
GATEWAY_HEADER_PREFIX: Final = "x-amz"


def call(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_seconds: float = http_call.TIMEOUT_SECONDS,
) -> Answer:
    """Send one request; validate the answer where the hub gave it, not its blob store.

    Raises:
        UndeclaredAnswerError: the hub's answer is not as its API description declares it.
        OSError: the connection broke.
    """
    answer = http_call.call(method, url, headers, body, timeout_seconds)
    path = urlsplit(url).path
    if path.startswith(HUB_PATH):
        headers = {name.lower(): value for name, value in answer.headers.items()}
        found = {name: value for name, value in headers.items() if not name.startswith(GATEWAY_HEADER_PREFIX)}
        validate_exchange(Exchange(method, path, answer.status, found, answer.body.decode()))
    return answer
