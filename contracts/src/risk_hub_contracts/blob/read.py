"""Reader of `rsh1` blobs; `blob` describes the format."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.canonical import canonical_json
from risk_hub_contracts.base.limits import BLOB_HEADER_MAX_BYTES, INTEGER_MAX_ABS
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.blob.types import (
    FLOAT_BYTES,
    MAGIC,
    BlobFormatError,
    Covariance,
    Decoded,
    RealizedReturns,
    Stress,
    check_ids,
    check_returns_header,
    check_size,
    missing_count,
    native_floats,
)


def decode(data: bytes | bytearray, payload_bytes: int | None = None) -> Decoded:
    """Read a blob. Its numbers stay an unchecked view into `data`; code that computes with them checks them.

    Args:
        data: the blob, or its first line alone.
        payload_bytes: the number of bytes after the first line, if `data` is that line alone. The result then
            has no numbers.

    Raises:
        BlobFormatError: not a blob, or not the one deterministic form of its content.
    """
    end = data.find(b"\n", 0, BLOB_HEADER_MAX_BYTES)
    if end < 0 and data.startswith(MAGIC):
        raise BlobFormatError(
            f"the first line has no line feed within {BLOB_HEADER_MAX_BYTES} bytes; the file may be truncated"
        )
    magic, _, rest = bytes(data[: max(end, 0)]).partition(b" ")
    kind, _, header = rest.partition(b" ")
    read = _READERS.get(kind)
    if magic != MAGIC or read is None:
        raise BlobFormatError("the first line must be: rsh1 covariance|realized_returns|stress <JSON header>")
    payload = memoryview(data)[end + 1 :]
    size_bytes = len(payload) if payload_bytes is None else payload_bytes
    check_size(end + 1, size_bytes)
    return read(_header(header), payload, size_bytes)


# The magic word and the longest kind, with the space after each.
KIND_READ_BYTES: Final = 64


def says_kind(data: bytes, kind: str) -> bool:
    """Return whether `data`, the beginning of a blob, names this kind in its first line."""
    return data.startswith(b" ".join((MAGIC, kind.encode(), b"")))


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = _large_integers_to_floats(
            strict_json.loads(text, max_bytes=BLOB_HEADER_MAX_BYTES, name="header")
        )
        canonical = canonical_json(header)
    except ProblemError as error:
        raise BlobFormatError(
            f"the JSON of the first line is invalid ({error.type.slug}): {error.detail.rstrip('.')}"
        ) from None
    except (ValueError, OverflowError) as error:
        raise BlobFormatError(f"the header has no canonical form (RFC 8785): {error}") from None
    if not isinstance(header, dict) or canonical != text:
        raise BlobFormatError("the header must be one object in canonical form (RFC 8785)")
    return header


def _large_integers_to_floats(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Read 100000000000000000000 as the float 1e20, whose canonical text it is."""
    if isinstance(value, dict):
        return {key: _large_integers_to_floats(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_large_integers_to_floats(child) for child in value]
    return float(value) if type(value) is int and abs(value) > INTEGER_MAX_ABS else value


def _covariance(header: Mapping[str, Any], payload: memoryview, size_bytes: int) -> Covariance:
    ids, layout = _ids(header), header.get("layout")
    if set(header) != {"ids", "layout"} or layout not in ("upper", "factor") or not ids:
        raise BlobFormatError(
            "a covariance header must have exactly ids (not empty) and layout (upper or factor)"
        )
    count, rest = len(ids), size_bytes % FLOAT_BYTES
    values = size_bytes // FLOAT_BYTES
    fits = values == count * (count + 1) // 2 if layout == "upper" else values % count == 0 and values > count
    if rest or not fits:
        raise BlobFormatError(f"{_size_text(size_bytes)} not match {counted(count, 'id')} in layout {layout}")
    return Covariance(ids, layout, payload)


def _size_text(size_bytes: int) -> str:
    return counted(size_bytes, "byte after the first line does", "bytes after the first line do")


def _returns(header: Mapping[str, Any], payload: memoryview, size_bytes: int) -> RealizedReturns:
    if not {"ids", "lengths"} <= set(header) <= {"ids", "lengths", "dates", "missing"}:
        raise BlobFormatError(
            "a realized_returns header must have ids and lengths, and may have dates and missing"
        )
    ids, lengths = _ids(header), _list_of(header, "lengths", int)
    dates = _list_of(header, "dates", str) if "dates" in header else None
    if len(lengths) != max(len(ids), 1):
        wanted = counted(max(len(ids), 1), "length")
        raise BlobFormatError(f"{counted(len(ids), 'id needs', 'ids need')} {wanted}, not {len(lengths)}")
    missing = _missing(header)
    check_returns_header(lengths, dates, missing)
    if size_bytes != sum(lengths) * FLOAT_BYTES:
        raise BlobFormatError(f"{_size_text(size_bytes)} not match {counted(sum(lengths), 'return')}")
    if missing and len(payload) == size_bytes:
        _check_missing(payload, missing)
    return RealizedReturns(ids, tuple(lengths), None if dates is None else tuple(dates), payload, missing)


def _missing(header: Mapping[str, Any]) -> int:
    missing = header.get("missing", 0)
    if type(missing) is not int or ("missing" in header and missing < 1):
        raise BlobFormatError("missing must be the number of missing returns, at least 1, or be left out")
    return missing


def _check_missing(payload: memoryview, missing: int) -> None:
    found = missing_count(native_floats(payload))
    if found != missing:
        raise BlobFormatError(f"the header has {missing} missing returns, and the numbers have {found}")


def _stress(header: Mapping[str, Any], _: memoryview, size_bytes: int) -> Stress:
    if size_bytes or not all(isinstance(scenario, dict) for scenario in header.values()):
        raise BlobFormatError("a stress blob must be one line: an object of scenarios, with nothing after it")
    return Stress(dict(header))


def _ids(header: Mapping[str, Any]) -> tuple[str, ...]:
    ids = _list_of(header, "ids", str)
    check_ids(ids)
    return tuple(ids)


def _list_of(header: Mapping[str, Any], name: str, kind: type) -> list[Any]:
    values = header.get(name)
    if not isinstance(values, list) or not all(type(value) is kind for value in values):
        raise BlobFormatError(f"{name} must be a list of {_TYPE_NAMES[kind]}")
    return values


_TYPE_NAMES: Final[dict[type, str]] = {str: "strings", int: "integers"}
_READERS: Final[dict[bytes, Callable[[dict[str, Any], memoryview, int], Decoded]]] = {
    b"covariance": _covariance,
    b"realized_returns": _returns,
    b"stress": _stress,
}
