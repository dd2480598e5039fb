"""The decoded contents of a blob, and the rules that writing and reading share."""

import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, ClassVar, Final, Literal, cast

from risk_hub_contracts.base.ids import asset_id_violation
from risk_hub_contracts.base.limits import (
    BLOB_HEADER_MAX_BYTES,
    BLOB_MAX_BYTES,
    RETURNS_SERIES_MAX_POINTS,
    RETURNS_TOTAL_MAX_POINTS,
)
from risk_hub_contracts.base.problem_types import counted

BlobKind = Literal["covariance", "realized_returns", "stress"]
MAGIC: Final = b"rsh1"
FLOAT_BYTES: Final = 8
# The one form of a missing observation in a payload: the quiet NaN, positive and without a further payload.
MISSING_BITS: Final = 0x7FF8000000000000


class BlobFormatError(ValueError):
    """Bytes or values that do not form a blob; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Covariance:
    """A covariance of one-period returns over n sorted ids, as packed upper triangle or in factor form."""

    ids: tuple[str, ...]
    layout: Literal["upper", "factor"]
    payload: memoryview
    kind: ClassVar[BlobKind] = "covariance"

    @property
    def entries(self) -> int:
        """The size compared with the inline threshold: n x n matrix entries."""
        return len(self.ids) ** 2

    @property
    def values(self) -> Sequence[float]:
        """The numbers in file order: n(n+1)/2 of `upper`, or n*k loadings and then n specific variances."""
        return _floats(self.payload)

    @property
    def factor_count(self) -> int:
        """The number k of factors; 0 for the `upper` layout."""
        count = len(self.ids)
        return 0 if self.layout == "upper" else len(self.payload) // FLOAT_BYTES // count - 1

    def document(self) -> dict[str, Any]:
        """The JSON form: `ids` with `upper`, or `ids` with `factors` and `specific`."""
        values = list(self.values)
        if self.layout == "upper":
            return {"ids": list(self.ids), "upper": values}
        width, split = self.factor_count, len(self.ids) * self.factor_count
        rows = [values[start : start + width] for start in range(0, split, width)]
        return {"ids": list(self.ids), "factors": rows, "specific": values[split:]}


@dataclass(frozen=True, slots=True)
class RealizedReturns:
    """Realised one-period returns, oldest first: a series per sorted id, or one bare series (no ids).

    `missing` is the number of missing observations in all series; each is NaN. Infinite numbers are invalid,
    and so is a NaN if `missing` is 0.
    """

    ids: tuple[str, ...]
    lengths: tuple[int, ...]
    dates: tuple[str, ...] | None
    payload: memoryview
    missing: int = 0
    kind: ClassVar[BlobKind] = "realized_returns"

    @property
    def entries(self) -> int:
        """The size compared with the inline threshold: points in all series."""
        return sum(self.lengths)

    def series(self) -> list[Sequence[float]]:
        """The series in the order of `ids`, NaN where an observation is missing; a single one without ids."""
        values, ends = _floats(self.payload), list(accumulate(self.lengths, initial=0))
        return [values[start:end] for start, end in pairwise(ends)]

    def document(self) -> dict[str, list[float | None]] | list[float | None]:
        """The JSON form: a list per id, or one bare list, with null where an observation is missing.

        It does not contain the dates.
        """
        series: list[list[float | None]] = [list(values) for values in self.series()]
        if self.missing:
            series = [[None if value != value else value for value in values] for values in series]  # noqa: PLR0124 - NaN
        return dict(zip(self.ids, series, strict=True)) if self.ids else series[0]


@dataclass(frozen=True, slots=True)
class Stress:
    """Stress scenarios: scenario -> metric -> number, and `shocks` -> asset id -> return."""

    scenarios: dict[str, dict[str, Any]]
    kind: ClassVar[BlobKind] = "stress"

    @property
    def entries(self) -> int:
        """The size compared with the inline threshold: scenarios."""
        return len(self.scenarios)

    def document(self) -> dict[str, dict[str, Any]]:
        """The JSON form."""
        return self.scenarios


Decoded = Covariance | RealizedReturns | Stress


def check_ids(ids: Sequence[str]) -> None:
    """Reject ids that are malformed, repeated, or not in code point order."""
    for asset_id in ids:
        violation = asset_id_violation(asset_id)
        if violation:
            raise BlobFormatError(f"id {asset_id!a}: {violation}")
    for first, second in pairwise(ids):
        if first >= second:
            raise BlobFormatError(
                f"ids must be distinct and sorted by code point; {second!a} follows {first!a}",
            )


def check_returns_header(lengths: Sequence[int], dates: Sequence[str] | None, missing: int = 0) -> None:
    """Reject empty series, too many points, dates that do not match every series, and a bad `missing`."""
    if not lengths or min(lengths) < 1:
        raise BlobFormatError("a series of returns must not be empty")
    if max(lengths) > RETURNS_SERIES_MAX_POINTS or sum(lengths) > RETURNS_TOTAL_MAX_POINTS:
        raise BlobFormatError(
            f"a series must have at most {RETURNS_SERIES_MAX_POINTS} points, and all series {RETURNS_TOTAL_MAX_POINTS}",
        )
    if dates is not None and set(lengths) != {len(dates)}:
        raise BlobFormatError(
            f"with {counted(len(dates), 'date')}, every series must have {counted(len(dates), 'return')}"
        )
    if not 0 <= missing < sum(lengths):
        raise BlobFormatError(
            f"missing must be less than the number of returns, {sum(lengths)}; it is {missing}"
        )


def missing_count(numbers: "array[float]") -> int:
    """Return how many numbers are missing observations.

    Raises:
        BlobFormatError: a NaN has another form than the one of a missing observation.
    """
    count = sum(1 for number in numbers if number != number)  # noqa: PLR0124 - NaN
    if count and array("Q", numbers.tobytes()).count(MISSING_BITS) != count:
        raise BlobFormatError("a missing return must be the quiet NaN 0x7ff8000000000000")
    return count


def check_size(head_bytes: int, payload_bytes: int) -> None:
    """Reject a header or a file over its size limit."""
    if head_bytes > BLOB_HEADER_MAX_BYTES or head_bytes + payload_bytes > BLOB_MAX_BYTES:
        raise BlobFormatError(
            f"a blob must have at most {BLOB_MAX_BYTES} bytes, and its first line at most {BLOB_HEADER_MAX_BYTES}",
        )


def _floats(payload: memoryview) -> Sequence[float]:
    if sys.byteorder == "little":
        return cast("Sequence[float]", payload.cast("d"))
    return native_floats(payload)


def native_floats(payload: bytes | memoryview) -> "array[float]":
    """Return a copy of the numbers of a payload."""
    numbers = array("d", bytes(payload))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
