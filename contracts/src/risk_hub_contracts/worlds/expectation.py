"""Expectation for a world at one stage: the allowed lag of its newest snapshot, and who is alerted past it.

Lag is the hub's clock minus the `as_of` of the world's newest announced snapshot. A world past `warn_seconds`
is late, past `critical_seconds` stale; an expected world without any snapshot is missing, not stale.
"""

from datetime import datetime, time
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from risk_hub_contracts.base import limits
from risk_hub_contracts.base.ids import ACTOR_PATTERN, HOUR_PATTERN, actor_violation

_CLOSED: Final = ConfigDict(frozen=True, extra="forbid", strict=True)


def _validation_error(message: str) -> PydanticCustomError:
    return PydanticCustomError("expectation", "{message}", {"message": message})


def _owner(value: str) -> str:
    violation = actor_violation(value)
    if violation:
        raise _validation_error(violation)
    return value


Hour = Annotated[str, Field(pattern=HOUR_PATTERN, description="HH:MM, in UTC.")]
Lag = Annotated[int, Field(ge=1, le=limits.LAG_MAX_SECONDS)]
Owner = Annotated[str, AfterValidator(_owner), Field(json_schema_extra={"pattern": ACTOR_PATTERN})]


class QuietHours(BaseModel):
    """A daily period in UTC, excluding `to`; if `to` is earlier than `from`, it is on the next day."""

    model_config = _CLOSED

    from_: Annotated[Hour, Field(alias="from")]
    to: Hour

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.from_ == self.to:
            raise _validation_error("from and to must differ; to stop alarms all day, set enabled to false")
        return self

    def covers(self, instant: datetime) -> bool:
        """Return whether the instant, in UTC, falls within this period."""
        at, start, end = instant.time().replace(tzinfo=None), _time(self.from_), _time(self.to)
        return start <= at < end if start < end else at >= start or at < end


class Expectation(BaseModel):
    """The allowed lag of a world's newest snapshot at one stage.

    `enabled: false` stops monitoring. Quiet hours suppress alarms only: the world is still measured and
    listed.
    """

    model_config = _CLOSED

    warn_seconds: Annotated[Lag, Field(description="Above this lag the world is late.")] = (
        limits.WARN_DEFAULT_SECONDS
    )
    critical_seconds: Annotated[Lag, Field(description="Above this lag the world is stale.")] = (
        limits.CRITICAL_DEFAULT_SECONDS
    )
    owner: Annotated[Owner, Field(description="The team or address that is responsible for the world.")]
    enabled: Annotated[bool, Field(description="Whether the world is monitored.")] = True
    quiet_hours_utc: Annotated[
        list[QuietHours],
        Field(max_length=limits.QUIET_HOURS_MAX_COUNT, description="Daily periods without alarms."),
    ] = []

    @model_validator(mode="after")
    def _warn_comes_first(self) -> Self:
        if self.warn_seconds >= self.critical_seconds:
            raise _validation_error(
                f"warn_seconds ({self.warn_seconds}) must be less than critical_seconds ({self.critical_seconds})"
            )
        return self

    def is_quiet(self, instant: datetime) -> bool:
        """Return whether the instant, in UTC, falls within the world's quiet hours."""
        return any(hours.covers(instant) for hours in self.quiet_hours_utc)


def _time(hour: str) -> time:
    return time.fromisoformat(hour)
