"""JSON form of values that arrays, series and dates are part of."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from risk_hub_client.arrays import is_array, to_plain_array
from risk_hub_client.tables import to_list
from risk_hub_contracts.base.times import format_instant

__all__ = ["to_json_value"]


def to_json_value(value: Any) -> Any:  # noqa: ANN401 - any value that has a JSON form
    """Convert arrays, series, array scalars and dates within a value to lists, objects, numbers and texts."""
    if isinstance(value, date):
        return _date_text(value)
    if is_array(value) or hasattr(value, "to_list"):
        return to_list(to_plain_array(value) if is_array(value) else value)
    if hasattr(value, "dtype") and hasattr(value, "item"):
        return value.item()
    if isinstance(value, Mapping):
        return {key: to_json_value(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_value(child) for child in value]
    return value


def _date_text(value: date) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return format_instant(value)
    return value.isoformat()
