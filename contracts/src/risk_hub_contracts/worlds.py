"""The world registry on the wire: what is asked of a world and stage, and how every world stands."""

from typing import Annotated, Final, Literal, NotRequired, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import TypedDict

from risk_hub_contracts import limits, strict_json
from risk_hub_contracts.exit_policy import ExitPolicy
from risk_hub_contracts.expectation import Expectation
from risk_hub_contracts.problems import REGISTRATION_INVALID, ProblemError, Violation, summary
from risk_hub_contracts.queries import Cursor, Limit, Stage
from risk_hub_contracts.times import Instant
from risk_hub_contracts.violations import explain

WorldState = Literal["fresh", "late", "stale", "awaited", "missing", "disabled", "unexpected"]
"""`awaited`: registered less than `warn_seconds` ago; `disabled`: the expectation is switched off; `unexpected`: it
publishes, and nobody is waiting."""

_CLOSED: Final = ConfigDict(extra="forbid")


class StageQuery(BaseModel):
    """Parameters of everything that is asked of one world and stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Annotated[Stage, Field(description="The stage, one of this deployment's.")]


class WorldsQuery(BaseModel):
    """Parameters of `GET /risk-hub/worlds`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[Limit, Field(description="Worlds a page.")] = limits.WORLDS_PAGE_MAX_COUNT
    cursor: Annotated[Cursor | None, Field(description="`next_cursor` of the page before.")] = None


class ExpectationAnswer(BaseModel):
    """What is expected of a world and stage, since when, and who said so last."""

    model_config = _CLOSED

    world_id: str
    stage: str
    expectation: Expectation
    expected_since: Annotated[
        Instant, Field(description="When the world was registered, or last switched on.")
    ]
    set_at: Annotated[Instant, Field(description="When the expectation was last put.")]
    set_by: Annotated[str, Field(description="The id of the token that put it.")]


class ExitPolicyAnswer(TypedDict):
    """The exit policy in force; where nobody stored one (`stored` is false), the default."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    world_id: str
    stage: str
    policy: ExitPolicy
    stored: bool
    set_at: NotRequired[Instant]
    set_by: NotRequired[str]


class WorldHead(BaseModel):
    """The newest announced snapshot of a world and stage."""

    model_config = _CLOSED

    version: str
    as_of: Instant
    created_at: Instant
    expires_at: Instant


class WorldAnswer(TypedDict):
    """How one world and stage stands."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    world_id: str
    stage: str
    state: WorldState
    quiet: Annotated[bool, Field(description="Whether its quiet hours hold back alarms now.")]
    lag_seconds: NotRequired[Annotated[float, Field(description="The hub's clock minus the head's as_of.")]]
    head: NotRequired[WorldHead]
    expectation: NotRequired[Expectation]


class WorldsPage(BaseModel):
    """One page of the worlds that are known, in no particular order; `next_cursor` is null on the last one."""

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
        registered = model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        faults = explain(error, known=model.model_fields)
        raise ProblemError(REGISTRATION_INVALID, summary(faults, "The body"), faults) from None
    _require_that_it_fits(registered)
    return registered


def _require_that_it_fits(registered: BaseModel) -> None:
    """Its stored form lies on one row: a list of very long names can be longer than a row may be."""
    size_bytes = len(registered.model_dump_json(by_alias=True).encode())
    if size_bytes > limits.ITEM_BODY_MAX_BYTES:
        fault = f"its stored form has {size_bytes} bytes; at most {limits.ITEM_BODY_MAX_BYTES} are kept"
        raise ProblemError(REGISTRATION_INVALID, f"The body: {fault}.", [Violation("", fault)])
