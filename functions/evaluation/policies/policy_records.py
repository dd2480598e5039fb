"""Records of evaluation policies: a stored version, its list entry, and an activation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

SEPARATOR = "/"
"""Between the parts of a list position; no id contains it."""


@dataclass(frozen=True, slots=True)
class Author:
    """The subject whose token made a request, and the id of the request."""

    subject: str
    request_id: str


@dataclass(frozen=True, slots=True)
class PolicyKey:
    """Identity of a version of a policy."""

    policy_id: str
    version: str


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """One stored version without its document.

    Attributes:
        policy_hash: `sha256:<hex>` of the canonical document.
        owner: the owner that the document names.
        stored_at: the hub's clock when the version was first stored.
        stored_by: the subject and the request that stored it first.
    """

    key: PolicyKey
    policy_hash: str
    owner: str
    stored_at: datetime
    stored_by: Author


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """One stored version: its entry, and the bytes of its canonical document."""

    entry: PolicyEntry
    document: bytes


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation of a policy for a world.

    Attributes:
        sequence: its number among the activations of the world, from 1; the greatest one is in force.
        stored_by: the subject that stored the version.
    """

    world_id: str
    sequence: int
    key: PolicyKey
    policy_hash: str
    reason: str
    stored_by: str
    activated_at: datetime
    activated_by: Author


@dataclass(frozen=True, slots=True)
class ListPosition:
    """Place of a version in the list: by policy id, then by time of storage and version."""

    policy_id: str
    stored_at: str
    version: str

    @property
    def text(self) -> str:
        """The position as text; the order of the texts is that of the list."""
        return SEPARATOR.join((self.policy_id, self.stored_at, self.version))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the position that `text` names."""
        return cls(*text.split(SEPARATOR))
