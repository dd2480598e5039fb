"""Requests and answers without I/O: what to send, and how to read the answer."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

from risk_hub_client.errors import HubError, UnavailableError
from risk_hub_contracts.base.problems import ProblemError

__all__ = ["PAUSED", "Answer", "Call", "Chunk", "Pause", "TransientError", "new_request_id"]

ANSWER_MAX_BYTES: Final = 33_554_432
# Exceptions raised while reading an answer of another shape.
_SHAPE_ERRORS: Final = (LookupError, TypeError, ValueError, AttributeError, OverflowError, ProblemError)
Chunk = bytes | bytearray | memoryview
Read = TypeVar("Read")


def new_request_id() -> str:
    """Return an id for one request, shared by all its attempts."""
    return f"client-{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to the hub or to its blob store.

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

    def final_error(self, attempts: int, last_answer: "TransientError | None" = None) -> UnavailableError:
        """Return the error to raise after the last attempt; it names the last answer of an earlier attempt."""
        earlier = None if last_answer is self else last_answer
        reason = self.reason if earlier is None else f"{self.reason}; the last answer: {earlier.reason}"
        return UnavailableError(
            reason,
            self.request_id,
            status=self.status if earlier is None else earlier.status,
            attempts=attempts,
            retry_after_seconds=self.retry_after_seconds,
        )


def _mapping(document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    if not isinstance(document, dict):
        raise TypeError("no object")
    return document
