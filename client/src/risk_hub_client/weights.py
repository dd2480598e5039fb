"""Conversion of weights: every weight has the id of its asset, from a mapping or from a labelled table."""

import math
from collections.abc import Mapping
from typing import Any, Final

from risk_hub_client.arrays import is_array, is_masked
from risk_hub_client.labels import text_ids, violation_error
from risk_hub_client.observations import is_missing
from risk_hub_client.tables import (
    ID_COLUMN,
    WEIGHT_COLUMN,
    is_pandas,
    is_table,
    labelled_rows,
    named_column,
    plain_table,
    to_list,
)
from risk_hub_contracts.base.pointers import join

__all__ = ["WEIGHTS_POINTER", "convert_weights"]

WEIGHTS_POINTER: Final = "/weights"


def convert_weights(value: Any) -> Any:  # noqa: ANN401 - validated by the contract
    """Return weights by asset id.

    Args:
        value: a mapping; a pandas Series labelled with ids; a DataFrame with a column `weight` and the ids as its
            index or in a column `id`; or an xarray DataArray with the ids as its coordinate.

    Raises:
        InvalidSnapshotError: a weight has no id, an id is not text or is repeated, or a weight is missing.
    """
    value = plain_table(value, WEIGHTS_POINTER)
    if is_table(value):
        return _weights(*_table_weights(value))
    if isinstance(value, Mapping):
        return _weights(text_ids(value, WEIGHTS_POINTER), list(value.values()))
    if is_pandas(value):
        return _weights(text_ids(value.index, WEIGHTS_POINTER), to_list(value))
    if is_array(value) or hasattr(value, "to_list"):
        raise violation_error(
            WEIGHTS_POINTER, "an array does not name its assets: pass dict(zip(ids, weights, strict=True))"
        )
    return value


def _table_weights(table: Any) -> tuple[list[str], list[Any]]:  # noqa: ANN401
    weights = named_column(table, WEIGHT_COLUMN)
    if weights is None:
        raise violation_error(
            WEIGHTS_POINTER,
            f"a DataFrame of weights needs a column {WEIGHT_COLUMN!a}, and the ids as its index or in a column "
            f"{ID_COLUMN!a}",
        )
    return labelled_rows(table, WEIGHTS_POINTER)[0], weights


def _weights(ids: list[str], values: list[Any]) -> dict[str, Any]:
    plain = {}
    for row, (asset_id, given) in enumerate(zip(ids, values, strict=True)):
        value = _plain_number(given)
        fault = _fault(value)
        if fault is not None:
            raise violation_error(
                join((WEIGHTS_POINTER[1:], asset_id)),
                f"the weight of {asset_id!a} (row {row}) {fault}: give a number, or leave the asset out",
            )
        plain[asset_id] = value
    return plain


def _plain_number(value: Any) -> Any:  # noqa: ANN401
    """Return a scalar of an array library as a Python number; return every other value unchanged."""
    if is_masked(value) or not hasattr(value, "dtype"):
        return value
    try:
        return value.item()
    except (AttributeError, RuntimeError, ValueError):
        return value


def _fault(value: object) -> str | None:
    if is_masked(value):
        return "is masked"
    if is_missing(value):
        return "is missing (NaN)"
    if hasattr(value, "dtype"):
        return "is an array"
    return "is infinite" if isinstance(value, float) and math.isinf(value) else None
