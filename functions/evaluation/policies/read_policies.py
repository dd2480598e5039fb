"""Read one stored version of an evaluation policy, or list the versions page by page."""

import re
from dataclasses import dataclass
from typing import Any

from functions.evaluation.policies.answers import entry_answer, policy_answer, verified
from functions.evaluation.policies.policy_records import (
    SEPARATOR,
    ListPosition,
    PolicyEntry,
    PolicyKey,
    PolicyRecord,
)
from functions.evaluation.policies.ports import PolicyStore
from functions.hub.domain.cursor import decode_cursor, encode_cursor
from risk_hub_contracts.api.policy_queries import PoliciesQuery
from risk_hub_contracts.base.ids import ID_PATTERN
from risk_hub_contracts.base.problems import POLICY_NOT_FOUND, ProblemError
from risk_hub_contracts.base.times import format_instant

Document = dict[str, Any]
_ID = ID_PATTERN[1:-1]
POSITION = re.compile(
    SEPARATOR.join((_ID, r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z", _ID))
)


@dataclass(frozen=True, slots=True)
class ReadPolicies:
    """Read stored versions. Every method may raise DependencyUnavailableError."""

    policies: PolicyStore

    def one(self, key: PolicyKey) -> Document:
        """Return one version with its document.

        Raises:
            ProblemError: `policy-not-found`, or `document-unavailable` if the stored bytes are damaged.
        """
        return policy_answer(require_policy(self.policies, key))

    def page(self, query: PoliciesQuery) -> Document:
        """Return one page of versions.

        Raises:
            ProblemError: `cursor-invalid`.
        """
        bound = {"policies": query.policy_id}
        after = None
        if query.cursor is not None:
            after = ListPosition.parse(decode_cursor(bound, query.cursor, POSITION))
        found = self.policies.page(query.policy_id, after, query.limit + 1)
        shown = found[: query.limit]
        more = encode_cursor(bound, position_of(shown[-1]).text) if len(found) > len(shown) else None
        return {"policies": [entry_answer(entry) for entry in shown], "next_cursor": more}


def position_of(entry: PolicyEntry) -> ListPosition:
    """Return the place of a version in the list."""
    return ListPosition(entry.key.policy_id, format_instant(entry.stored_at), entry.key.version)


def require_policy(policies: PolicyStore, key: PolicyKey) -> PolicyRecord:
    """Return a stored version.

    Raises:
        ProblemError: `policy-not-found`, or `document-unavailable` if the stored bytes are damaged.
    """
    record = policies.get(key)
    if record is None:
        raise ProblemError(
            POLICY_NOT_FOUND, f"version {key.version!r} of policy {key.policy_id!r} is not stored"
        )
    return verified(record)
