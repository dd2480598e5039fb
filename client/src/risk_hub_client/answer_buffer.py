"""Collect the bytes of an answer, and return the answer or raise the error of its status."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from risk_hub_client.errors import (
    ConflictError,
    DamagedBlobError,
    DeniedError,
    HubError,
    NotFoundError,
    RefusedError,
    StoreError,
    WorldFullError,
)
from risk_hub_client.wire import Answer, Call, TransientError
from risk_hub_contracts.base.problems import WORLD_FULL

__all__ = ["AnswerBuffer"]

REQUEST_ID: Final = "x-correlation-id"
EDGE_REQUEST_ID: Final = "x-amzn-requestid"
STORE_REQUEST_ID: Final = "x-amz-request-id"
LENGTH_MAX_CHARS: Final = 18
SERVER_ERROR: Final = 500
TOO_MANY_REQUESTS: Final = 429
REQUEST_TIMEOUT: Final = 408
CONFLICT: Final = 409
# Error codes of the store that a retry may resolve: concurrent requests, or bytes that arrived too slowly.
_TRANSIENT_STORE_CODES: Final = frozenset(
    {"ConditionalRequestConflict", "OperationAborted", "RequestTimeout"}
)
_STORE_CODE: Final = re.compile(rb"<Code>([A-Za-z.]{1,60})</Code>")
_ERRORS: Final[dict[int, type[RefusedError]]] = {
    401: DeniedError,
    403: DeniedError,
    404: NotFoundError,
    409: ConflictError,
}


class AnswerBuffer:
    """A buffer for one answer's bytes; a blob of known size is never held twice."""

    def __init__(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        self._call, self._status = call, status
        self._headers = {name.lower(): value for name, value in headers.items()}
        self._body = bytearray()
        if not 0 <= self._content_length() <= call.max_bytes:
            raise self._too_long()

    def add(self, chunk: bytes) -> None:
        """Append the next bytes."""
        if len(self._body) + len(chunk) > self._call.max_bytes:
            raise self._too_long()
        self._body += chunk

    def answer(self, now: datetime) -> Answer:
        """Return the complete answer, or raise the error of its status.

        Raises:
            TransientError: 408, 429 or 5xx; a web page instead of the hub's answer; a transient store error.
            WorldFullError: the hub's problem `world-full`; a 507 of an intermediary is transient.
            RefusedError: any other status that is not an answer of the hub to this call.
            StoreError: any other status that is not an answer of the store.
        """
        answer = Answer(self._status, self._headers, self._body, self._request_id())
        if self._status in self._call.accepted_statuses:
            return self._reject_web_page(answer)
        if self._is_world_full(answer):
            raise WorldFullError(self._status, _problem(answer), answer.request_id)
        if self._status >= SERVER_ERROR or self._status in {TOO_MANY_REQUESTS, REQUEST_TIMEOUT}:
            reason = f"HTTP {self._status} {_problem(answer).get('detail', '')}".rstrip()
            raise TransientError(reason, answer.request_id, self._status, _retry_after(answer, now))
        if not self._call.to_hub:
            raise _store_error(answer)
        raise _ERRORS.get(self._status, RefusedError)(self._status, _problem(answer), answer.request_id)

    def _is_world_full(self, answer: Answer) -> bool:
        is_hubs = self._call.to_hub and self._status == WORLD_FULL.status
        return is_hubs and _problem(answer).get("type") == WORLD_FULL.uri

    def _reject_web_page(self, answer: Answer) -> Answer:
        """Reject an intermediary's web page as transient: a sign-in page disappears after a sign-in."""
        if self._call.to_hub and self._headers.get("content-type", "").startswith("text/html"):
            reason = "the answer is a web page; is this the hub's URL?"
            raise TransientError(reason, answer.request_id, self._status)
        return answer

    def _request_id(self) -> str:
        names = (REQUEST_ID, EDGE_REQUEST_ID) if self._call.to_hub else (STORE_REQUEST_ID,)
        request_ids = (self._headers[name] for name in names if self._headers.get(name))
        return next(request_ids, self._call.request_id)

    def _content_length(self) -> int:
        text = self._headers.get("content-length", "0")
        return int(text) if text.isdecimal() and len(text) <= LENGTH_MAX_CHARS else 0

    def _too_long(self) -> HubError:
        message = f"the answer is longer than the {self._call.max_bytes} bytes that were expected"
        return DamagedBlobError(message, self._call.request_id)


def _store_error(answer: Answer) -> Exception:
    """Return the error of a 4xx of the store: it answers in XML, and its statuses differ from the hub's."""
    found = _STORE_CODE.search(answer.body[:4096])
    code = found[1].decode() if found else ""
    if code in _TRANSIENT_STORE_CODES or (answer.status == CONFLICT and not code):
        return TransientError(
            f"the blob store: HTTP {answer.status} {code}".rstrip(), answer.request_id, answer.status
        )
    return StoreError(answer.status, code, answer.request_id)


def _problem(answer: Answer) -> dict[str, Any]:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _retry_after(answer: Answer, now: datetime) -> float | None:
    """Read Retry-After: seconds, or an HTTP date relative to the answer's own Date if it has one."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        wanted = parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return max((wanted - (answer.date or now)).total_seconds(), 0.0)
