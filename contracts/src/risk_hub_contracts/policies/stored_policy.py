"""Answers about stored evaluation policies: one version, and pages of versions."""

from typing import Annotated, Final, NotRequired

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from risk_hub_contracts.base.ids import CONTENT_HASH_PATTERN
from risk_hub_contracts.base.limits import CURSOR_MAX_CHARS
from risk_hub_contracts.base.name_types import Identifier
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy

__all__ = ["LimitWarning", "PolicyHash", "PolicyPage", "StoredPolicy", "StoredPolicyAnswer", "Subject"]

_CLOSED: Final = ConfigDict(extra="forbid")
PolicyHash = Annotated[
    str, Field(pattern=CONTENT_HASH_PATTERN, description="`sha256:` of the whole canonical document.")
]
Subject = Annotated[str, Field(min_length=1, description="The person or service that the token belongs to.")]


class LimitWarning(TypedDict):
    """A limit of a policy that may be a mistake: a pointer into the document, and the reason."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    pointer: str
    detail: str


class StoredPolicy(TypedDict):
    """One stored version in a list: its identity, and who stored it first, when and by which request."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    policy_id: Identifier
    version: Identifier
    policy_hash: PolicyHash
    owner: Identifier
    stored_at: Instant
    stored_by: Subject
    request_id: str


class StoredPolicyAnswer(StoredPolicy):
    """One stored version with its document, as it was stored: without members that have their default.

    `warnings` is the answer to a PUT: limits that may be mistakes.
    """

    policy: EvaluationPolicy
    warnings: NotRequired[list[LimitWarning]]


class PolicyPage(BaseModel):
    """One page of stored versions, by policy id and time of storage; `next_cursor` is null on the last one."""

    model_config = _CLOSED

    policies: list[StoredPolicy]
    next_cursor: Annotated[str, Field(max_length=CURSOR_MAX_CHARS)] | None
