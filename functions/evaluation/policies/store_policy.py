"""Store a version of an evaluation policy once: the same document again is a replay, another one a conflict."""

from dataclasses import dataclass
from typing import Any

from functions.evaluation.policies.answers import policy_answer, verified
from functions.evaluation.policies.policy_records import Author, PolicyEntry, PolicyKey, PolicyRecord
from functions.evaluation.policies.ports import PolicyStore
from functions.hub.ports import Clock
from risk_hub_contracts.base.canonical import canonical_json
from risk_hub_contracts.base.problems import (
    POLICY_VERSION_CONFLICT,
    REGISTRATION_INVALID,
    ProblemError,
    Violation,
    summary,
)
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.policies.evaluation_checks import doubtful_limits
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy

CONFLICT_REMEDY = (
    "Send the policy under a new `version`; a stored version never changes, because evaluation runs name it."
)


@dataclass(frozen=True, slots=True)
class PutPolicyResult:
    """The answer to a put, and whether this put stored the version."""

    answer: dict[str, Any]
    created: bool


@dataclass(frozen=True, slots=True)
class StorePolicy:
    """Store policies; the key of a version is its (policy_id, version)."""

    policies: PolicyStore
    clock: Clock

    def __call__(self, key: PolicyKey, policy: EvaluationPolicy, by: Author) -> PutPolicyResult:
        """Store a version, or return the stored one if its document is the same.

        Args:
            key: the key in the path of the request.
            policy: the policy in its body.
            by: the subject and the id of the request.

        Raises:
            ProblemError: `registration-invalid` if the document names another key; `policy-version-conflict` if the
                version is stored with another document; `document-unavailable` if the stored bytes are damaged.
            DependencyUnavailableError: the store did not answer.
        """
        _require_key(key, policy)
        entry = PolicyEntry(key, policy.policy_hash, policy.owner, self.clock(), by)
        offered = PolicyRecord(entry, canonical_json(policy.document()))
        stored = self.policies.put_once(offered)
        if stored.entry.policy_hash != entry.policy_hash:
            raise _conflict(stored.entry, entry)
        verified(stored)
        doubts = doubtful_limits({name: profile.rules for name, profile in policy.profiles.items()})
        warnings = [{"pointer": doubt.pointer, "detail": doubt.detail} for doubt in doubts]
        return PutPolicyResult({**policy_answer(stored), "warnings": warnings}, stored.entry == entry)


def _require_key(key: PolicyKey, policy: EvaluationPolicy) -> None:
    """Refuse a document that names another policy or version than the path."""
    violations = [
        Violation(f"/{name}", f"is {given!r}, but the path names {wanted!r}; send the same value in both")
        for name, given, wanted in (
            ("policy_id", policy.policy_id, key.policy_id),
            ("version", policy.version, key.version),
        )
        if given != wanted
    ]
    if violations:
        raise ProblemError(REGISTRATION_INVALID, summary(violations, "The policy"), violations)


def _conflict(stored: PolicyEntry, offered: PolicyEntry) -> ProblemError:
    at, by = format_instant(stored.stored_at), stored.stored_by.subject
    return ProblemError(
        POLICY_VERSION_CONFLICT,
        f"version {stored.key.version!r} of policy {stored.key.policy_id!r} was stored at {at} by {by!r} "
        "with another document",
        extra={"stored_hash": stored.policy_hash, "offered_hash": offered.policy_hash},
        remedy=CONFLICT_REMEDY,
    )
