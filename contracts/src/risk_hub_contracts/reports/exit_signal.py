"""Exit signals: requests of the exit engine to a strategy."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from risk_hub_contracts.base.ids import CONTENT_HASH_PATTERN, ID_PATTERN
from risk_hub_contracts.base.limits import ASSET_ID_MAX_CHARS, CURSOR_MAX_CHARS
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.reports.units import REPORT_MODEL

Action = Literal["exit", "reduce", "hold"]
ExitReason = Literal["limit_exceeded", "snapshot_stale", "frozen", "drained"]
"""A closed list: no later release adds a value (ADR-0027)."""
ExitCause = Literal[ExitReason, "not_computed", "warned", "cleared"]
"""The values of `cause` that this release writes."""
CLEARED: Final[ExitCause] = "cleared"
CAUSE_PATTERN: Final = r"^[a-z0-9_]+$"


class ExitSignal(BaseModel):
    """One request to a strategy, or its all-clear (`cause` is `cleared`).

    `reason` is the kind of rule that fired, from a closed list. A limit that cannot be shown to be met counts as
    exceeded. `cause` is more precise, and later releases may add values: treat an unknown one like the `reason`. It is
    one of the reasons, or
    - `not_computed` (reason `limit_exceeded`): the number of the limit is missing or has no meaning.
    - `warned` (reason `limit_exceeded`): the report has a warning that the policy names.
    - `cleared` (the reason of the rule that ended): a rule that fired no longer fires.
    A signal of release 1.0 was stored without `cause`; its cause is its reason.

    Within a cool-down window a (world, stage, strategy, rule) has one signal, and a further one only if it
    asks for more or follows an all-clear; `sequence` counts them. `rule` names the limit, whatever the action.
    An all-clear has action `hold` and ratio 0, is announced as `exit_signal_cleared`, and asks for nothing.

    `ratio` is the share of the position to give up: 1 for `exit`, 0 for `hold`. `asset` is null if the signal
    is for the whole strategy. `metrics` holds each observed value and its limit; names of seconds end in
    `_seconds`. `window` is the start of the cool-down window that contains the snapshot's `as_of`. Instants
    are RFC 3339 UTC.
    """

    model_config = REPORT_MODEL

    world_id: Annotated[str, Field(pattern=ID_PATTERN)]
    version: Annotated[str, Field(pattern=ID_PATTERN)]
    content_hash: Annotated[str, Field(pattern=CONTENT_HASH_PATTERN)]
    as_of: Instant
    stage: str
    actor: str
    strategy: Annotated[str, Field(pattern=ID_PATTERN)]
    rule: Annotated[str, Field(min_length=1)]
    action: Action
    ratio: Annotated[float, Field(ge=0, le=1)]
    asset: Annotated[str, Field(min_length=1, max_length=ASSET_ID_MAX_CHARS)] | None
    reason: ExitReason
    cause: Annotated[str, Field(pattern=CAUSE_PATTERN, default_factory=lambda data: str(data["reason"]))]
    detail: str
    metrics: dict[str, Annotated[float, Field(allow_inf_nan=False)]]
    policy_version: Annotated[str, Field(pattern=ID_PATTERN)]
    engine_version: str
    window: Instant
    cool_down_seconds: Annotated[int, Field(ge=1)]
    emitted_at: Instant
    sequence: Annotated[int, Field(ge=1)] = 1

    @property
    def is_all_clear(self) -> bool:
        """Return whether the signal ends a rule and asks for nothing."""
        return self.cause == CLEARED


class ExitSignalPage(BaseModel):
    """One page of a world's exit signals; `next_cursor` is null on the last one.

    A page filtered by stage may hold fewer signals than `limit`, even none, and still have a next page.
    """

    model_config = ConfigDict(extra="forbid")

    signals: list[ExitSignal]
    next_cursor: Annotated[str, Field(max_length=CURSOR_MAX_CHARS)] | None
