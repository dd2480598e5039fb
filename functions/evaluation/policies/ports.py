"""Ports to the stores of evaluation policies. Every adapter and every fake passes one test suite."""

from collections.abc import Sequence
from typing import Protocol

from functions.evaluation.policies.policy_records import (
    Activation,
    ListPosition,
    PolicyEntry,
    PolicyKey,
    PolicyRecord,
)


class PolicyStore(Protocol):
    """The immutable versions, kept permanently. Every method may raise DependencyUnavailableError."""

    def put_once(self, record: PolicyRecord) -> PolicyRecord:
        """Store the version if its key is free; return the record under the key, new or existing."""

    def get(self, key: PolicyKey) -> PolicyRecord | None:
        """Return one version, or None; strongly consistent."""

    def page(self, policy_id: str | None, after: ListPosition | None, limit: int) -> Sequence[PolicyEntry]:
        """Return at most `limit` versions after a position, by policy id, time of storage and version.

        A version is listed some time after it was stored, usually within a second.

        Args:
            policy_id: list only versions of this policy.
            after: the position of the last version of the previous page.
            limit: the greatest number of versions.
        """


class ActivationLog(Protocol):
    """Activations by world, kept permanently. Every method may raise DependencyUnavailableError."""

    def append(self, activation: Activation) -> bool:
        """Store an activation under its sequence; return False, without a change, if the sequence is taken."""

    def latest(self, world_id: str) -> Activation | None:
        """Return the activation with the greatest sequence, or None; strongly consistent."""

    def page(self, world_id: str, before: int | None, limit: int) -> Sequence[Activation]:
        """Return at most `limit` activations with a lower sequence than `before`, newest first; strongly consistent."""
