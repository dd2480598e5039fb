"""JSON as the contract takes it: RFC 8259, and nothing that two parsers could read differently.

The parse itself is pydantic-core's. What no Python parser refuses by itself is found around it at C speed:
duplicate keys by counting colons against members, depth and infinite numbers by a look at the containers.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pydantic import JsonValue
from pydantic_core import from_json

from risk_hub_contracts.limits import BODY_MAX_BYTES, JSON_MAX_DEPTH
from risk_hub_contracts.pointers import join
from risk_hub_contracts.problems import (
    BODY_TOO_LARGE,
    DUPLICATE_KEY,
    MALFORMED_JSON,
    NON_FINITE_NUMBER,
    NOT_UTF8,
    TOO_DEEP,
    ProblemError,
    Violation,
)

_BOM: Final = b"\xef\xbb\xbf"
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_NON_FINITE_TOKEN: Final = re.compile(rb"(?<![A-Za-z])-?(?:NaN|Infinity)(?![A-Za-z])")
_CONTAINERS: Final = frozenset({dict, list})


def loads(raw: bytes, *, max_bytes: int = BODY_MAX_BYTES) -> JsonValue:
    """Parse one JSON text.

    Args:
        raw: the text, UTF-8 without a byte order mark.
        max_bytes: the size one past which the text is refused unread.

    Raises:
        ProblemError: body-too-large, not-utf8, malformed-json, too-deep, non-finite-number or duplicate-key.
    """
    if len(raw) > max_bytes:
        raise ProblemError(BODY_TOO_LARGE, f"The body has {len(raw)} bytes; at most {max_bytes} are taken.")
    try:
        value: JsonValue = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise _why_unreadable(raw, str(error)) from None
    outside = _outside_strings(raw)
    _refuse_depth(outside)
    members, finite = _survey(value)
    if not finite:
        raise _infinite(value)
    if members != outside.count(b":"):
        raise _duplicate(raw)
    return value


def _outside_strings(raw: bytes) -> bytes:
    """Return the text without its strings, quotes included: what is left is structure, numbers and names."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(raw.split(b'"')[::2])


def _refuse_depth(outside: bytes) -> None:
    depth = 0
    for bracket in outside.translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > JSON_MAX_DEPTH:
            raise ProblemError(TOO_DEEP, f"The JSON is nested more than {JSON_MAX_DEPTH} levels deep.")


def _survey(value: JsonValue) -> tuple[int, bool]:
    """Return how many members all objects have together, and whether every number is finite."""
    members, pending = 0, [value]
    finite = _all_finite([value])
    while pending:
        container: Any = pending.pop()
        if type(container) is dict:
            members += len(container)
            container = container.values()
        elif type(container) is not list:
            continue
        kinds = set(map(type, container))
        if float in kinds and not _all_finite(container):
            finite = False
        if not kinds.isdisjoint(_CONTAINERS):
            pending.extend(child for child in container if child and type(child) in _CONTAINERS)
    return members, finite


def _all_finite(values: Iterable[Any]) -> bool:
    try:
        if math.isfinite(sum(values)):
            return True
    except (TypeError, OverflowError):
        pass
    return all(math.isfinite(value) for value in values if type(value) is float)


def _why_unreadable(raw: bytes, message: str) -> ProblemError:
    if raw.startswith(_BOM):
        return ProblemError(MALFORMED_JSON, "The body begins with a byte order mark; send it without.")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return ProblemError(NOT_UTF8, f"Byte {error.start} of the body is not UTF-8.")
    if "recursion limit" in message:
        return ProblemError(TOO_DEEP, f"The JSON is nested more than {JSON_MAX_DEPTH} levels deep.")
    return _why_malformed(raw, message)


def _why_malformed(raw: bytes, message: str) -> ProblemError:
    if "number out of range" in message:
        return ProblemError(NON_FINITE_NUMBER, f"A number is beyond every range: {message}.")
    token = _NON_FINITE_TOKEN.search(_outside_strings(raw))
    if token:
        return ProblemError(NON_FINITE_NUMBER, f"{token[0].decode()} is not a JSON number.")
    if "hex escape" in message or "surrogate" in message:
        return ProblemError(MALFORMED_JSON, f"A \\u escape is incomplete or a lone surrogate: {message}.")
    return ProblemError(MALFORMED_JSON, f"The body is not JSON: {message}.")


def _infinite(value: JsonValue) -> ProblemError:
    found = [
        Violation(join(path), "beyond the range of a 64-bit float")
        for path, leaf in _leaves(value)
        if type(leaf) is float and not math.isfinite(leaf)
    ]
    return ProblemError(NON_FINITE_NUMBER, "A number is beyond the range of a 64-bit float.", found)


def _leaves(
    value: object, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], object]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _leaves(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _leaves(child, (*path, index))
    else:
        yield path, value


class _Pairs(list[tuple[str, Any]]):
    """The members of one object, duplicates kept."""


def _duplicate(raw: bytes) -> ProblemError:
    found = [
        Violation(join(path), "this key appears more than once in its object")
        for path in _repeated(json.loads(raw, object_pairs_hook=_Pairs), ())
    ]
    return ProblemError(DUPLICATE_KEY, f"The key at {found[0].pointer} appears more than once.", found)


def _repeated(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, child in value:
            if key in seen:
                yield (*path, key)
            seen.add(key)
            yield from _repeated(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _repeated(child, (*path, index))
