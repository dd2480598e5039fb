"""Conversion of pydantic's errors to violations with actionable messages."""

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

from pydantic_core import ErrorDetails, ValidationError

from risk_hub_contracts.base.ids import PATTERN_TEXTS
from risk_hub_contracts.base.limits import VIOLATIONS_MAX_COUNT
from risk_hub_contracts.base.pointers import join
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.problems import Violation

Hit = TypeVar("Hit")
_KEY: Final = "[key]"
# First character of a union tag in a location from pydantic; no field name contains it.
UNION_TAG: Final = "\x00"
_NAME_SHOWN_CHARS: Final = 128
_SHOWN_MAX: Final = 1e20
_LEAVE_OUT: Final = " (leave out a field that has no value)"
_TYPE_NAMES: Final = {
    "str": "a string",
    "bool": "a boolean",
    "NoneType": "null",
}
_EXPECTED: Final = {
    "float_type": "must be a JSON number",
    "int_type": "must be a JSON integer",
    "string_type": "must be a string",
    "dict_type": "must be an object",
    "list_type": "must be an array",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "bool_type": "must be true or false",
    "tuple_type": "must be an array",
    "finite_number": "must be within the range of a 64-bit float",
}
_BOUNDS: Final = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be greater than {gt}",
    "too_short": "must have at least {min_length} {entries}",
    "too_long": "must have at most {max_length} entries",
    "form": "{wanted}",
}
_TEXTS: Final = {
    "literal_error": "must be {expected}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "value_error": "{error}",
}


def to_violations(
    error: ValidationError,
    *,
    base: str = "",
    tagged: Collection[str] = (),
    known: Collection[str] = (),
    noun: str = "field",
) -> list[Violation]:
    """Return one violation for each error.

    Args:
        error: pydantic's error.
        base: the pointer of the value that was validated.
        tagged: top-level fields whose location contains a union tag, which the pointer omits.
        known: top-level field names, to suggest one where a top-level name is unknown.
        noun: the noun for an unknown or missing name in messages.
    """
    return [
        Violation(
            base + _pointer(details, tagged),
            _detail(details, known if index < VIOLATIONS_MAX_COUNT else (), noun),
        )
        for index, details in enumerate(error.errors(include_url=False))
    ]


def capped_violations(
    hits: Iterable[Hit], build: Callable[[Hit], Violation], where: str
) -> Iterator[Violation]:
    """Yield the first violations, and one with the number of the rest: building each one is expensive.

    Args:
        hits: the findings; iterating over them is cheap.
        build: makes the violation of one hit.
        where: the pointer of the violation that states the number of the rest.
    """
    remaining = iter(hits)
    yield from map(build, islice(remaining, VIOLATIONS_MAX_COUNT - 1))
    more = sum(1 for _ in remaining)
    if more:
        yield Violation(where, f"{counted(more, 'more entry has', 'more entries have')} the same violation")


def _pointer(details: ErrorDetails, tagged: Collection[str]) -> str:
    location = details["loc"]
    if location and location[0] in tagged:
        location = (location[0], *location[2:])
    if location and location[-1] == _KEY:
        location = location[:-1]
    return join(segment for segment in location if not str(segment).startswith(UNION_TAG))


def _detail(details: ErrorDetails, known: Collection[str], noun: str) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "missing":
        return f"this required {noun} is missing"
    if kind == "extra_forbidden":
        is_nested = len(details["loc"]) > 1
        return _unknown_name_detail(str(details["loc"][-1]), () if is_nested else known, noun)
    if context.get("pattern") in PATTERN_TEXTS:
        return PATTERN_TEXTS[context["pattern"]]
    if kind in _TEXTS:
        return _TEXTS[kind].format(**context)
    if kind == "float_type" and type(value) is int:
        kind = "finite_number"
    entries = "entry" if context.get("min_length") == 1 else "entries"
    wanted = _EXPECTED.get(kind) or _BOUNDS.get(kind, "").format(**context, entries=entries)
    if wanted:
        optional = value is None and len(details["loc"]) == 1
        return f"{wanted}; this is {_describe_value(value)}{_LEAVE_OUT if optional else ''}"
    message = details["msg"]
    return message[:1].lower() + message[1:]


def _describe_value(value: object) -> str:
    if isinstance(value, list | dict):
        return _describe_collection(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "a number beyond 1e20" if abs(value) > _SHOWN_MAX else repr(value)
    return _TYPE_NAMES.get(type(value).__name__, "a value of another type")


def _describe_collection(value: list[object] | dict[object, object]) -> str:
    if not value:
        return "an empty array" if isinstance(value, list) else "an empty object"
    if isinstance(value, list):
        return f"an array of {counted(len(value), 'entry', 'entries')}"
    return f"an object of {counted(len(value), 'member')}"


def _unknown_name_detail(name: str, known: Collection[str], noun: str) -> str:
    shown = name[:_NAME_SHOWN_CHARS]
    suggestions = difflib.get_close_matches(shown, known, n=1)
    if suggestions:
        return f"unknown {noun} {shown!a}; did you mean {suggestions[0]!a}?"
    return f"unknown {noun} {shown!a}" + (f"; known {noun}s are {', '.join(sorted(known))}" if known else "")
