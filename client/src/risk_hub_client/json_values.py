"""Convert values that contain arrays, series or dates to JSON values."""

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from risk_hub_client.arrays import MASKED, is_array, is_masked
from risk_hub_client.instants import require_utc
from risk_hub_client.labels import violation_error
from risk_hub_client.tables import plain_list
from risk_hub_contracts.base.pointers import join
from risk_hub_contracts.base.problems import Violation
from risk_hub_contracts.base.times import format_instant

__all__ = ["non_finite_violations", "to_json_value"]
RETURNS_FIELD: Final = ("realized_returns",)
MISSING_REMEDY: Final = ": send null for a missing observation"


def to_json_value(value: Any, at: str) -> Any:  # noqa: ANN401 - any value that has a JSON form
    """Convert arrays, series, array scalars and dates within a value to lists, objects, numbers and texts.

    Args:
        value: a member of the body.
        at: its position in the body.

    Raises:
        InvalidSnapshotError: the value contains a masked array or `numpy.ma.masked`, or an instant outside the years of UTC.
    """
    if isinstance(value, date):
        return _date_text(value, at)
    if is_masked(value):
        raise violation_error(at, MASKED)
    if hasattr(value, "dtype") and not hasattr(value, "to_list") and getattr(value, "ndim", 0) == 0:
        return value.item()
    if is_array(value) or hasattr(value, "to_list"):
        return plain_list(value, at)
    if isinstance(value, Mapping):
        return {key: to_json_value(child, at) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_value(child, at) for child in value]
    return value


def non_finite_violations(value: object, place: tuple[str | int, ...] = ()) -> Iterator[Violation]:
    """Yield a violation for each number of a JSON value that is NaN or infinite."""
    if isinstance(value, float) and not math.isfinite(value):
        remedy = MISSING_REMEDY if place[:1] == RETURNS_FIELD else ""
        yield Violation(join(place), f"is {value}, which is not a JSON number{remedy}")
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from non_finite_violations(child, (*place, str(key)))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from non_finite_violations(child, (*place, number))


def _date_text(value: date, at: str) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        require_utc(value, at)
        return format_instant(value)
    return value.isoformat()
