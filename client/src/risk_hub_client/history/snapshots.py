"""The history of a world as the client returns it: an iterator of snapshots, and a DataFrame of them."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from risk_hub_client.history.lines import Line, to_snapshot
from risk_hub_client.history.reader import HistoryReader
from risk_hub_client.reads import Steps
from risk_hub_client.results import StoredSnapshot
from risk_hub_contracts.base.times import parse_instant

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEFAULT_COLUMNS", "SnapshotHistory"]

DEFAULT_COLUMNS: Final = (
    *("version", "as_of", "stage", "actor", "content_hash", "created_at", "expires_at", "weights"),
)
_INSTANTS: Final = frozenset({"as_of", "created_at", "expires_at"})


@dataclass(frozen=True, slots=True)
class SnapshotHistory:
    """The snapshots of a world in a period, oldest first; each iteration reads them again.

    An iteration holds one segment, or one page of snapshots that are not in a segment yet.

    Attributes:
        world_id: the world.
        start: the earliest `as_of`, UTC.
        end: the latest `as_of`, UTC.
        columns: the columns of a DataFrame: members of a row of the data set, or of its document.
        run: runs the steps of a request.
        now: the hub's clock.
    """

    world_id: str
    start: str
    end: str
    columns: Sequence[str]
    run: Callable[[Steps[Iterator[Line] | None]], Iterator[Line] | None]
    now: Callable[[], datetime]

    def __iter__(self) -> Iterator[StoredSnapshot]:
        """Yield the snapshots by (as_of, created_at, version)."""
        return (to_snapshot(line, self.now()) for line in self.lines())

    def lines(self, position: str | None = None) -> Iterator[Line]:
        """Yield the lines of the data set, after a position if one is given."""
        for batch in self.batches(position):
            yield from batch

    def batches(self, position: str | None = None) -> Iterator[Iterator[Line]]:
        """Yield the lines in batches; take all lines of a batch before the next one."""
        reader = HistoryReader(self.world_id, self.start, self.end, position)
        while (batch := self.run(reader.next_batch())) is not None:
            yield batch

    def to_pandas(self) -> "pd.DataFrame":
        """Return a DataFrame with a row for each snapshot; instants are in UTC.

        Raises:
            ModuleNotFoundError: pandas is not installed.
            ValueError: no row has such a column.
        """
        import pandas as pd  # noqa: PLC0415 - only callers that want a DataFrame have it

        check_columns(self.columns)
        rows = [_cells(json.loads(line.text), self.columns) for line in self.lines()]
        return pd.DataFrame(rows, columns=list(self.columns))


def check_columns(columns: Sequence[str]) -> None:
    """Check the names of columns.

    Raises:
        ValueError: neither a row of the data set nor its document has a member of that name.
    """
    from risk_hub_contracts.api.answers import StoredDocument  # noqa: PLC0415 - loaded on use
    from risk_hub_contracts.api.history_answers import HistoryRow  # noqa: PLC0415

    known = {**HistoryRow.__annotations__, **StoredDocument.__annotations__}
    unknown = [name for name in columns if name not in known]
    if unknown:
        raise ValueError(f"no column {', '.join(unknown)}: choose from {', '.join(known)}")


def _cells(row: dict[str, Any], columns: Sequence[str]) -> list[Any]:
    return [_cell(row, name) for name in columns]


def _cell(row: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - any JSON
    value = row[name] if name in row else row["document"].get(name)
    return parse_instant(value) if name in _INSTANTS else value
