"""Answers about stored evaluation runs: pages of list entries, and pages of a run's history."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from risk_hub_contracts.base.ids import ID_PATTERN, SHA256_PATTERN, STAGE_PATTERN
from risk_hub_contracts.base.limits import CURSOR_MAX_CHARS
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.runs.rule_result import RuleStatus
from risk_hub_contracts.runs.run_item import FIRST_SEQUENCE, RunItem

__all__ = ["EvaluationRunEntry", "EvaluationRunHistory", "EvaluationRunPage", "RecordedItem"]

_CLOSED: Final = ConfigDict(extra="forbid")
Cursor = Annotated[str, Field(max_length=CURSOR_MAX_CHARS)]
Sequence = Annotated[int, Field(ge=FIRST_SEQUENCE)]


class EvaluationRunEntry(TypedDict):
    """One run in a list: its identity, and its state after the last item.

    `sequence` and `sha256` are those of the last item; `status` is the summary status after it.
    """

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    world_id: Annotated[str, Field(pattern=ID_PATTERN)]
    strategy_id: Annotated[str, Field(min_length=1)]
    run_id: Annotated[str, Field(pattern=ID_PATTERN)]
    stage: Annotated[str, Field(pattern=STAGE_PATTERN)]
    status: RuleStatus
    sequence: Sequence
    sha256: Annotated[str, Field(pattern=SHA256_PATTERN)]
    created_at: Instant
    updated_at: Instant


class EvaluationRunPage(BaseModel):
    """One page of the runs of a world, in the order of their creation; `next_cursor` is null on the last one.

    A page that selects a strategy together with a stage or a status may hold fewer runs than the limit, or none,
    and still have a next page.
    """

    model_config = _CLOSED

    runs: list[EvaluationRunEntry]
    next_cursor: Cursor | None


class RecordedItem(TypedDict):
    """One item of a run's chain, and the SHA-256 of its canonical JSON (RFC 8785)."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    sha256: Annotated[str, Field(pattern=SHA256_PATTERN)]
    item: RunItem


class EvaluationRunHistory(BaseModel):
    """One page of the items of a run, in their order; `next_cursor` is null on the last one.

    Each item states the SHA-256 of the item before it, so a reader of all pages can verify the chain.
    """

    model_config = _CLOSED

    items: list[RecordedItem]
    next_cursor: Cursor | None
