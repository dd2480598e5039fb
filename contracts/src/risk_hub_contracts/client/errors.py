"""What a client raises: refused before sending, refused by the hub, or not answered at all."""

from collections.abc import Mapping, Sequence
from typing import Any

from risk_hub_contracts.problems import ProblemError, Violation

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
]


class HubError(Exception):
    """Any error of the client.

    Attributes:
        request_id: what the hub logged the request under; None when nothing was sent.
    """

    def __init__(self, message: str, request_id: str | None = None) -> None:
        super().__init__(f"{message} [request {request_id}]" if request_id else message)
        self.request_id = request_id


class InvalidSnapshotError(HubError):
    """The contract refuses it, so it was never sent; `violations` name every fault."""

    def __init__(self, message: str, violations: Sequence[Violation] = ()) -> None:
        super().__init__(message)
        self.violations = tuple(violations)

    @classmethod
    def of(cls, problem: ProblemError) -> "InvalidSnapshotError":
        """Return the error of a problem that the contract found here."""
        return cls(problem.detail, problem.violations)


class RefusedError(HubError):
    """The hub said no (4xx): the same request will be refused again.

    Attributes:
        status: the HTTP status.
        problem: the hub's problem document (RFC 9457); empty when the answer was none.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], request_id: str) -> None:
        title, remedy = problem.get("title", f"HTTP {status}"), problem.get("remedy")
        sentences = [f"{title}: {problem['detail']}" if "detail" in problem else str(title)]
        faults = problem.get("errors")
        sentences += [
            f"  {fault.get('pointer')}: {fault.get('detail')}"
            for fault in (faults if isinstance(faults, list) else ())
            if isinstance(fault, Mapping)
        ]
        sentences += [str(remedy)] if remedy else []
        super().__init__("\n".join(sentences), request_id)
        self.status, self.problem = status, dict(problem)

    @property
    def type(self) -> str:
        """The problem's stable type, as in `urn:risk-hub:problem:version-conflict`."""
        return str(self.problem.get("type", "about:blank"))


class ConflictError(RefusedError):
    """Other content stands under this version (409): publish yours under a new one."""

    @property
    def hashes(self) -> tuple[str | None, str | None]:
        """The content hash that is stored, and the one that was offered."""
        return self.problem.get("stored_hash"), self.problem.get("offered_hash")


class DeniedError(RefusedError):
    """The token is missing, wrong or ended (401), or may not do this (403)."""


class NotFoundError(RefusedError):
    """Nothing matches (404): the problem says whether the world is unknown, empty, or expired."""


class StoreError(HubError):
    """The blob store said no (4xx) to a request that the hub had signed: nothing is known of the snapshot itself.

    Attributes:
        status: the HTTP status.
        code: the store's own code, as in `AccessDenied`; empty where it gave none.
    """

    def __init__(self, status: int, code: str, request_id: str) -> None:
        named = f" {code}" if code else ""
        super().__init__(f"the blob store refuses a signed request (HTTP {status}{named})", request_id)
        self.status, self.code = status, code


class UnavailableError(HubError):
    """No answer within the budget of attempts and seconds: sending the same again later is safe.

    Attributes:
        status: the last HTTP status, or None when there was no answer at all.
        attempts: how often it was tried.
        retry_after_seconds: how long the hub asked to wait, if it did.
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
    """Bytes that are not those of the digest: they are never returned."""


class SpoolError(HubError):
    """What could not be delivered could not be kept either: the caller still holds it, nobody else does."""
