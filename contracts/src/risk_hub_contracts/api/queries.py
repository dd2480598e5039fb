"""Query parameters of GET requests; an invalid query string gives one problem with every violation."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from risk_hub_contracts.base.ids import (
    ACTOR_PATTERN,
    ID_PATTERN,
    STAGE_PATTERN,
    actor_violation,
    id_violation,
    stage_violation,
)
from risk_hub_contracts.base.limits import (
    CURSOR_MAX_CHARS,
    INSTANT_MAX_CHARS,
    LIST_LIMIT_DEFAULT,
    LIST_LIMIT_MAX,
)
from risk_hub_contracts.base.problems import INVALID_QUERY, ProblemError, Violation, summary
from risk_hub_contracts.base.times import InstantError, parse_instant
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.reports.backtest import BacktestMethod

_LIMIT: Final = re.compile("[0-9]{1,3}")
_BPS: Final = re.compile("[1-9][0-9]{0,3}")

__all__ = [
    "BacktestQuery",
    "HistoryQuery",
    "LatestQuery",
    "LatestReportQuery",
    "ListQuery",
    "LookupQuery",
    "SignalsQuery",
    "parse_query",
]


def _parameter_error(message: str) -> PydanticCustomError:
    return PydanticCustomError("parameter", "{message}", {"message": message})


def _flag(text: object) -> bool:
    if text not in ("true", "false"):
        raise _parameter_error("must be true or false")
    return text == "true"


def _instant(text: object) -> datetime:
    try:
        return parse_instant(str(text))
    except InstantError as error:
        raise _parameter_error(str(error)) from None


def _limit(text: object) -> int:
    digits = _LIMIT.fullmatch(str(text))
    if digits is None or not 1 <= int(digits[0]) <= LIST_LIMIT_MAX:
        raise _parameter_error(f"must be an integer from 1 to {LIST_LIMIT_MAX}")
    return int(digits[0])


def _confidence(text: object) -> int:
    digits = _BPS.fullmatch(str(text))
    if digits is None:
        raise _parameter_error("must be basis points from 1 to 9999 (9900 is 99 %)")
    return int(digits[0])


def _stage(text: str, info: ValidationInfo) -> str:
    stage, stages = text.lower(), info.context
    if stages is None:
        _raise_if_invalid(stage_violation(text))
    elif stage not in stages:
        raise _parameter_error(f"must be one of {', '.join(sorted(stages))}")
    return stage


def _actor(text: str) -> str:
    _raise_if_invalid(actor_violation(text))
    return text


def _version(text: str) -> str:
    _raise_if_invalid(id_violation(text))
    return text


def _raise_if_invalid(violation: str | None) -> None:
    if violation:
        raise _parameter_error(violation)


Flag = Annotated[bool, BeforeValidator(_flag)]
Instant = Annotated[
    datetime, BeforeValidator(_instant), Field(json_schema_extra={"maxLength": INSTANT_MAX_CHARS})
]
Stage = Annotated[str, AfterValidator(_stage), Field(json_schema_extra={"pattern": STAGE_PATTERN})]
Actor = Annotated[str, AfterValidator(_actor), Field(json_schema_extra={"pattern": ACTOR_PATTERN})]
Version = Annotated[str, AfterValidator(_version), Field(json_schema_extra={"pattern": ID_PATTERN})]
# The bounds come first: after a validator, pydantic cannot publish them as `minimum` and `maximum`.
Limit = Annotated[int, Field(ge=1, le=LIST_LIMIT_MAX), BeforeValidator(_limit)]
Confidence = Annotated[int, Field(ge=1, le=9_999), BeforeValidator(_confidence)]
Cursor = Annotated[str, Field(min_length=1, max_length=CURSOR_MAX_CHARS)]


class _Filters(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Annotated[Stage | None, Field(description="Only snapshots of this stage.")] = None
    actor: Annotated[Actor | None, Field(description="Only snapshots of this actor.")] = None
    known_at: Annotated[
        Instant | None,
        Field(description="Answer as the hub would have answered at this instant."),
    ] = None
    include_expired: Annotated[Flag, Field(description="Include expired snapshots.")] = False


class LatestReportQuery(_Filters):
    """Parameters of `GET .../snapshots/latest/risk` and `.../latest/stress`: filters for the snapshot."""


class LatestQuery(LatestReportQuery):
    """Parameters of `GET .../snapshots/latest`."""

    expand: Annotated[Flag, Field(description="Resolve blob references in the answer.")] = False


class LookupQuery(_Filters):
    """Parameters of `GET .../snapshots/lookup`: one of `version` and `as_of` is required; `version` takes precedence."""

    version: Annotated[Version | None, Field(description="The snapshot of this version.")] = None
    as_of: Annotated[
        Instant | None,
        Field(description="The newest snapshot whose as_of is not after this instant."),
    ] = None
    expand: Annotated[Flag, Field(description="Resolve blob references in the answer.")] = False

    @model_validator(mode="after")
    def _one_is_given(self) -> Self:
        if self.version is None and self.as_of is None:
            raise _parameter_error("give version or as_of")
        return self


class ListQuery(_Filters):
    """Parameters of `GET .../snapshots`; `from` and `to` bound `as_of`, both included."""

    limit: Annotated[Limit, Field(description="Snapshots per page.")] = LIST_LIMIT_DEFAULT
    cursor: Annotated[Cursor | None, Field(description="`next_cursor` of the previous page.")] = None
    from_: Annotated[Instant | None, Field(alias="from", description="Earliest as_of.")] = None
    to: Annotated[Instant | None, Field(description="Latest as_of.")] = None
    order: Annotated[Literal["asc", "desc"], Field(description="By as_of; desc is newest first.")] = "desc"


class HistoryQuery(BaseModel):
    """Parameters of `GET .../history` and `.../history/hot`; `from` and `to` bound `as_of`, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_: Annotated[Instant | None, Field(alias="from", description="Earliest as_of.")] = None
    to: Annotated[Instant | None, Field(description="Latest as_of.")] = None
    limit: Annotated[Limit, Field(description="Segments or rows per page.")] = LIST_LIMIT_DEFAULT
    cursor: Annotated[Cursor | None, Field(description="`next_cursor` of the previous page.")] = None


