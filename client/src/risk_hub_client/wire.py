"""Requests and answers without I/O: what to send, how to read the answer, and the meaning of each status."""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

from risk_hub_client.errors import (
    ConflictError,
    DamagedBlobError,
    DeniedError,
    HubError,
    NotFoundError,
    RefusedError,
    StoreError,
    UnavailableError,
    WorldFullError,
)
from risk_hub_contracts.base.problems import WORLD_FULL, ProblemError

__all__ = ["PAUSED", "Answer", "AnswerBuffer", "Call", "Chunk", "Pause", "TransientError", "new_request_id"]

REQUEST_ID: Final = "x-correlation-id"
EDGE_REQUEST_ID: Final = "x-amzn-requestid"
STORE_REQUEST_ID: Final = "x-amz-request-id"
ANSWER_MAX_BYTES: Final = 33_554_432
LENGTH_MAX_CHARS: Final = 18
SERVER_ERROR: Final = 500
TOO_MANY_REQUESTS: Final = 429
REQUEST_TIMEOUT: Final = 408
CONFLICT: Final = 409
# Error codes of the store that a retry may resolve: concurrent requests, or bytes that arrived too slowly.
_STORE_TRANSIENT: Final = frozenset({"ConditionalRequestConflict", "OperationAborted", "RequestTimeout"})
_STORE_CODE: Final = re.compile(rb"<Code>([A-Za-z.]{1,60})</Code>")
# Exceptions raised while reading an answer of another shape.
_SHAPE_ERRORS: Final = (LookupError, TypeError, ValueError, AttributeError, OverflowError, ProblemError)
_ERRORS: Final[dict[int, type[RefusedError]]] = {
    401: DeniedError,
    403: DeniedError,
    404: NotFoundError,
    409: ConflictError,
}
Chunk = bytes | bytearray | memoryview
Read = TypeVar("Read")


def new_request_id() -> str:
    """Return an id for one request, shared by all its attempts."""
    return f"client-{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        method: the HTTP method.
        url: a path of the hub, or a complete signed URL of the blob store, which never receives the token.
        headers: additional headers.
        params: the query parameters; those with the value None are left out.
        body: the bytes, or a factory of chunks that is called once per attempt.
        accepted_statuses: the statuses that count as an answer; every other status is an error.
        max_bytes: the longest answer that is read.
        size_bytes: the size of the blob sent or received; it extends the time budget.
        request_id: the request's id in every log and error.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str | None] = field(default_factory=dict)
    body: bytes | Callable[[], Iterator[Chunk]] | None = None
    accepted_statuses: frozenset[int] = frozenset({200})
    max_bytes: int = ANSWER_MAX_BYTES
    size_bytes: int = 0
    request_id: str = field(default_factory=new_request_id)

    @property
    def to_hub(self) -> bool:
        """True if the call goes to the hub, and so carries the token."""
        return self.url.startswith("/")

    def query(self) -> dict[str, str]:
        """Return the parameters that have a value."""
        return {name: value for name, value in self.params.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Answer:
    """A completely read answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytearray
    request_id: str

    def document(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the body as JSON.

        Raises:
            HubError: the body is not JSON, so the answer is not the hub's.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise HubError("the answer is not JSON; is this the hub's URL?", self.request_id) from None

    def read(self, parse: Callable[[Any], Read]) -> Read:
        """Return the result of `parse` for the body's JSON.

        Raises:
            HubError: the body has another shape, so the answer is not from a hub of this contract.
        """
        document = self.document()
        try:
            return parse(document)
        except _SHAPE_ERRORS as error:
            message = f"the answer does not match the contract ({type(error).__name__}: {error})"
            raise HubError(message, self.request_id) from error

    def mapping(self) -> dict[str, Any]:
        """Return the body's JSON object.

        Raises:
            HubError: the body is not a JSON object.
        """
        return self.read(_mapping)

    @property
    def date(self) -> datetime | None:
        """The responding server's clock, to the second."""
        try:
            return parsedate_to_datetime(self.headers["date"]).astimezone(UTC)
        except (KeyError, ValueError, TypeError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait without a request, during which other work can run."""

    seconds: float


# The answer to a pause.
PAUSED: Final = Answer(0, {}, bytearray(), "")


class TransientError(Exception):
    """An attempt failed in a way that a retry may resolve.

    Attributes:
        retry_after_seconds: the wait that the answer asked for, or None.
        status: the HTTP status, or None without an answer.
        request_id: the id under which the server logged the attempt.
    """

    def __init__(
        self,
        reason: str,
        request_id: str,
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason, self.request_id = reason, request_id
        self.status, self.retry_after_seconds = status, retry_after_seconds

    def final_error(self, attempts: int) -> UnavailableError:
        """Return the error to raise after the last attempt."""
        return UnavailableError(
            self.reason,
            self.request_id,
            status=self.status,
            attempts=attempts,
            retry_after_seconds=self.retry_after_seconds,
        )


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
    if code in _STORE_TRANSIENT or (answer.status == CONFLICT and not code):
        return TransientError(
            f"the blob store: HTTP {answer.status} {code}".rstrip(), answer.request_id, answer.status
        )
    return StoreError(answer.status, code, answer.request_id)


def _mapping(document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    if not isinstance(document, dict):
        raise TypeError("no object")
    return document


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
