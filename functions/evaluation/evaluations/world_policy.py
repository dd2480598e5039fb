"""The policy of an evaluation: the active one of the world, or one that was activated for it before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson
from pydantic import ValidationError

from functions.evaluation.policies.policy_records import Activation, PolicyKey
from functions.evaluation.policies.ports import ActivationLog, PolicyStore
from functions.evaluation.policies.read_policies import require_policy
from risk_hub_contracts.base.problems import (
    DOCUMENT_UNAVAILABLE,
    NO_ACTIVE_POLICY,
    POLICY_NOT_ACTIVE,
    STAGE_NOT_COVERED,
    ProblemError,
)
from risk_hub_contracts.evaluations.request import PolicyName
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy, Stage

SEARCHED_ACTIVATIONS_MAX_COUNT: Final = 100
"""Newest activations of a world among which a named policy must be."""
CACHED_POLICIES_MAX_COUNT: Final = 8
DAMAGED_REMEDY: Final = "Activate another version, or ask an operator to restore this one from a backup."


@dataclass(frozen=True, slots=True)
class WorldPolicy:
    """Find policies; a parsed policy is kept by its hash, because a stored version never changes."""

    policies: PolicyStore
    activations: ActivationLog
    _parsed: dict[str, EvaluationPolicy] = field(default_factory=dict)

    def current(self, world_id: str, named: PolicyName | None) -> EvaluationPolicy:
        """Return the active policy of a world, or the named version if it was activated for the world.

        Raises:
            ProblemError: `no-active-policy`; `policy-not-found` or `policy-not-active` for a named version;
                `document-unavailable` if the stored document is damaged.
            DependencyUnavailableError: the store did not answer.
        """
        limit = 1 if named is None else SEARCHED_ACTIVATIONS_MAX_COUNT
        found = self.activations.page(world_id, None, limit)
        if not found:
            raise ProblemError(NO_ACTIVE_POLICY, f"no evaluation policy was activated for world {world_id!r}")
        activation = found[0] if named is None else self._named(world_id, named, found)
        return self.pinned(activation.key, activation.policy_hash)

    def pinned(self, key: PolicyKey, policy_hash: str) -> EvaluationPolicy:
        """Return the stored version with this hash.

        Raises:
            ProblemError: `policy-not-found`, or `document-unavailable` if its document has another hash.
            DependencyUnavailableError: the store did not answer.
        """
        if policy_hash not in self._parsed:
            parsed = self._read(key, policy_hash)
            if len(self._parsed) >= CACHED_POLICIES_MAX_COUNT:
                self._parsed.clear()
            self._parsed[policy_hash] = parsed
        return self._parsed[policy_hash]

    def _named(self, world_id: str, named: PolicyName, found: Sequence[Activation]) -> Activation:
        """Return the newest activation of the named version."""
        key = PolicyKey(named.policy_id, named.version)
        activation = next((each for each in found if each.key == key), None)
        if activation is None:
            require_policy(self.policies, key)
            active = found[0].key
            raise ProblemError(
                POLICY_NOT_ACTIVE,
                f"version {key.version!r} of policy {key.policy_id!r} was not activated for world {world_id!r}; "
                f"active is version {active.version!r} of policy {active.policy_id!r}",
            )
        return activation

    def _read(self, key: PolicyKey, policy_hash: str) -> EvaluationPolicy:
        record = require_policy(self.policies, key)
        name = f"version {key.version!r} of policy {key.policy_id!r}"
        if record.entry.policy_hash != policy_hash:
            detail = f"{name} has the hash {record.entry.policy_hash}, but {policy_hash} was activated"
            raise ProblemError(DOCUMENT_UNAVAILABLE, detail, remedy=DAMAGED_REMEDY)
        try:
            return EvaluationPolicy.model_validate(orjson.loads(record.document))
        except ValidationError:
            detail = f"this release cannot read {name}"
            raise ProblemError(DOCUMENT_UNAVAILABLE, detail, remedy=DAMAGED_REMEDY) from None


def profile_of(policy: EvaluationPolicy, stage: Stage) -> str:
    """Return the profile that judges a stage.

    Raises:
        ProblemError: `stage-not-covered`.
    """
    profile = policy.stages.get(stage)
    if profile is None:
        raise ProblemError(
            STAGE_NOT_COVERED,
            f"version {policy.version!r} of policy {policy.policy_id!r} has no profile for the stage {stage!r}; "
            f"it has {', '.join(policy.stages)}",
        )
    return profile