class SignalsQuery(BaseModel):
    """Parameters of `GET .../exit-signals`; `from` and `to` bound `emitted_at`, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Annotated[Stage | None, Field(description="Only signals of this stage.")] = None
    from_: Annotated[Instant | None, Field(alias="from", description="Earliest emitted_at.")] = None
    to: Annotated[Instant | None, Field(description="Latest emitted_at.")] = None
    limit: Annotated[Limit, Field(description="Maximum number of signals per page.")] = LIST_LIMIT_DEFAULT
    cursor: Annotated[Cursor | None, Field(description="`next_cursor` of the previous page.")] = None
    order: Annotated[Literal["asc", "desc"], Field(description="By emitted_at; desc is newest first.")] = (
        "desc"
    )


class BacktestQuery(BaseModel):
    """Parameters of `GET .../risk/backtest`; `from` and `to` bound the forecasts' `as_of`, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Annotated[Stage, Field(description="The stage whose snapshots are tested.")]
    from_: Annotated[Instant | None, Field(alias="from", description="Earliest as_of.")] = None
    to: Annotated[Instant | None, Field(description="Latest as_of.")] = None
    method: Annotated[
        BacktestMethod | None,
        Field(
            description="How value at risk was computed. Default: historical_upper, or parametric_normal if the "
            "newest forecast of the period has no value by historical_upper."
        ),
    ] = None
    confidence_bps: Annotated[
        Confidence, Field(description="Confidence in basis points: 9900 is 99 %. It must be stored.")
    ] = 9_900


Query = TypeVar("Query", bound=BaseModel)


def parse_query(
    model: type[Query],
    params: Mapping[str, str] | None,
    multi: Mapping[str, Sequence[str]] | None = None,
    stages: Collection[str] | None = None,
) -> Query:
    """Parse the query string of a GET request.

    Args:
        model: one of the query models above.
        params: the last value of each parameter.
        multi: all values of each parameter, to find repeated ones.
        stages: the accepted stages; by default any valid stage name.

    Raises:
        ProblemError: invalid-query, with one violation per fault, its pointer `/<parameter>`.
    """
    violations = [
        Violation(f"/{name}", "send this parameter only once")
        for name, values in (multi or {}).items()
        if len(values) > 1
    ]
    try:
        query = model.model_validate(dict(params or {}), context=stages)
    except ValidationError as error:
        violations += to_violations(error, known=_names(model), noun="parameter")
    if violations:
        raise ProblemError(INVALID_QUERY, summary(violations, "The query"), violations)
    return query


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
