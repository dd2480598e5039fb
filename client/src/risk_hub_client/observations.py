"""Numbers of one asset's series: a missing observation stays missing, and every error names its place."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from risk_hub_client.labels import violation_error
from risk_hub_contracts.base.limits import RETURN_MAX_ABS

__all__ = ["is_missing", "read_observations"]

_PLAIN: Final = frozenset({float, int})
# MaskedConstant: `numpy.ma.masked`, whose `item()` is 0.
_MISSING_TYPES: Final = frozenset({"NAType", "NaTType", "MaskedConstant"})


def is_missing(value: Any) -> bool:  # noqa: ANN401 - a value of a table
    """Return whether a value marks a missing observation: None, NaN, NaT, pandas.NA or numpy.ma.masked."""
    if value is None or type(value).__name__ in _MISSING_TYPES:
        return True
    return isinstance(value, float) and math.isnan(value)


def read_observations(values: Sequence[Any], pointer: str, place: Callable[[int], str]) -> list[float | None]:
    """Return the returns of a series, with None for each missing observation.

    Args:
        values: the values of a column, in the order of its rows.
        pointer: the position of the series in the body.
        place: returns the text that names the return of a row in errors.

    Raises:
        InvalidSnapshotError: a value is not a number, is infinite, or is out of range.
    """
    if _are_plain(values):
        return list(values)
    return [_observation(value, pointer, place, row) for row, value in enumerate(values)]


def _are_plain(values: Sequence[Any]) -> bool:
    """Return whether all values are numbers within the limits; this is fast, and NaN fails it."""
    if not set(map(type, values)) <= _PLAIN:
        return False
    try:
        is_finite = math.isfinite(sum(values))
    except OverflowError:
        return False
    return is_finite and (not values or (min(values) >= -RETURN_MAX_ABS and max(values) <= RETURN_MAX_ABS))


def _observation(value: Any, pointer: str, place: Callable[[int], str], row: int) -> float | None:  # noqa: ANN401
    if is_missing(value):
        return None
    if hasattr(value, "dtype") and hasattr(value, "item"):
        value = value.item()
    if is_missing(value):
        return None
    fault = _fault(value)
    if fault is not None:
        raise violation_error(f"{pointer}/{row}", f"{place(row)} {fault}")
    return value  # type: ignore[no-any-return]


def _fault(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, float | int):
        return f"is {value!a:.60}, which is not a number"
    if isinstance(value, float) and math.isinf(value):
        return "is infinite: send null (NaN) for a missing observation"
    if not -RETURN_MAX_ABS <= value <= RETURN_MAX_ABS:
        return f"is {value!a:.30}, beyond the limit of {RETURN_MAX_ABS:g}"
    return None
