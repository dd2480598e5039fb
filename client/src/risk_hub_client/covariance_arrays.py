"""Covariances in NumPy arrays, checked and read row by row without a copy of the matrix."""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from risk_hub_client.arrays import Array, array_namespace
from risk_hub_client.blobs import Blob
from risk_hub_client.wire import Chunk
from risk_hub_contracts.base.ids import asset_id_violation
from risk_hub_contracts.base.limits import (
    CORRELATION_MAX_EXCESS,
    COVARIANCE_ASYMMETRY_MAX_RATIO,
    NUMBER_MAX_ABS,
    WEIGHTS_MAX_COUNT,
)
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.problems import Violation
from risk_hub_contracts.blob.triangle import triangle_size
from risk_hub_contracts.blob.types import FLOAT_BYTES

__all__ = [
    "COVARIANCE_POINTER",
    "Dense",
    "Matrix",
    "Packed",
    "covariance_blob",
    "id_violations",
    "is_bounded",
]

COVARIANCE_POINTER: Final = "/covariance"


class Matrix(Protocol):
    """A symmetric matrix, dense or packed."""

    @property
    def ids(self) -> Sequence[str]:
        """Its asset ids, in its own order."""
        ...

    def diagonal(self) -> Array:
        """Return the variances in the order of `ids`."""
        ...

    def row_entries(self, row: int, columns: Array) -> tuple[Array, Array]:
        """Return the entries of a row above the diagonal and their mirror entries below it."""
        ...

    def row_from_diagonal(self, row: int) -> tuple[Array, Array]:
        """Return what `row_entries` returns for the columns from the diagonal to the end, in the order of `ids`.

        Both arrays are views.
        """
        ...

    def inline(self) -> dict[str, Any]:
        """Return the contract's inline form."""
        ...


@dataclass(frozen=True, slots=True)
class Dense:
    """A square array."""

    ids: Sequence[str]
    array: Array

    def diagonal(self) -> Array:
        """See Matrix."""
        return self.array.diagonal()

    def row_entries(self, row: int, columns: Array) -> tuple[Array, Array]:
        """See Matrix."""
        return self.array[row, columns], self.array[columns, row]

    def row_from_diagonal(self, row: int) -> tuple[Array, Array]:
        """See Matrix."""
        return self.array[row, row:], self.array[row:, row]

    def inline(self) -> dict[str, Any]:
        """See Matrix."""
        return {"ids": list(self.ids), "matrix": self.array.tolist()}


