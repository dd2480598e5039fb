"""Activate a stored policy for a world, by another subject than the one that stored it."""

from dataclasses import dataclass
from typing import Any

from functions.evaluation.policies.answers import activation_answer
from functions.evaluation.policies.policy_records import Activation, Author, PolicyEntry, PolicyKey
from functions.evaluation.policies.ports import ActivationLog, PolicyStore
from functions.evaluation.policies.read_policies import require_policy
from functions.hub.ports import Clock, Dependency, DependencyUnavailableError
from risk_hub_contracts.base.problems import SECOND_SUBJECT_REQUIRED, ProblemError
from risk_hub_contracts.policies.activation import PolicyActivation

APPEND_MAX_ATTEMPTS = 5
"""Attempts to append after other activations of the same world."""


@dataclass(frozen=True, slots=True)
class ActivationResult:
    """The answer to an activation, and whether this request recorded it."""

    answer: dict[str, Any]
    created: bool


@dataclass(frozen=True, slots=True)
class ActivatePolicy:
    """Append activations to the history of a world; the last one is in force."""

    policies: PolicyStore
    activations: ActivationLog
    clock: Clock

    def __call__(self, world_id: str, wanted: PolicyActivation, by: Author) -> ActivationResult:
        """Record the activation, or return the one in force if it names the same version.

        Raises:
            ProblemError: `policy-not-found`; `second-subject-required` if the subject stored the version itself;
                `document-unavailable` if the stored bytes are damaged.
            DependencyUnavailableError: a store did not answer, or other activations came first each time.
        """
        entry = require_policy(self.policies, PolicyKey(wanted.policy_id, wanted.version)).entry
        _require_second_subject(entry, by)
        for _ in range(APPEND_MAX_ATTEMPTS):
            latest = self.activations.latest(world_id)
            if latest is not None and latest.key == entry.key:
                return ActivationResult(activation_answer(latest), created=False)
            activation = self._following(latest, world_id, entry, wanted.reason, by)
            if self.activations.append(activation):
                return ActivationResult(activation_answer(activation), created=True)
        raise DependencyUnavailableError(
            Dependency.POLICY_STORE,
            f"other activations of {world_id!r} came first {APPEND_MAX_ATTEMPTS} times",
        )

    def _following(
        self, latest: Activation | None, world_id: str, entry: PolicyEntry, reason: str, by: Author
    ) -> Activation:
        return Activation(
            world_id=world_id,
            sequence=1 if latest is None else latest.sequence + 1,
            key=entry.key,
            policy_hash=entry.policy_hash,
            reason=reason,
            stored_by=entry.stored_by.subject,
            activated_at=self.clock(),
            activated_by=by,
        )


def _require_second_subject(entry: PolicyEntry, by: Author) -> None:
    """Refuse the subject that stored the version; letter case makes no other subject."""
    if entry.stored_by.subject.lower() == by.subject.lower():
        raise ProblemError(
            SECOND_SUBJECT_REQUIRED,
            f"{by.subject!r} stored version {entry.key.version!r} of policy {entry.key.policy_id!r}, "
            "so another subject must activate it",
        )
