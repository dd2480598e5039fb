"""Exceptions of the client: refused before sending, refused by the hub, or unavailable."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from risk_hub_contracts.base.limits import VIOLATIONS_MAX_COUNT
from risk_hub_contracts.base.problems import ProblemError, Violation

__all__ = [
    "ConflictError",
    "DamagedBlobError",
    "DeniedError",
    "HubError",
    "InvalidSnapshotError",
    "NotFoundError",
    "RefusedError",
    "SpoolError",
    "StoreError",
    "UnavailableError",
    "WorldFullError",
]


class HubError(Exception):
    """Any error of the client.

    Attributes:
        request_id: the id of the request in the hub's log; None when nothing was sent.
    """

    def __init__(self, message: str, request_id: str | None = None) -> None:
        super().__init__(f"{message} [request {request_id}]" if request_id else message)
        self.request_id = request_id


class InvalidSnapshotError(HubError):
    """The snapshot violates the contract and was not sent.

    Attributes:
        violations: every violation found.
        file: the file that holds the violations, if they were read from one.
    """

    def __init__(
        self, message: str, violations: Sequence[Violation] = (), *, file: Path | None = None
    ) -> None:
        lines = [message if file is None else f"{file}: {message}", *_further_lines(message, violations)]
        super().__init__("\n".join(lines))
        self._message = message
        self.violations = tuple(violations)
        self.file = file

    def in_file(self, file: Path) -> "InvalidSnapshotError":
        """Return the error with the name of the file, unless it already names one."""
        return self if self.file else InvalidSnapshotError(self._message, self.violations, file=file)

    @classmethod
    def of(cls, problem: ProblemError) -> "InvalidSnapshotError":
        """Build the error from a problem that the contract found locally."""
        return cls(problem.detail, problem.violations)


def _further_lines(message: str, violations: Sequence[Violation]) -> list[str]:
    """Return a line for each of the first violations that the message does not contain."""
    lines = [f"{violation.pointer}: {violation.detail}" for violation in violations[:VIOLATIONS_MAX_COUNT]]
    return [f"  {line}" for line in lines[1:] if line not in message]


class RefusedError(HubError):
    """The hub rejected the request (4xx or 507): the same request will be rejected again.

    Attributes:
        status: the HTTP status.
        problem: the hub's problem document (RFC 9457); empty when the answer had none.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], request_id: str) -> None:
        title, remedy = problem.get("title", f"HTTP {status}"), problem.get("remedy")
        sentences = [f"{title}: {problem['detail']}" if "detail" in problem else str(title)]
        sentences += _violation_lines(problem.get("errors"), sentences[0])
        sentences += [str(remedy)] if remedy else []
        super().__init__("\n".join(sentences), request_id)
        self.status, self.problem = status, dict(problem)

    @property
    def type(self) -> str:
        """The problem's stable type, as in `urn:risk-hub:problem:version-conflict`."""
        return str(self.problem.get("type", "about:blank"))


def _violation_lines(violations: object, headline: str) -> list[str]:
    """Return a line for each violation that the preceding text does not contain."""
    lines = [
        f"{violation.get('pointer')}: {violation.get('detail')}"
        for violation in (violations if isinstance(violations, list) else ())
        if isinstance(violation, Mapping)
    ]
    return [f"  {line}" for line in lines if line not in headline]


class ConflictError(RefusedError):
    """The version is stored with other content (409): publish yours under a new version."""

    @property
    def hashes(self) -> tuple[str | None, str | None]:
        """The stored content hash and the offered one."""
        return self.problem.get("stored_hash"), self.problem.get("offered_hash")


class DeniedError(RefusedError):
    """The token is missing, wrong or expired (401), or lacks the permission (403)."""


class NotFoundError(RefusedError):
    """Nothing matches (404): the problem says whether the world is unknown, empty, or expired."""


class WorldFullError(RefusedError):
    """The world has no space for a further snapshot (507): an operator must free space. Nothing was stored or spooled."""


class StoreError(HubError):
    """The blob store rejected (4xx) a request that the hub signed; the hub did not check the snapshot.

    Attributes:
        status: the HTTP status.
        code: the store's own code, such as `AccessDenied`; empty if it gave none.
    """

    def __init__(self, status: int, code: str, request_id: str) -> None:
        named = f" {code}" if code else ""
        super().__init__(f"the blob store rejected a signed request (HTTP {status}{named})", request_id)
        self.status, self.code = status, code


class UnavailableError(HubError):
    """No answer within the budget of attempts and seconds; sending the same again later is safe.

    Attributes:
        status: the last HTTP status; None if no answer arrived.
        attempts: the number of attempts made.
        retry_after_seconds: the wait that the hub asked for, if any.
    """

    def __init__(
        self,
        reason: str,
        request_id: str,
        *,
        status: int | None = None,
        attempts: int = 1,
        retry_after_seconds: float | None = None,
    ) -> None:
        tried = f"{attempts} attempt{'s' if attempts > 1 else ''}"
        super().__init__(f"the hub did not answer ({reason}; {tried})", request_id)
        self.reason, self.status, self.attempts = reason, status, attempts
        self.retry_after_seconds = retry_after_seconds


class DamagedBlobError(HubError):
    """The bytes received do not match the digest; they are never returned."""


class SpoolError(HubError):
    """An undelivered snapshot could not be stored in the spool; only the caller still holds it."""
