"""Conversion of the hub's answers to pandas DataFrames; pandas (extra `dataframe`) is imported on use."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from risk_hub_client.arrays import array_namespace
from risk_hub_client.results import StoredSnapshot
from risk_hub_contracts.blob.types import Covariance, Decoded, RealizedReturns, Stress

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["to_dataframe"]


def to_dataframe(found: Decoded | Iterable[StoredSnapshot]) -> "pd.DataFrame":
    """Return a component, or snapshots, as a DataFrame.

    - covariance: ids x ids. At 5,000 ids it takes 200 MB, twice the packed blob, with no further copy. A
      factor model is multiplied out.
    - returns: a column per id, or one named `portfolio`; the dates, if present, are the index. A missing
      observation is NaN. Series of unequal length are aligned at their end.
    - stress: scenarios x metrics, without shocks.
    - snapshots: one row each.

    Raises:
        ModuleNotFoundError: pandas is not installed.
    """
    import pandas as pd  # noqa: PLC0415 - only callers that want a DataFrame have it

    if isinstance(found, Covariance):
        square = _square(found, array_namespace(pd.Index([0]).to_numpy()))
        return pd.DataFrame(square, index=list(found.ids), columns=list(found.ids), copy=False)
    if isinstance(found, RealizedReturns):
        names, series = found.ids or ("portfolio",), found.series()
        longest = max(found.lengths)
        columns = {
            name: [float("nan")] * (longest - len(values)) + list(values)
            for name, values in zip(names, series, strict=True)
        }
        return pd.DataFrame(columns, index=None if found.dates is None else _date_index(found.dates, pd))
    if isinstance(found, Stress):
        numbers = {
            scenario: {name: value for name, value in metrics.items() if name != "shocks"}
            for scenario, metrics in found.scenarios.items()
        }
        return pd.DataFrame.from_dict(numbers, orient="index")
    return pd.DataFrame([_row(snapshot) for snapshot in found])


def _date_index(dates: Sequence[str], pd: Any) -> Any:  # noqa: ANN401 - the library, and its index
    """Return dates as an index; where they mix dates and instants, in UTC."""
    try:
        return pd.to_datetime(list(dates), format="ISO8601")
    except ValueError:
        return pd.to_datetime(list(dates), format="ISO8601", utc=True)


def _square(covariance: Covariance, library: Any) -> Any:  # noqa: ANN401 - NumPy, and an array of it
    numbers, count = library.frombuffer(covariance.payload, "<f8"), len(covariance.ids)
    if covariance.layout == "factor":
        split = count * covariance.factor_count
        loadings = numbers[:split].reshape(count, -1)
        square = loadings @ loadings.T
        square[library.diag_indices(count)] += numbers[split:]
        return square
    square, start = library.empty((count, count)), 0
    for row in range(count):
        entries = numbers[start : start + count - row]
        square[row, row:] = square[row:, row] = entries
        start += len(entries)
    return square


def _row(snapshot: StoredSnapshot) -> dict[str, object]:
    provenance = snapshot.document["provenance"]
    return {
        "version": snapshot.version,
        "as_of": snapshot.as_of,
        "stage": provenance["stage"],
        "actor": provenance["actor"],
        "weights": len(snapshot.weights),
        "content_hash": snapshot.content_hash,
        "created_at": snapshot.created_at,
        "expires_at": snapshot.expires_at,
    }
