"""Items of the `segments` table: rows of segments in time order, the same rows by expiry, and plans."""

from datetime import UTC, datetime
from typing import Final

from functions.history.ports import MovePlan, MoveStep
from functions.history.segment import SegmentRow, day_of
from functions.hub.adapters.aws import Item
from functions.hub.domain.ordering import AFTER_ALL, BEFORE_ALL
from risk_hub_contracts.base.times import format_instant, parse_instant

# Rows begin with a date. No date begins with a letter, so these two sort after all rows.
PLAN: Final = "move"
EXPIRY: Final = "expiry"
SEPARATOR: Final = "/"
LAST_DAY: Final = "9999-12-31"
STEP: Final = "move_step"
# The step of an item whose move is finished: the world has no plan.
DONE: Final = {"S": "done"}
STEPS: Final[dict[str, MoveStep]] = {"planned": "planned", "stored": "stored"}


def key(world_id: str, segment_order: str) -> Item:
    """Return the key of an item."""
    return {"world_id": {"S": world_id}, "segment_order": {"S": segment_order}}


def expiry_key(instant: datetime | None, end: str = "") -> str:
    """Return the sort key of rows with that greatest expiry, or the beginning of all such keys."""
    return EXPIRY + SEPARATOR + ("" if instant is None else format_instant(instant)) + end


def expiry_order(row: SegmentRow) -> str:
    """Return the sort key under which a row is found by its greatest expiry."""
    return expiry_key(row.greatest_expires_at, SEPARATOR + row.segment_id)


def row_item(row: SegmentRow, sort_key: str) -> Item:
    """Return the item of a row under one of its two sort keys."""
    texts = {
        "segment_id": row.segment_id,
        "key": row.key,
        "first_order": row.first_order,
        "last_order": row.last_order,
        "sha256": row.sha256,
        "digest": row.digest,
        "least_created_at": format_instant(row.least_created_at),
        "greatest_created_at": format_instant(row.greatest_created_at),
        "greatest_expires_at": format_instant(row.greatest_expires_at),
        "stages": " ".join(row.stages),
    }
    numbers = {
        "count": row.count,
        "bytes": row.size_bytes,
        "retain_until": int(row.retain_until.timestamp()),
    }
    return {
        **key(row.world_id, sort_key),
        **{name: {"S": text} for name, text in texts.items()},
        **{name: {"N": str(number)} for name, number in numbers.items()},
    }


def row_of(item: Item) -> SegmentRow:
    """Return the row in an item, under either of its sort keys."""
    return SegmentRow(
        world_id=item["world_id"]["S"],
        segment_id=item["segment_id"]["S"],
        key=item["key"]["S"],
        first_order=item["first_order"]["S"],
        last_order=item["last_order"]["S"],
        count=int(item["count"]["N"]),
        size_bytes=int(item["bytes"]["N"]),
        sha256=item["sha256"]["S"],
        digest=item["digest"]["S"],
        least_created_at=parse_instant(item["least_created_at"]["S"]),
        greatest_created_at=parse_instant(item["greatest_created_at"]["S"]),
        greatest_expires_at=parse_instant(item["greatest_expires_at"]["S"]),
        stages=tuple(item["stages"]["S"].split()),
        retain_until=datetime.fromtimestamp(int(item["retain_until"]["N"]), UTC),
    )


def plan_item(plan: MovePlan) -> Item:
    """Return the item of a world's plan."""
    texts = {
        "segment_id": plan.segment_id,
        "first_order": plan.first_order,
        "last_order": plan.last_order,
        "created_from": format_instant(plan.created_from),
        "created_until": format_instant(plan.created_until),
        "digest": plan.digest,
        STEP: plan.step,
    }
    return {
        **key(plan.world_id, PLAN),
        **{name: {"S": text} for name, text in texts.items()},
        "count": {"N": str(plan.count)},
    }


def plan_of(item: Item) -> MovePlan:
    """Return the plan in an item."""
    return MovePlan(
        world_id=item["world_id"]["S"],
        segment_id=item["segment_id"]["S"],
        first_order=item["first_order"]["S"],
        last_order=item["last_order"]["S"],
        created_from=parse_instant(item["created_from"]["S"]),
        created_until=parse_instant(item["created_until"]["S"]),
        count=int(item["count"]["N"]),
        digest=item["digest"]["S"],
        step=STEPS[item[STEP]["S"]],
    )


def row_bounds(lower: str, upper: str) -> tuple[str, str]:
    """Return the bounds of the sort keys of all segments that may hold a time order between two bounds.

    A segment that begins before `upper` and ends after it has its row after `upper`, on the same day.
    """
    first = BEFORE_ALL if lower == BEFORE_ALL else day_of(lower) + SEPARATOR + lower
    last = LAST_DAY if upper == AFTER_ALL else day_of(upper)
    return first, last + SEPARATOR + AFTER_ALL
