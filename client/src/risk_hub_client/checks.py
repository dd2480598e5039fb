"""Validation of a blob before it is sent, by the rules of inline components: ids, dates, every number.

Numbers are read in pieces of one megabyte, so a file is never in memory as a whole.
"""

import sys
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from math import sqrt
from operator import gt

from risk_hub_client.blobs import Blob, Payload
from risk_hub_client.calendars import RETURNS_POINTER
from risk_hub_client.covariance_arrays import COVARIANCE_POINTER, id_violations
from risk_hub_contracts.base.dates import date_violations
from risk_hub_contracts.base.limits import CORRELATION_MAX_EXCESS, NUMBER_MAX_ABS, RETURN_MAX_ABS
from risk_hub_contracts.base.problems import Violation
from risk_hub_contracts.blob.types import (
    FLOAT_BYTES,
    BlobFormatError,
    Covariance,
    RealizedReturns,
    Stress,
    missing_count,
)
from risk_hub_contracts.snapshot.blob_content import are_bounded, observed, stress_violations

__all__ = ["blob_violations"]

Row = Sequence[float]


def blob_violations(blob: Blob, weight_ids: Collection[str]) -> Iterator[Violation]:
    """Yield the violations of a blob's content; of its numbers only the first one.

    Args:
        blob: a blob whose head is its header line.
        weight_ids: the ids that a covariance must cover.

    Raises:
        BlobFormatError: the bytes end too early.
    """
    found = blob.decode_header()
    if isinstance(found, Stress):
        yield from stress_violations(found.scenarios)
    elif isinstance(found, RealizedReturns):
        yield from _date_violations(found.dates or ())
        names = [f"the series of {asset_id!a}" for asset_id in found.ids] or ["the series"]
        rows = _rows(blob.payload, found.lengths)
        if found.missing:
            yield from _sparse_violations(names, rows, found.missing)
        else:
            yield from _range_violations(RETURNS_POINTER, names, rows, RETURN_MAX_ABS)
    else:
        yield from id_violations(found.ids, weight_ids)
        check = _upper_violations if found.layout == "upper" else _factor_violations
        yield from check(found, blob.payload)


def _upper_violations(found: Covariance, payload: Payload) -> Iterator[Violation]:
    variances: list[float] = []
    names = [f"the row of {asset_id!a}" for asset_id in found.ids]
    sizes = range(len(names), 0, -1)
    violations = list(
        _range_violations(COVARIANCE_POINTER, names, _collect_variances(variances, _rows(payload, sizes)))
    )
    violations = violations or list(_negative_violations("variance", found.ids, variances))
    if violations:
        yield from violations
        return
    deviations = list(map(sqrt, variances))
    for place, row in enumerate(_rows(payload, sizes)):
        if _exceeds_correlation_one(row[1:], deviations[place], deviations[place + 1 :]):
            yield Violation(
                COVARIANCE_POINTER, f"{names[place]} has a correlation that is not between -1 and 1"
            )
            return


def _factor_violations(found: Covariance, payload: Payload) -> Iterator[Violation]:
    count = len(found.ids)
    width = payload.size_bytes // FLOAT_BYTES // count - 1
    names = [*(f"the row of {asset_id!a}" for asset_id in found.ids), "the specific variances"]
    row: Row = ()
    for name, row in zip(names, _rows(payload, [*[width] * count, count]), strict=True):
        if not are_bounded(row):
            yield _out_of_range_violation(COVARIANCE_POINTER, name)
            return
    yield from _negative_violations("specific variance", found.ids, row)


def _collect_variances(variances: list[float], rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        variances.append(row[0])
        yield row


def _range_violations(
    at: str, names: Iterable[str], rows: Iterable[Row], max_abs: float = NUMBER_MAX_ABS
) -> Iterator[Violation]:
    for name, row in zip(names, rows, strict=True):
        if not are_bounded(row, max_abs):
            yield _out_of_range_violation(at, name, max_abs)
            return


def _sparse_violations(
    names: Iterable[str], rows: Iterable["array[float]"], missing: int
) -> Iterator[Violation]:
    """Yield the first violation of series with missing observations, or of their count in the header."""
    found = 0
    for name, row in zip(names, rows, strict=True):
        try:
            found += missing_count(row)
            numbers = observed(row)
        except BlobFormatError as error:
            yield Violation(RETURNS_POINTER, f"{name}: {error}")
            return
        if not are_bounded(numbers, RETURN_MAX_ABS):
            yield _out_of_range_violation(RETURNS_POINTER, name, RETURN_MAX_ABS)
            return
    if found != missing:
        detail = f"the header has {missing} missing returns, and the numbers have {found}"
        yield Violation(RETURNS_POINTER, detail)


def _out_of_range_violation(at: str, name: str, max_abs: float = NUMBER_MAX_ABS) -> Violation:
    return Violation(at, f"every number of {name} must be finite and at most {max_abs:g}")


def _negative_violations(what: str, ids: Iterable[str], values: Row) -> Iterator[Violation]:
    for asset_id, value in zip(ids, values, strict=True):
        if value < 0:
            yield Violation(COVARIANCE_POINTER, f"the {what} of {asset_id!a} must not be negative")
            return


def _exceeds_correlation_one(entries: Row, deviation: float, others: Row) -> bool:
    bounds = [deviation * (1 + CORRELATION_MAX_EXCESS) * other for other in others]
    return any(map(gt, map(abs, entries), bounds))


def _rows(payload: Payload, sizes: Iterable[int]) -> Iterator["array[float]"]:
    """Yield the numbers in rows of these sizes."""
    chunks, numbers, place = payload.chunks(0, payload.size_bytes), array("d"), 0
    for size in sizes:
        while len(numbers) - place < size:
            numbers, place = numbers[place:] + _numbers(bytes(next(chunks, b""))), 0
        yield numbers[place : place + size]
        place += size


def _numbers(chunk: bytes) -> "array[float]":
    if not chunk or len(chunk) % FLOAT_BYTES:
        raise BlobFormatError("the blob ends before its last number")
    numbers = array("d", chunk)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _date_violations(dates: Sequence[str]) -> Iterator[Violation]:
    for row, detail in date_violations(dates):
        yield Violation(RETURNS_POINTER, f"row {row}: {detail}")
