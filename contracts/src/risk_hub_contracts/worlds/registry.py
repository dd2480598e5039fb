"""Requests and answers of the world registry: expectations, exit policies and freshness."""

from typing import Annotated, Final, Literal, NotRequired, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import TypedDict

from risk_hub_contracts.base import limits, strict_json
from risk_hub_contracts.base.problems import REGISTRATION_INVALID, ProblemError, Violation, summary
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.policies.exit_policy import REGISTERING, ExitPolicy
from risk_hub_contracts.worlds.expectation import Expectation

WorldState = Literal["fresh", "late", "stale", "awaited", "missing", "disabled", "unexpected"]
"""`awaited`: registered less than `warn_seconds` ago; `disabled`: the expectation is disabled; `unexpected`: it
publishes without an expectation."""

_CLOSED: Final = ConfigDict(extra="forbid")


class ExpectationAnswer(BaseModel):
    """The expectation for a world and stage, since when it is in force, and who changed it last."""

    model_config = _CLOSED

    world_id: str
    stage: str
    expectation: Expectation
    expected_since: Annotated[Instant, Field(description="When the world was registered, or last enabled.")]
    set_at: Annotated[Instant, Field(description="When the expectation was last set.")]
    set_by: Annotated[str, Field(description="The id of the token that set it.")]


class PolicyVersion(TypedDict):
    """One stored version of a world's exit policy, and who stored it first."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    version: str
    set_at: Instant
    set_by: str


class PolicyWarning(TypedDict):
    """A part of a stored policy that may never apply: a pointer into the policy, and what is known."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    pointer: str
    detail: str


class ExitPolicyAnswer(TypedDict):
    """An exit policy: a stored one, or the default (`stored` is false).

    Without the parameter `version` it is the policy in force, and `versions` lists the stored ones, oldest
    first. `warnings` is the answer to a PUT: limits that may never be compared with a number.
    """

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    world_id: str
    stage: str
    policy: ExitPolicy
    stored: bool
    set_at: NotRequired[Instant]
    set_by: NotRequired[str]
    in_force: NotRequired[bool]
    versions: NotRequired[list[PolicyVersion]]
    warnings: NotRequired[list[PolicyWarning]]


class WorldHead(BaseModel):
    """The newest announced snapshot of a world and stage."""

    model_config = _CLOSED

    version: str
    as_of: Instant
    created_at: Instant
    expires_at: Instant


class WorldAnswer(TypedDict):
    """The freshness of one world and stage."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    world_id: str
    stage: str
    state: WorldState
    quiet: Annotated[bool, Field(description="Whether its quiet hours suppress alarms now.")]
    lag_seconds: NotRequired[Annotated[float, Field(description="The hub's clock minus the head's as_of.")]]
    head: NotRequired[WorldHead]
    expectation: NotRequired[Expectation]


class WorldsPage(BaseModel):
    """One page of the known worlds, in no particular order; `next_cursor` is null on the last one."""

    model_config = _CLOSED

    at: Annotated[Instant, Field(description="The hub's clock at this answer.")]
    worlds: list[WorldAnswer]
    next_cursor: Annotated[str, Field(max_length=limits.CURSOR_MAX_CHARS)] | None


Registered = TypeVar("Registered", bound=BaseModel)


def parse_registration(model: type[Registered], raw: bytes) -> Registered:
    """Read the body of a PUT.

    Args:
        model: `Expectation` or `ExitPolicy`.
        raw: the body.

    Raises:
        ProblemError: registration-invalid with the pointer of each fault, or what `strict_json.loads` refuses.
    """
    strict_json.loads(raw)
    try:
        registered = model.model_validate_json(raw, strict=True, context=REGISTERING)
    except ValidationError as error:
        violations = to_violations(error, known=model.model_fields)
        raise ProblemError(REGISTRATION_INVALID, summary(violations, "The body"), violations) from None
    _check_stored_size(registered)
    return registered


def _check_stored_size(registered: BaseModel) -> None:
    """Reject a registration whose stored form exceeds the size of one table row."""
    size_bytes = len(registered.model_dump_json(by_alias=True).encode())
    if size_bytes > limits.REGISTRATION_MAX_BYTES:
        violation = (
            f"its stored form has {size_bytes} bytes; at most {limits.REGISTRATION_MAX_BYTES} are allowed"
        )
        raise ProblemError(REGISTRATION_INVALID, f"The body: {violation}.", [Violation("", violation)])
