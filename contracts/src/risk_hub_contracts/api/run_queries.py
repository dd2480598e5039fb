"""Query parameters of the routes of evaluation runs."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from risk_hub_contracts.api.queries import Cursor, Instant, Limit, Stage
from risk_hub_contracts.base import limits
from risk_hub_contracts.base.ids import NAME_PATTERN, name_violation
from risk_hub_contracts.runs.rule_result import RuleStatus


def _strategy(text: str) -> str:
    violation = name_violation(text)
    if violation is not None:
        raise PydanticCustomError("parameter", "{message}", {"message": violation})
    return text


Strategy = Annotated[
    str,
    AfterValidator(_strategy),
    Field(json_schema_extra={"pattern": NAME_PATTERN, "minLength": 1, "maxLength": limits.NAME_MAX_CHARS}),
]
_CLOSED = ConfigDict(frozen=True, extra="forbid")


class RunsQuery(BaseModel):
    """Parameters of `GET …/evaluation-runs`."""

    model_config = _CLOSED

    strategy_id: Annotated[Strategy | None, Field(description="Only runs of this strategy.")] = None
    stage: Annotated[Stage | None, Field(description="Only runs of this stage.")] = None
    status: Annotated[RuleStatus | None, Field(description="Only runs with this summary status.")] = None
    since: Annotated[
        Instant | None, Field(description="Only runs that were created at or after this instant.")
    ] = None
    order: Annotated[
        Literal["asc", "desc"], Field(description="By time of creation; desc is newest first.")
    ] = "desc"
    limit: Annotated[Limit, Field(description="Runs per page.")] = limits.LIST_LIMIT_DEFAULT
    cursor: Annotated[Cursor | None, Field(description="`next_cursor` of the previous page.")] = None


class OneRunQuery(BaseModel):
    """Parameters of `GET …/evaluation-runs/{run_id}`. The name of a strategy may contain any visible character."""

    model_config = _CLOSED

    strategy_id: Annotated[Strategy, Field(description="The strategy that the run evaluated.")]


class RunHistoryQuery(OneRunQuery):
    """Parameters of `GET …/evaluation-runs/{run_id}/history`."""

    limit: Annotated[Limit, Field(description="Items per page.")] = limits.LIST_LIMIT_DEFAULT
    cursor: Annotated[Cursor | None, Field(description="`next_cursor` of the previous page.")] = None
