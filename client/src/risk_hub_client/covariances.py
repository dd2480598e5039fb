"""Conversion of covariances: arrays with their ids, and tables aligned by label, rows to columns."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from risk_hub_client.arrays import array_namespace, is_array, to_plain_array
from risk_hub_client.blobs import Blob
from risk_hub_client.covariance_arrays import COVARIANCE_POINTER, Dense, Packed, covariance_blob
from risk_hub_client.factors import FactorModel, factor_blob
from risk_hub_client.json_values import to_json_value
from risk_hub_client.labels import text_ids, violation_error
from risk_hub_client.loading import blob_or_raise, load_blob, validate_blob
from risk_hub_client.observations import is_missing
from risk_hub_client.tables import is_pandas, is_table, labelled_rows, plain_table, select_rows
from risk_hub_contracts.blob.types import BlobFormatError
from risk_hub_contracts.blob.write import encode_factor

__all__ = ["convert_covariance"]

SQUARE_DIMENSIONS: Final = 2
IDS_POINTER: Final = f"{COVARIANCE_POINTER}/ids"


def convert_covariance(value: Any, weight_ids: Sequence[str], inline_max_entries: float) -> Any:  # noqa: ANN401
    """Convert a covariance to an inline form or a `Blob`.

    Args:
        value: an inline form of the contract (lists or arrays in it); a DataFrame or xarray DataArray, aligned by its
            labels; `(ids, array)` with a square array or a packed upper triangle; a square array in the order of the
            weights; a `FactorModel`; or a blob. A polars DataFrame has the ids of its rows in a column `id`.
        weight_ids: the ids that have a weight, in their order.
        inline_max_entries: arrays with more entries become a blob, smaller ones an inline form.

    Raises:
        InvalidSnapshotError: the covariance violates the contract; the message names the assets.
    """
    if isinstance(value, bytes | Path):
        return load_blob(value, "covariance", weight_ids)
    model = _matrix_model(plain_table(value, COVARIANCE_POINTER), weight_ids)
    if isinstance(model, FactorModel):
        return _factor_model_blob(replace(model, ids=text_ids(model.ids, IDS_POINTER)), weight_ids)
    if not isinstance(model, Dense | Packed):
        return to_json_value(value, COVARIANCE_POINTER)
    array = to_plain_array(model.array, COVARIANCE_POINTER)
    model = replace(model, ids=text_ids(model.ids, IDS_POINTER), array=array)
    _refuse_non_finite(model)
    if len(model.ids) ** 2 <= inline_max_entries:
        return model.inline()
    return blob_or_raise(covariance_blob(model, weight_ids))


def _matrix_model(value: Any, weight_ids: Sequence[str]) -> Any:  # noqa: ANN401
    if isinstance(value, FactorModel):
        return value
    if is_table(value):
        return _dense_from_table(value)
    if isinstance(value, Mapping):
        return _model_from_mapping(value)
    ids, array = value if isinstance(value, tuple) and len(value) == 2 else (weight_ids, value)  # noqa: PLR2004
    if is_table(array):
        raise violation_error(
            COVARIANCE_POINTER, "a DataFrame is aligned by its own labels: pass it without ids"
        )
    if not is_array(array):
        return value
    form = Dense if array.ndim == SQUARE_DIMENSIONS else Packed
    return form(ids, array)


def _dense_from_table(table: Any) -> Dense:  # noqa: ANN401 - a DataFrame of pandas or polars
    rows, numbers = labelled_rows(table, COVARIANCE_POINTER)
    names = text_ids(numbers.columns, COVARIANCE_POINTER)
    if set(names) != set(rows):
        unmatched = sorted(set(names) ^ set(rows))
        raise violation_error(
            COVARIANCE_POINTER,
            "the rows and columns of the DataFrame must be the same, distinct ids; only one side has "
            f"{unmatched[0]!a}",
        )
    return Dense(names, _rows_in_order(numbers, rows, names).to_numpy())


def _rows_in_order(table: Any, rows: Sequence[str], ids: Sequence[str]) -> Any:  # noqa: ANN401
    if list(rows) == list(ids):
        return table
    places = {name: place for place, name in enumerate(rows)}
    return select_rows(table, [places[name] for name in ids])


def _model_from_mapping(value: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if "factors" in value and "specific" in value:
        return FactorModel(value.get("ids", ()), value["factors"], value["specific"])
    if "ids" in value and is_array(value.get("matrix")):
        return Dense(value["ids"], value["matrix"])
    if "ids" in value and is_array(value.get("upper")):
        return Packed(value["ids"], value["upper"])
    return value


def _refuse_non_finite(model: Dense | Packed) -> None:
    """Reject an array with a missing or infinite entry, and name its assets."""
    place = _non_finite_place(model.array)
    if place is not None:
        first, second = _names_of(model, place)
        raise violation_error(
            COVARIANCE_POINTER,
            f"the entry of {first!a} and {second!a} is {model.array[tuple(place)]}: estimate it from the dates that "
            "both assets have, or leave the asset out",
        )


def _non_finite_place(array: Any) -> list[int] | None:  # noqa: ANN401
    library = array_namespace(array)
    if array.dtype.kind == "O":
        missing = library.asarray([is_missing(value) for value in array.flat], bool).reshape(array.shape)
        return next(iter(library.argwhere(missing).tolist()), None)
    # The sum finds them without a copy of the array; finite numbers that overflow it are not an error.
    if array.dtype.kind != "f" or math.isfinite(array.sum()):
        return None
    return next(iter(library.argwhere(~library.isfinite(array)).tolist()), None)


def _names_of(model: Dense | Packed, place: Sequence[int]) -> tuple[str, str]:
    count = len(model.ids)
    if isinstance(model, Dense) and max(place) < count:
        return model.ids[place[0]], model.ids[place[1]]
    pairs = ((row, column) for row in range(count) for column in range(row, count))
    row, column = next((pair for number, pair in enumerate(pairs) if number == place[0]), (0, 0))
    return model.ids[row], model.ids[column]


def _factor_model_blob(raw_model: FactorModel, weight_ids: Sequence[str]) -> Blob:
    model = FactorModel(
        raw_model.ids, _numbers(raw_model.factors, raw_model.ids), _numbers(raw_model.specific, raw_model.ids)
    )
    if is_array(model.factors) and is_array(model.specific):
        return blob_or_raise(factor_blob(model, weight_ids))
    try:
        blob = Blob.of_bytes(
            encode_factor(
                model.ids,
                to_json_value(model.factors, COVARIANCE_POINTER),
                to_json_value(model.specific, COVARIANCE_POINTER),
            )
        )
    except TypeError:
        raise violation_error(
            COVARIANCE_POINTER,
            "a factor model must have rows of real numbers and a list of specific variances",
        ) from None
    except BlobFormatError as error:
        raise violation_error(COVARIANCE_POINTER, str(error)) from None
    return validate_blob(blob, weight_ids)


def _numbers(value: Any, ids: Sequence[str]) -> Any:  # noqa: ANN401 - an array, a table or series of one, or lists
    value = plain_table(value, COVARIANCE_POINTER)
    if not (is_table(value) or is_pandas(value)):
        return to_plain_array(value, COVARIANCE_POINTER) if is_array(value) else value
    rows, numbers = labelled_rows(value, COVARIANCE_POINTER)
    if set(rows) != set(ids):
        raise violation_error(
            COVARIANCE_POINTER, "the rows of a factor model's DataFrame must be labelled with its ids"
        )
    return _rows_in_order(numbers, rows, ids).to_numpy()
