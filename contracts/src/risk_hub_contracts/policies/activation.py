"""Activation of an evaluation policy for a world: the request, the record and its history."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import TypedDict

from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.ids import has_visible_character
from risk_hub_contracts.base.limits import CURSOR_MAX_CHARS, REASON_MAX_CHARS
from risk_hub_contracts.base.name_types import Identifier
from risk_hub_contracts.base.problems import REGISTRATION_INVALID, ProblemError, summary
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.policies.stored_policy import PolicyHash, Subject

__all__ = [
    "REASON_PATTERN",
    "ActivationAnswer",
    "ActivationPage",
    "PolicyActivation",
    "parse_activation",
    "require_one_line",
]

_CLOSED: Final = ConfigDict(extra="forbid")
_REMEDY: Final = (
    "Correct every entry of `errors`, then send the activation again; the active policy is unchanged."
)
REASON_PATTERN: Final = r"^[^\u0000-\u001f\u007f-\u009f]+$"
_REASON: Final = re.compile(REASON_PATTERN[1:-1])


def require_one_line(text: str) -> str:
    """Return a reason.

    Raises:
        ValueError: it has several lines, or no visible character.
    """
    if not _REASON.fullmatch(text) or not has_visible_character(text):
        raise ValueError("must be one line of text with at least one visible character")
    return text


class PolicyActivation(BaseModel):
    """The stored version that judges the strategies of a world from now on, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy_id: Identifier
    version: Identifier
    reason: Annotated[
        str,
        Field(min_length=1, max_length=REASON_MAX_CHARS, json_schema_extra={"pattern": REASON_PATTERN}),
        AfterValidator(require_one_line),
    ]


class ActivationAnswer(TypedDict):
    """One activation: the version, who stored and who activated it, why, when and by which request.

    `sequence` counts the activations of the world from 1; the greatest one is the active policy.
    """

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    world_id: Identifier
    sequence: Annotated[int, Field(ge=1)]
    policy_id: Identifier
    version: Identifier
    policy_hash: PolicyHash
    reason: str
    stored_by: Subject
    activated_at: Instant
    activated_by: Subject
    request_id: str


class ActivationPage(BaseModel):
    """One page of a world's activations, newest first; `next_cursor` is null on the last one."""

    model_config = _CLOSED

    activations: list[ActivationAnswer]
    next_cursor: Annotated[str, Field(max_length=CURSOR_MAX_CHARS)] | None


def parse_activation(raw: bytes) -> PolicyActivation:
    """Read the body of an activation.

    Raises:
        ProblemError: registration-invalid with the pointer of each violation, or what `strict_json.loads` refuses.
    """
    document = strict_json.loads(raw)
    try:
        return PolicyActivation.model_validate(document)
    except ValidationError as error:
        violations = to_violations(error, known=PolicyActivation.model_fields)
        raise ProblemError(
            REGISTRATION_INVALID, summary(violations, "The body"), violations, remedy=_REMEDY
        ) from None