@dataclass(frozen=True, slots=True)
class Packed:
    """An upper triangle, packed row by row."""

    ids: Sequence[str]
    array: Array

    def diagonal(self) -> Array:
        """See Matrix."""
        library, count = array_namespace(self.array), len(self.ids)
        rows = library.arange(count)
        return self.array[rows * count - rows * (rows - 1) // 2]

    def row_entries(self, row: int, columns: Array) -> tuple[Array, Array]:
        """See Matrix."""
        library, count = array_namespace(self.array), len(self.ids)
        low, high = library.minimum(row, columns), library.maximum(row, columns)
        entries = self.array[low * count - low * (low + 1) // 2 + high]
        return entries, entries

    def row_from_diagonal(self, row: int) -> tuple[Array, Array]:
        """See Matrix."""
        count = len(self.ids)
        start = row * count - row * (row - 1) // 2
        entries = self.array[start : start + count - row]
        return entries, entries

    def inline(self) -> dict[str, Any]:
        """See Matrix."""
        return {"ids": list(self.ids), "upper": self.array.tolist()}


def covariance_blob(matrix: Dense | Packed, weight_ids: Collection[str]) -> Blob | list[Violation]:
    """Return a matrix as a blob, or its violations."""
    violations = list(_shape_violations(matrix)) or list(id_violations(matrix.ids, weight_ids))
    if violations:
        return violations
    order = sorted(range(len(matrix.ids)), key=matrix.ids.__getitem__)
    rows = UpperRows(matrix, order, order == list(range(len(order))))
    violations = list(rows.violations())
    header: dict[str, object] = {"ids": [matrix.ids[place] for place in order], "layout": "upper"}
    return violations or Blob.of_numbers("covariance", header, rows)


@dataclass(frozen=True, slots=True)
class UpperRows:
    """The payload of a packed matrix: rows in the order of the sorted ids, each from the diagonal on."""

    matrix: Dense | Packed
    order: Sequence[int]
    is_sorted: bool

    @property
    def size_bytes(self) -> int:
        """See Payload."""
        return triangle_size(len(self.order)) * FLOAT_BYTES

    def chunks(self, first_byte: int, size_bytes: int) -> Iterator[Chunk]:
        """See Payload."""
        places, starts = self._places(), self._starts()
        row, end = bisect_right(starts, first_byte) - 1, first_byte + size_bytes
        while row < len(self.order) and starts[row] < end:
            data = memoryview(self._row(row, places)[0].tobytes())
            yield data[max(first_byte - starts[row], 0) : end - starts[row]]
            row += 1

    def violations(self) -> Iterator[Violation]:
        """Yield the first violation among its numbers, if there is one."""
        variances = self.matrix.diagonal().astype("<f8")
        if not is_bounded(variances) or variances.min() < 0:
            yield Violation(COVARIANCE_POINTER, f"every variance must be from 0 to {NUMBER_MAX_ABS:g}")
            return
        places = self._places()
        deviations = variances[places] ** 0.5
        for row in range(len(self.order)):
            violation = self._row_violation(row, places, deviations)
            if violation is not None:
                yield Violation(COVARIANCE_POINTER, violation)
                return

    def _row_violation(self, row: int, places: Array, deviations: Array) -> str | None:
        entries, gaps = self._row(row, places)
        scale = deviations[row] * deviations[row:]
        if not is_bounded(entries):
            return f"{self._name(row)} has an entry that is not finite or exceeds {NUMBER_MAX_ABS:g}"
        if bool((gaps > COVARIANCE_ASYMMETRY_MAX_RATIO * scale).any()):
            return f"{self._name(row)} differs above and below the diagonal"
        if bool((abs(entries[1:]) > scale[1:] * (1 + CORRELATION_MAX_EXCESS)).any()):
            return f"{self._name(row)} has a correlation that is not between -1 and 1"
        return None

    def _row(self, row: int, places: Array) -> tuple[Array, Array]:
        """Return a row from the diagonal on, and the differences between its upper and lower entries."""
        halves = (
            self.matrix.row_from_diagonal(row)
            if self.is_sorted
            else self.matrix.row_entries(self.order[row], places[row:])
        )
        above, below = (half.astype("<f8") for half in halves)
        gaps = abs(above - below)
        # The mean, as the contract defines it for inline matrices; adding 0.0 turns -0.0 into 0.0.
        return (above + below) / 2 + 0.0, gaps

    def _name(self, row: int) -> str:
        return f"the row of {self.matrix.ids[self.order[row]]!a}"

    def _places(self) -> Array:
        return array_namespace(self.matrix.array).asarray(self.order)

    def _starts(self) -> list[int]:
        count = len(self.order)
        return [(row * count - row * (row - 1) // 2) * FLOAT_BYTES for row in range(count)]


def _shape_violations(matrix: Dense | Packed) -> Iterator[Violation]:
    count, shape = len(matrix.ids), matrix.array.shape
    wanted = (count, count) if isinstance(matrix, Dense) else (triangle_size(count),)
    if shape != wanted or not count or matrix.array.dtype.kind not in "fiu":
        yield Violation(
            COVARIANCE_POINTER,
            f"{counted(count, 'id needs', 'ids need')} an array of numbers of shape {wanted}, "
            f"not {shape} of {matrix.array.dtype}",
        )


def id_violations(ids: Sequence[str], weight_ids: Collection[str]) -> Iterator[Violation]:
    """Yield the violations of a covariance's ids, malformed ids and uncovered weights included."""
    if len(ids) > WEIGHTS_MAX_COUNT:
        yield Violation(f"{COVARIANCE_POINTER}/ids", f"must have at most {WEIGHTS_MAX_COUNT} entries")
    covered = set(ids)
    if len(covered) != len(ids):
        yield Violation(f"{COVARIANCE_POINTER}/ids", "an id appears more than once")
    for asset_id in ids:
        violation = asset_id_violation(asset_id) if isinstance(asset_id, str) else "must be a string"
        if violation:
            yield Violation(f"{COVARIANCE_POINTER}/ids", f"{asset_id!a}: {violation}")
    for asset_id in weight_ids:
        if asset_id not in covered:
            yield Violation(COVARIANCE_POINTER, f"does not contain {asset_id!a}, which has a weight")


def is_bounded(numbers: Array) -> bool:
    """Return whether every number is finite and within the contract's range."""
    return not numbers.size or bool(numbers.min() >= -NUMBER_MAX_ABS and numbers.max() <= NUMBER_MAX_ABS)
