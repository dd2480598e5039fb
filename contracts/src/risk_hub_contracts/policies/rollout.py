"""Rollout by mode: whose verdict decides in a world and stage. Requests, the flags and their history."""

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import TypedDict

from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.limits import CURSOR_MAX_CHARS, REASON_MAX_CHARS
from risk_hub_contracts.base.name_types import Identifier
from risk_hub_contracts.base.problems import REGISTRATION_INVALID, ProblemError, summary
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.policies.activation import REASON_PATTERN, require_one_line
from risk_hub_contracts.policies.evaluation_policy import Stage
from risk_hub_contracts.policies.stored_policy import Subject
from risk_hub_contracts.runs.decision import Decider

__all__ = [
    "ChangeKind",
    "RollbackRequest",
    "RolloutAnswer",
    "RolloutChangeAnswer",
    "RolloutPage",
    "RolloutRequest",
    "StageFlag",
    "parse_rollback",
    "parse_rollout",
]

_CLOSED: Final = ConfigDict(extra="forbid")
_REMEDY: Final = "Correct every entry of `errors`, then send the request again; the flags are unchanged."
ChangeKind = Literal["set", "rollback"]
Reason = Annotated[
    str,
    Field(min_length=1, max_length=REASON_MAX_CHARS, json_schema_extra={"pattern": REASON_PATTERN}),
    AfterValidator(require_one_line),
]


class RollbackRequest(BaseModel):
    """Undo the last change of a stage, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Stage
    reason: Reason


class RolloutRequest(RollbackRequest):
    """Whose verdict decides in a stage from now on, and why."""

    decider: Decider


class StageFlag(TypedDict):
    """Whose verdict decides in a stage: the flag in force, and the change that set it.

    `sequence` is 0 and the other members are null if nobody set the flag.
    """

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    decider: Decider
    sequence: Annotated[int, Field(ge=0)]
    changed_at: Instant | None
    changed_by: Subject | None


class RolloutAnswer(TypedDict):
    """The flags of a world by stage."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    world_id: Identifier
    stages: dict[Stage, StageFlag]


class RolloutChangeAnswer(TypedDict):
    """One change: the stage, its flag before and after, who changed it, why, when and by which request.

    `sequence` counts the changes of the world from 1, over all stages; of a stage, the greatest one is in force.
    """

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    world_id: Identifier
    sequence: Annotated[int, Field(ge=1)]
    stage: Stage
    change: ChangeKind
    decider: Decider
    previous: Decider
    reason: str
    changed_at: Instant
    changed_by: Subject
    request_id: str


class RolloutPage(BaseModel):
    """One page of a world's changes, newest first; `next_cursor` is null on the last one."""

    model_config = _CLOSED

    changes: list[RolloutChangeAnswer]
    next_cursor: Annotated[str, Field(max_length=CURSOR_MAX_CHARS)] | None


Body = TypeVar("Body", bound=RollbackRequest)


def parse_rollout(raw: bytes) -> RolloutRequest:
    """Read the body of a change.

    Raises:
        ProblemError: registration-invalid with the pointer of each violation, or what `strict_json.loads` refuses.
    """
    return _parsed(RolloutRequest, strict_json.loads(raw))


def parse_rollback(raw: bytes) -> RollbackRequest:
    """Read the body of a rollback; see `parse_rollout`."""
    return _parsed(RollbackRequest, strict_json.loads(raw))


def _parsed(model: type[Body], document: Any) -> Body:  # noqa: ANN401 - any JSON
    try:
        return model.model_validate(document)
    except ValidationError as error:
        violations = to_violations(error, known=model.model_fields)
        raise ProblemError(
            REGISTRATION_INVALID, summary(violations, "The body"), violations, remedy=_REMEDY
        ) from None
