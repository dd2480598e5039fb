"""Strict JSON: RFC 8259, rejecting everything that two parsers could read differently.

The parse itself is pydantic-core's. What no Python parser rejects is found separately at C speed:
depth and infinite numbers by walking the containers, duplicate keys by counting the lost members.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import JsonValue
from pydantic_core import from_json

from risk_hub_contracts.base.limits import BODY_MAX_BYTES, JSON_MAX_DEPTH
from risk_hub_contracts.base.numbers import are_small_numbers
from risk_hub_contracts.base.pointers import join
from risk_hub_contracts.base.problems import (
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
_NON_FINITE_TOKEN: Final = re.compile(rb"(?<![A-Za-z])-?(?:NaN|Infinity)(?![A-Za-z])")


def loads(raw: bytes, *, max_bytes: int = BODY_MAX_BYTES, name: str = "body") -> JsonValue:
    """Parse one JSON text.

    Args:
        raw: the text, UTF-8 without a byte order mark.
        max_bytes: the greatest size; a larger text is refused without parsing.
        name: the name of the text in error messages.

    Raises:
        ProblemError: body-too-large, not-utf8, malformed-json, too-deep, non-finite-number or duplicate-key.
    """
    return read(raw, max_bytes, name).value


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed text, and whether all its numbers are far below every limit."""

    value: JsonValue
    small_numbers: bool


def read(raw: bytes, max_bytes: int = BODY_MAX_BYTES, name: str = "body") -> Parsed:
    """Parse one JSON text as `loads` does, and report what was found in it."""
    if len(raw) > max_bytes:
        raise ProblemError(
            BODY_TOO_LARGE, f"The {name} has {len(raw)} bytes; at most {max_bytes} are allowed."
        )
    try:
        value: JsonValue = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise _unreadable_problem(raw, str(error), name) from None
    seen = _survey(value)
    if not seen.finite:
        raise _infinite_number_problem(value)
    if _has_duplicate_key(raw, seen):
        raise _duplicate_key_problem(raw)
    return Parsed(value, seen.small)


@dataclass(slots=True)
class _Survey:
    """Counts of object members and string values, and whether all numbers are finite and small."""

    members: int = 0
    texts: int = 0
    finite: bool = True
    small: bool = True


def _survey(value: JsonValue) -> _Survey:
    seen, depth = _Survey(), 0
    level: list[Any] = list(_containers([value], seen))
    while level:
        depth += 1
        if depth > JSON_MAX_DEPTH:
            raise _too_deep_problem()
        level = [child for container in level for child in _children(container, seen)]
    return seen


def _children(container: Any, seen: _Survey) -> Iterator[Any]:  # noqa: ANN401 - a parsed object or array
    values = container
    if type(container) is dict:
        seen.members += len(container)
        values = container.values()
    return iter(()) if are_small_numbers(values) else _containers(values, seen)


def _containers(values: Iterable[Any], seen: _Survey) -> Iterator[Any]:
    """Yield the containers among `values`; count the strings and check the numbers in `seen`."""
    for value in values:
        kind = type(value)
        if kind is dict or kind is list:
            yield value
        elif kind is str:
            seen.texts += 1
        elif not are_small_numbers((value,)) and value is not None:
            seen.small = False
            seen.finite = seen.finite and (kind is int or math.isfinite(value))


def _has_duplicate_key(raw: bytes, seen: _Survey) -> bool:
    """Return whether the text has more keys than the parsed value, that is, a duplicate key."""
    if b"\\" not in raw:
        return raw.count(b'"') > 2 * (seen.members + seen.texts)
    return _outside_strings(raw).count(b":") > seen.members


def _outside_strings(raw: bytes) -> bytes:
    """Return the text without its strings, quotes included: what is left is structure, numbers and names."""
    unescaped = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(unescaped.split(b'"')[::2])


def _too_deep_problem() -> ProblemError:
    return ProblemError(TOO_DEEP, f"The JSON is nested more than {JSON_MAX_DEPTH} levels deep.")


def _unreadable_problem(raw: bytes, message: str, name: str) -> ProblemError:
    if raw.startswith(_BOM):
        return ProblemError(MALFORMED_JSON, f"The {name} begins with a byte order mark; remove it.")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return ProblemError(NOT_UTF8, f"Byte {error.start} of the {name} is not UTF-8.")
    if "recursion limit" in message:
        return _too_deep_problem()
    return _malformed_problem(raw, message, name)


def _malformed_problem(raw: bytes, message: str, name: str) -> ProblemError:
    from risk_hub_contracts.base.json_faults import fault_place, fault_text  # noqa: PLC0415 - for refusals

    place = fault_place(raw, message)
    if "number out of range" in message:
        return ProblemError(
            NON_FINITE_NUMBER, f"A number is outside the range of a 64-bit float: {place} of the {name}."
        )
    token = _NON_FINITE_TOKEN.search(_outside_strings(raw))
    if token:
        is_fault = _NON_FINITE_TOKEN.match(raw, place.offset) or raw.startswith(b"Infinity", place.offset)
        where = f" ({place} of the {name})" if is_fault else ""
        return ProblemError(NON_FINITE_NUMBER, f"{token[0].decode()} is not a JSON number{where}.")
    return ProblemError(MALFORMED_JSON, f"The {name} is not JSON: {fault_text(raw, message)}.")


def _infinite_number_problem(value: JsonValue) -> ProblemError:
    found = [
        Violation(join(path), "outside the range of a 64-bit float")
        for path, leaf in _leaves(value)
        if type(leaf) is float and not math.isfinite(leaf)
    ]
    return ProblemError(NON_FINITE_NUMBER, "A number is outside the range of a 64-bit float.", found)


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


def _duplicate_key_problem(raw: bytes) -> ProblemError:
    found = [
        Violation(join(path), "this key appears more than once in its object")
        for path in _repeated_key_paths(json.loads(raw, object_pairs_hook=_Pairs), ())
    ]
    return ProblemError(DUPLICATE_KEY, f"The key at {found[0].pointer} appears more than once.", found)


def _repeated_key_paths(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, child in value:
            if key in seen:
                yield (*path, key)
            seen.add(key)
            yield from _repeated_key_paths(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _repeated_key_paths(child, (*path, index))
