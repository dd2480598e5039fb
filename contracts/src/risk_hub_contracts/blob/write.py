"""Writing `rsh1` blobs; the format is described in `blob`."""

import math
import struct
import sys
from array import array
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final, cast

from risk_hub_contracts.base.canonical import canonical_json, sha256_hex
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.blob.triangle import reorder_triangle, triangle_size
from risk_hub_contracts.blob.types import (
    MAGIC,
    MISSING_BITS,
    BlobFormatError,
    BlobKind,
    check_ids,
    check_returns_header,
    check_size,
)

_MISSING: Final[float] = struct.unpack("<d", MISSING_BITS.to_bytes(8, "little"))[0]
_NEGATIVE_ZERO: Final = b"\x00\x00\x00\x00\x00\x00\x00\x80"


def digest(data: bytes | memoryview) -> str:
    """Return the SHA-256 of a blob, 64 hex digits: its name in the store and its leaf in the content hash."""
    return sha256_hex(data)


def encode_covariance(ids: Sequence[str], upper: Sequence[float]) -> bytes:
    """Encode a covariance matrix, given as its packed upper triangle in the order of `ids` (any order).

    Args:
        ids: n distinct asset ids.
        upper: n(n+1)/2 finite covariances of one-period returns, row-major.

    Raises:
        BlobFormatError: the shapes disagree, an id is bad or repeated, or a number is not finite.
    """
    if len(upper) != triangle_size(len(ids)) or not ids:
        values = counted(triangle_size(len(ids)), "value")
        raise BlobFormatError(f"{counted(len(ids), 'id needs', 'ids need')} {values}, not {len(upper)}")
    order = _sorted_order(ids)
    header = {"ids": [ids[i] for i in order], "layout": "upper"}
    return _encode_blob("covariance", header, reorder_triangle(upper, order))


def encode_factor(
    ids: Sequence[str],
    factors: Sequence[Sequence[float]],
    specific: Sequence[float],
) -> bytes:
    """Encode a covariance matrix in factor form, F F' + diag(specific).

    Args:
        ids: n distinct asset ids.
        factors: F, n rows of k factor loadings, scaled so that the factors have unit covariance.
        specific: n specific variances.

    Raises:
        BlobFormatError: the shapes disagree, an id is bad or repeated, or a number is not finite.
    """
    widths = set(map(len, factors))
    if len(factors) != len(ids) or len(specific) != len(ids) or len(widths) != 1 or 0 in widths:
        raise BlobFormatError(
            f"send rows of equal length and specific variances, one of each per id ({len(ids)})"
        )
    order = _sorted_order(ids)
    values = [*chain.from_iterable(factors[i] for i in order), *(specific[i] for i in order)]
    return _encode_blob("covariance", {"ids": [ids[i] for i in order], "layout": "factor"}, values)


def encode_returns(
    series: Mapping[str, Sequence[float | None]] | Sequence[float | None],
    dates: Sequence[str] | None = None,
) -> bytes:
    """Encode realised one-period returns: a series per asset id, or one bare series of the portfolio.

    Args:
        series: fractions of value, oldest first, None for a missing observation; lengths may differ from id to
            id.
        dates: when given, one text per period, for series that all have its length.

    Raises:
        BlobFormatError: an empty or too long series, a bad id, a number that is not finite, or
            dates that do not fit.
    """
    ids = sorted(series) if isinstance(series, Mapping) else []
    rows = [series[key] for key in ids] if isinstance(series, Mapping) else [series]
    check_ids(ids)
    lengths = list(map(len, rows))
    values = list(chain.from_iterable(rows))
    missing = values.count(None)
    check_returns_header(lengths, dates, missing)
    header: dict[str, Any] = {"ids": ids, "lengths": lengths}
    if dates is not None:
        header["dates"] = list(dates)
    if missing:
        header["missing"] = missing
        values = [_MISSING if value is None else value for value in values]
    return _encode_blob("realized_returns", header, cast("list[float]", values), missing)


def encode_stress(scenarios: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Encode stress scenarios: scenario -> metric -> number, `shocks` -> asset id -> return."""
    return _encode_blob("stress", {name: dict(values) for name, values in scenarios.items()}, ())


def _encode_blob(
    kind: BlobKind, header: Mapping[str, Any], values: Sequence[float], missing: int = 0
) -> bytes:
    try:
        head = b" ".join((MAGIC, kind.encode(), canonical_json(dict(header)))) + b"\n"
        payload = _payload(values, missing)
    except (ValueError, TypeError, OverflowError) as error:
        raise BlobFormatError(str(error)) from None
    check_size(len(head), len(payload))
    return head + payload


def _payload(values: Sequence[float], missing: int) -> bytes:
    numbers = array("d", values)
    if not math.isfinite(sum(numbers)) and sum(map(math.isfinite, numbers)) != len(numbers) - missing:
        raise BlobFormatError("every number must be finite; a missing return is None (null), not NaN")
    data = _little_endian(numbers)
    # A search over the bytes is far cheaper than a test of each number; false matches are rare.
    if _NEGATIVE_ZERO in data:
        return _little_endian(array("d", [number + 0.0 for number in numbers]))
    return data


def _little_endian(numbers: "array[float]") -> bytes:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _sorted_order(ids: Sequence[str]) -> list[int]:
    check_ids(sorted(ids))
    return sorted(range(len(ids)), key=ids.__getitem__)
