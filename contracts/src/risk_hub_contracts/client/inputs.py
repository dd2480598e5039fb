"""What a caller may pass for the parts of a snapshot, in the forms that the contract knows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from risk_hub_contracts.blob_types import BlobFormatError, BlobKind
from risk_hub_contracts.blob_write import encode_factor, encode_returns
from risk_hub_contracts.client.arrays import Dense, Packed, covariance_blob, is_array
from risk_hub_contracts.client.blobs import Blob
from risk_hub_contracts.client.errors import InvalidSnapshotError
from risk_hub_contracts.client.factors import FactorModel, factor_blob
from risk_hub_contracts.problems import Violation, summary
from risk_hub_contracts.times import format_instant

__all__ = ["covariance_of", "plain", "ready_blob", "returns_of", "weights_of"]

MIDNIGHT: Final = (0, 0, 0, 0)
SQUARE_DIMENSIONS: Final = 2


def plain(value: Any) -> Any:  # noqa: ANN401 - any value that has a JSON form
    """Return a value with arrays, series and array numbers as lists, objects and numbers."""
    if isinstance(value, datetime):
        return format_instant(value) if value.tzinfo else value.isoformat()
    if is_array(value) or hasattr(value, "to_list"):
        return value.tolist()
    if hasattr(value, "dtype") and hasattr(value, "item"):
        return value.item()
    if isinstance(value, Mapping):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [plain(child) for child in value]
    return value


def weights_of(value: Any) -> Any:  # noqa: ANN401 - judged by the contract
    """Return weights, from a mapping or a pandas Series."""
    return plain(dict(value.items())) if hasattr(value, "items") else plain(value)


def covariance_of(value: Any, weight_ids: Sequence[str], inline_max_entries: float) -> Any:  # noqa: ANN401
    """Return a covariance as an inline form or as a `Blob`.

    Args:
        value: an inline form of the contract (lists or arrays in it), a DataFrame, a square array in the order of the
            weights, `(ids, array)` with a square array or a packed upper triangle, a `FactorModel`, or a blob.
        weight_ids: the ids that have a weight, in their order.
        inline_max_entries: arrays with more entries become a blob here, smaller ones an inline form.

    Raises:
        InvalidSnapshotError: the contract refuses the array.
    """
    if isinstance(value, bytes | Path):
        return ready_blob(value, "covariance")
    model = _model_of(value, weight_ids)
    if isinstance(model, FactorModel):
        return _factors(model, weight_ids)
    if not isinstance(model, Dense | Packed):
        return plain(value)
    if len(model.ids) ** 2 <= inline_max_entries:
        return model.inline()
    return _require(covariance_blob(model, weight_ids))


def _model_of(value: Any, weight_ids: Sequence[str]) -> Any:  # noqa: ANN401
    if isinstance(value, FactorModel):
        return value
    if hasattr(value, "to_numpy") and hasattr(value, "columns"):
        return _frame(value)
    if isinstance(value, Mapping):
        return _named_arrays(value)
    ids, array = value if isinstance(value, tuple) and len(value) == 2 else (weight_ids, value)  # noqa: PLR2004
    if not is_array(array):
        return value
    form = Dense if array.ndim == SQUARE_DIMENSIONS else Packed
    return form([str(name) for name in ids], array)


def _frame(frame: Any) -> Dense:  # noqa: ANN401 - a DataFrame
    names = list(frame.columns)
    if sorted(map(str, names)) != sorted(map(str, frame.index)) or len(set(names)) != len(names):
        raise _invalid("/covariance", "the rows and columns of the DataFrame must be the same, distinct ids")
    ordered = frame if list(frame.index) == names else frame.loc[names]
    return Dense([str(name) for name in names], ordered.to_numpy())


def _named_arrays(value: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if "factors" in value and "specific" in value:
        return FactorModel(list(value.get("ids", ())), value["factors"], value["specific"])
    if "ids" in value and is_array(value.get("matrix")):
        return Dense(list(value["ids"]), value["matrix"])
    if "ids" in value and is_array(value.get("upper")):
        return Packed(list(value["ids"]), value["upper"])
    return value


def _factors(model: FactorModel, weight_ids: Sequence[str]) -> Blob:
    if is_array(model.factors) and is_array(model.specific):
        return _require(factor_blob(model, weight_ids))
    uncovered = [name for name in weight_ids if name not in set(model.ids)]
    if uncovered:
        raise _invalid("/covariance", f"does not cover {uncovered[0]!a}, which has a weight")
    try:
        return Blob.of_bytes(encode_factor(list(model.ids), plain(model.factors), plain(model.specific)))
    except (BlobFormatError, TypeError) as error:
        raise _invalid("/covariance", str(error)) from None


def returns_of(value: Any, weight_ids: Sequence[str]) -> Any:  # noqa: ANN401 - see covariance_of
    """Return realised returns as an inline form, or as a `Blob` where they are dated, which inline ones are not.

    Args:
        value: an inline form of the contract (lists or arrays in it), a DataFrame with a column for each id (a
            DatetimeIndex gives the dates), an array of periods x ids in the order of the weights, one bare series, or
            a blob.
        weight_ids: the ids that have a weight, in their order.

    Raises:
        InvalidSnapshotError: the contract refuses them.
    """
    if isinstance(value, bytes | Path):
        return ready_blob(value, "realized_returns")
    if is_array(value) and value.ndim == SQUARE_DIMENSIONS:
        if value.shape[1] != len(weight_ids):
            detail = f"{len(weight_ids)} weights need as many columns, not {value.shape[1]}"
            raise _invalid("/realized_returns", detail)
        return dict(zip(weight_ids, value.T.tolist(), strict=True))
    dates = _dates(value)
    series = (
        {str(name): column.tolist() for name, column in value.items()} if hasattr(value, "columns") else value
    )
    if dates is None:
        return plain(series)
    try:
        return Blob.of_bytes(encode_returns(plain(series), dates))
    except (BlobFormatError, TypeError) as error:
        raise _invalid("/realized_returns", str(error)) from None


def _dates(value: Any) -> list[str] | None:  # noqa: ANN401 - a DataFrame, a Series, or anything else
    index = getattr(value, "index", None)
    if index is None or not hasattr(index, "strftime"):
        return None
    days = all((each.hour, each.minute, each.second, each.microsecond) == MIDNIGHT for each in index)
    return [each.strftime("%Y-%m-%d") if days else each.isoformat() for each in index]


def ready_blob(value: bytes | Path, kind: BlobKind) -> Blob:
    """Return a blob that somebody has written, if it is of this kind.

    Raises:
        InvalidSnapshotError: it is none, or of another kind.
    """
    try:
        blob = Blob.of_bytes(value) if isinstance(value, bytes) else Blob.of_file(value)
    except BlobFormatError as error:
        raise _invalid(f"/{kind}", str(error)) from None
    if blob.kind != kind:
        raise _invalid(f"/{kind}", f"this blob is of kind {blob.kind}")
    return blob


def _require(blob: Blob | list[Violation]) -> Blob:
    if isinstance(blob, Blob):
        return blob
    raise InvalidSnapshotError(summary(blob, "The covariance"), blob)


def _invalid(pointer: str, detail: str) -> InvalidSnapshotError:
    found = (Violation(pointer, detail),)
    return InvalidSnapshotError(summary(found, "The snapshot"), found)
