"""Problem types, violations, and the exception that carries a problem to the router."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from risk_hub_contracts.base.limits import VIOLATIONS_MAX_COUNT

CONTENT_TYPE: Final = "application/problem+json"
_POINTER_SHOWN_CHARS: Final = 256
URI_PREFIX: Final = "urn:risk-hub:problem:"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem: its stable slug, HTTP status, title and remedy."""

    slug: str
    status: int
    title: str
    remedy: str

    @property
    def uri(self) -> str:
        """The `type` member of the problem document."""
        return URI_PREFIX + self.slug


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: an RFC 6901 pointer into the request body (or `/<parameter>`), and what is allowed."""

    pointer: str
    detail: str


def summary(violations: Sequence[Violation], whole: str) -> str:
    """Return one sentence: the first violation, and how many more; `whole` replaces the empty pointer."""
    first = f"{violations[0].pointer[:_POINTER_SHOWN_CHARS] or whole}: {violations[0].detail}"
    more = f" (and {len(violations) - 1} more, see errors)" if len(violations) > 1 else ""
    return f"{first}{more}" + ("" if f"{first}{more}".endswith("?") else ".")


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return the count with its noun: `1 byte`, `0 bytes`; `many` if the plural is not `one` with an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"


class ProblemError(Exception):
    """An answerable error. Raise it anywhere; the router turns it into a problem document.

    Args:
        problem: the problem type, from the registry.
        detail: one sentence about this occurrence.
        violations: every broken rule; answered up to `VIOLATIONS_MAX_COUNT`.
        extra: extension members of the problem document, JSON-ready.
        remedy: the remedy for this occurrence, if the type's remedy does not apply.

    Attributes:
        settled: for a request with `known_at`, whether the answer is final; otherwise None.
    """

    def __init__(
        self,
        problem: ProblemType,
        detail: str,
        violations: Sequence[Violation] = (),
        extra: Mapping[str, Any] | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(f"{problem.slug}: {detail}")
        self.type = problem
        self.detail = detail
        self.violations = tuple(violations)
        self.remedy = remedy or problem.remedy
        self.settled: bool | None = None
        self.extra: Mapping[str, Any] = MappingProxyType(dict(extra or {}))

    def to_problem(self, instance: str | None = None) -> dict[str, Any]:
        """Return the RFC 9457 document, JSON-ready; `instance` is the path or id of this occurrence."""
        listed = self.violations[:VIOLATIONS_MAX_COUNT]
        omitted = len(self.violations) - len(listed)
        document: dict[str, Any] = {
            "type": self.type.uri,
            "title": self.type.title,
            "status": self.type.status,
            "detail": self.detail,
            "remedy": self.remedy,
        }
        if instance is not None:
            document["instance"] = instance
        if listed:
            document["errors"] = [{"pointer": v.pointer, "detail": v.detail} for v in listed]
        if omitted:
            document["errors_omitted"] = omitted
        return document | dict(self.extra)
