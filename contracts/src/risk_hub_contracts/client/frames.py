"""What the hub answers, as pandas DataFrames; pandas is imported here and only when asked for (extra `dataframe`)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from risk_hub_contracts.blob_types import Covariance, Decoded, RealizedReturns, Stress
from risk_hub_contracts.client.answers import StoredSnapshot

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["to_dataframe"]


def to_dataframe(found: Decoded | Iterable[StoredSnapshot]) -> "pd.DataFrame":
    """Return a large part, or snapshots, as a DataFrame.

    A covariance is ids x ids (a factor model is multiplied out: n x n numbers). Returns have a column for each id, or one
    named `portfolio`, and their dates as index where they have some; series of unequal length end together. Stress is
    scenarios x metrics, shocks left out. Snapshots are a row each.

    Raises:
        ModuleNotFoundError: pandas is not installed.
    """
    import pandas as pd  # noqa: PLC0415 - whoever asks for a DataFrame has it

    if isinstance(found, Covariance):
        return pd.DataFrame(_square(found), index=list(found.ids), columns=list(found.ids))
    if isinstance(found, RealizedReturns):
        names, series = found.ids or ("portfolio",), found.series()
        longest = max(found.lengths)
        columns = {
            name: [float("nan")] * (longest - len(values)) + list(values)
            for name, values in zip(names, series, strict=True)
        }
        return pd.DataFrame(columns, index=None if found.dates is None else pd.to_datetime(list(found.dates)))
    if isinstance(found, Stress):
        numbers = {
            scenario: {name: value for name, value in metrics.items() if name != "shocks"}
            for scenario, metrics in found.scenarios.items()
        }
        return pd.DataFrame.from_dict(numbers, orient="index")
    return pd.DataFrame([_row(snapshot) for snapshot in found])


def _square(covariance: Covariance) -> list[list[float]]:
    count, values = len(covariance.ids), covariance.values  # noqa: PD011 - no DataFrame yet
    if covariance.layout == "factor":
        width = covariance.factor_count
        rows = [values[row * width : (row + 1) * width] for row in range(count)]
        specific = values[count * width :]
        return [
            [
                sum(a * b for a, b in zip(rows[i], rows[j], strict=True)) + (specific[i] if i == j else 0.0)
                for j in range(count)
            ]
            for i in range(count)
        ]
    square, place = [[0.0] * count for _ in range(count)], 0
    for row in range(count):
        for column in range(row, count):
            square[row][column] = square[column][row] = values[place]
            place += 1
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
