"""Conversion of the caller's values for a snapshot's components to the forms of the contract."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from risk_hub_client.arrays import (
    COVARIANCE_POINTER,
    Dense,
    Packed,
    covariance_blob,
    is_array,
    to_plain_array,
)
from risk_hub_client.blobs import Blob
from risk_hub_client.checks import blob_violations
from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_client.factors import FactorModel, factor_blob
from risk_hub_client.labels import text_ids, violation_error
from risk_hub_contracts.base.problems import Violation, summary
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.blob.types import BlobFormatError, BlobKind
from risk_hub_contracts.blob.write import encode_factor, encode_returns

__all__ = [
    "convert_covariance",
    "convert_returns",
    "convert_weights",
    "load_blob",
    "to_json_value",
    "validate_blob",
]

MIDNIGHT: Final = (0, 0, 0, 0)
SQUARE_DIMENSIONS: Final = 2
RETURNS_POINTER: Final = "/realized_returns"


def to_json_value(value: Any) -> Any:  # noqa: ANN401 - any value that has a JSON form
    """Convert arrays, series and array scalars within a value to lists, objects and numbers."""
    if isinstance(value, datetime):
        return format_instant(value) if value.tzinfo else value.isoformat()
    if is_array(value) or hasattr(value, "to_list"):
        return (to_plain_array(value) if is_array(value) else value).tolist()
    if hasattr(value, "dtype") and hasattr(value, "item"):
        return value.item()
    if isinstance(value, Mapping):
        return {key: to_json_value(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_value(child) for child in value]
    return value


def convert_weights(value: Any) -> Any:  # noqa: ANN401 - judged by the contract
    """Return weights, from a mapping or a pandas Series.

    Raises:
        InvalidSnapshotError: an id is neither text nor a whole number, or is repeated.
    """
    return to_json_value(_by_id(value, "/weights")) if hasattr(value, "items") else to_json_value(value)


def _by_id(value: Any, at: str) -> dict[str, Any]:  # noqa: ANN401 - a mapping, a Series, or a DataFrame by column
    pairs = list(value.items())
    return dict(zip(text_ids((key for key, _ in pairs), at), (child for _, child in pairs), strict=True))


def convert_covariance(value: Any, weight_ids: Sequence[str], inline_max_entries: float) -> Any:  # noqa: ANN401
    """Convert a covariance to an inline form or a `Blob`.

    Args:
        value: an inline form of the contract (lists or arrays in it), a DataFrame, a square array in the order of the
            weights, `(ids, array)` with a square array or a packed upper triangle, a `FactorModel`, or a blob.
        weight_ids: the ids that have a weight, in their order.
        inline_max_entries: arrays with more entries become a blob, smaller ones an inline form.

    Raises:
        InvalidSnapshotError: the array violates the contract.
    """
    if isinstance(value, bytes | Path):
        return load_blob(value, "covariance", weight_ids)
    model = _matrix_model(value, weight_ids)
    if isinstance(model, FactorModel):
        return _factor_model_blob(
            replace(model, ids=text_ids(model.ids, f"{COVARIANCE_POINTER}/ids")), weight_ids
        )
    if not isinstance(model, Dense | Packed):
        return to_json_value(value)
    model = replace(
        model, ids=text_ids(model.ids, f"{COVARIANCE_POINTER}/ids"), array=to_plain_array(model.array)
    )
    if len(model.ids) ** 2 <= inline_max_entries:
        return model.inline()
    return _blob_or_raise(covariance_blob(model, weight_ids))


def _matrix_model(value: Any, weight_ids: Sequence[str]) -> Any:  # noqa: ANN401
    if isinstance(value, FactorModel):
        return value
    if hasattr(value, "to_numpy") and hasattr(value, "columns"):
        return _dense_from_frame(value)
    if isinstance(value, Mapping):
        return _model_from_mapping(value)
    ids, array = value if isinstance(value, tuple) and len(value) == 2 else (weight_ids, value)  # noqa: PLR2004
    if not is_array(array):
        return value
    form = Dense if array.ndim == SQUARE_DIMENSIONS else Packed
    return form(ids, array)


def _dense_from_frame(frame: Any) -> Dense:  # noqa: ANN401 - a DataFrame
    names, rows = text_ids(frame.columns, COVARIANCE_POINTER), text_ids(frame.index, COVARIANCE_POINTER)
    if set(names) != set(rows):
        raise violation_error(
            COVARIANCE_POINTER, "the rows and columns of the DataFrame must be the same, distinct ids"
        )
    places = {name: place for place, name in enumerate(rows)}
    ordered = frame if rows == names else frame.iloc[[places[name] for name in names]]
    return Dense(names, ordered.to_numpy())


def _model_from_mapping(value: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if "factors" in value and "specific" in value:
        return FactorModel(value.get("ids", ()), value["factors"], value["specific"])
    if "ids" in value and is_array(value.get("matrix")):
        return Dense(value["ids"], value["matrix"])
    if "ids" in value and is_array(value.get("upper")):
        return Packed(value["ids"], value["upper"])
    return value


def _factor_model_blob(raw_model: FactorModel, weight_ids: Sequence[str]) -> Blob:
    model = FactorModel(
        raw_model.ids, _numbers(raw_model.factors, raw_model.ids), _numbers(raw_model.specific, raw_model.ids)
    )
    if is_array(model.factors) and is_array(model.specific):
        return _blob_or_raise(factor_blob(model, weight_ids))
    try:
        blob = Blob.of_bytes(
            encode_factor(model.ids, to_json_value(model.factors), to_json_value(model.specific))
        )
    except TypeError:
        raise violation_error(
            COVARIANCE_POINTER,
            "a factor model must have rows of real numbers and a list of specific variances",
        ) from None
    except BlobFormatError as error:
        raise violation_error(COVARIANCE_POINTER, str(error)) from None
    return validate_blob(blob, weight_ids)


def _numbers(value: Any, ids: Sequence[str]) -> Any:  # noqa: ANN401 - an array, a frame of one, or lists
    if not hasattr(value, "to_numpy"):
        return to_plain_array(value) if is_array(value) else value
    if list(map(str, value.index)) != list(ids):
        raise violation_error(
            COVARIANCE_POINTER,
            "the rows of a DataFrame must be in the order of the ids, and labelled with them",
        )
    return value.to_numpy()


def convert_returns(value: Any, weight_ids: Sequence[str]) -> Any:  # noqa: ANN401 - see convert_covariance
    """Convert realised returns to an inline form, or to a `Blob` if dated: inline returns have no dates.

    Args:
        value: an inline form of the contract (lists or arrays in it), a DataFrame with a column for each id (a
            DatetimeIndex gives the dates), an array of periods x ids in the order of the weights, one bare series, or
            a blob.
        weight_ids: the ids that have a weight, in their order.

    Raises:
        InvalidSnapshotError: the returns violate the contract.
    """
    if isinstance(value, bytes | Path):
        return load_blob(value, "realized_returns", weight_ids)
    if is_array(value) and value.ndim == SQUARE_DIMENSIONS:
        if value.shape[1] != len(weight_ids):
            detail = f"{len(weight_ids)} weights need the same number of columns, not {value.shape[1]}"
            raise violation_error(RETURNS_POINTER, detail)
        return dict(zip(weight_ids, to_plain_array(value).T.tolist(), strict=True))
    dates = _dates(value)
    if isinstance(value, Mapping) and any(_dates(child) for child in value.values()):
        raise violation_error(
            RETURNS_POINTER, "put series that have their own dates into a DataFrame, which aligns them"
        )
    is_mapping = isinstance(value, Mapping) or hasattr(value, "columns")
    series = to_json_value(_by_id(value, RETURNS_POINTER) if is_mapping else value)
    if dates is None:
        return series
    try:
        blob = Blob.of_bytes(encode_returns(series, dates))
    except (BlobFormatError, TypeError) as error:
        raise violation_error(RETURNS_POINTER, str(error)) from None
    return validate_blob(blob, weight_ids)


def _dates(value: Any) -> list[str] | None:  # noqa: ANN401 - a DataFrame, a Series, or anything else
    index = getattr(value, "index", None)
    if index is None or not hasattr(index, "strftime"):
        return None
    if hasattr(index, "to_timestamp"):
        raise violation_error(
            RETURNS_POINTER,
            "a period is not a date: convert it, for example with to_timestamp(how='end').normalize()",
        )
    if index.hasnans:
        raise violation_error(RETURNS_POINTER, "a return has no date (NaT)")
    days = all((each.hour, each.minute, each.second, each.microsecond) == MIDNIGHT for each in index)
    return [each.strftime("%Y-%m-%d") if days else each.isoformat() for each in index]


def load_blob(value: bytes | Path, kind: BlobKind, weight_ids: Collection[str] = ()) -> Blob:
    """Return an existing blob after checking its kind and content.

    Raises:
        InvalidSnapshotError: it is not a blob of this kind, or its content violates the contract.
    """
    try:
        blob = Blob.of_bytes(value) if isinstance(value, bytes) else Blob.of_file(value)
    except BlobFormatError as error:
        raise violation_error(f"/{kind}", str(error)) from None
    if blob.kind != kind:
        raise violation_error(f"/{kind}", f"this blob is of kind {blob.kind}")
    return validate_blob(blob, weight_ids)


def validate_blob(blob: Blob, weight_ids: Collection[str]) -> Blob:
    """Return a blob unchanged after validating its content.

    Raises:
        InvalidSnapshotError: the content violates the contract.
    """
    try:
        violations = list(blob_violations(blob, weight_ids))
    except BlobFormatError as error:
        raise violation_error(f"/{blob.kind}", str(error)) from None
    return _blob_or_raise(violations or blob)


def _blob_or_raise(blob: Blob | list[Violation]) -> Blob:
    if isinstance(blob, Blob):
        return blob
    raise InvalidSnapshotError(summary(blob, "The snapshot"), blob)
