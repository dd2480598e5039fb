"""From pydantic's errors to violations that a person can act on."""

import difflib
from collections.abc import Collection, Iterable
from typing import Final

from pydantic_core import ErrorDetails, ValidationError

from risk_hub_contracts.pointers import join
from risk_hub_contracts.problems import Violation

_KEY: Final = "[key]"
_NAMES: Final = {
    "dict": "an object",
    "list": "an array",
    "str": "a string",
    "bool": "a boolean",
    "int": "an integer",
    "float": "a number",
    "NoneType": "null",
}
_WANTED: Final = {
    "float_type": "must be a JSON number",
    "int_type": "must be a JSON integer",
    "string_type": "must be a string",
    "dict_type": "must be an object",
    "list_type": "must be an array",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "bool_type": "must be true or false",
}


def explain(
    error: ValidationError,
    *,
    base: str = "",
    tagged: Collection[str] = (),
    known: Collection[str] = (),
) -> list[Violation]:
    """Return one violation for each error.

    Args:
        error: what pydantic raised.
        base: the pointer of the value that was validated.
        tagged: top-level fields whose location carries a union tag, which is no part of the pointer.
        known: top-level field names, to suggest one where a name is unknown.
    """
    return [
        Violation(base + _pointer(details, tagged), _detail(details, known))
        for details in error.errors(include_url=False)
    ]


def _pointer(details: ErrorDetails, tagged: Collection[str]) -> str:
    location = details["loc"]
    if location and location[0] in tagged:
        location = (location[0], *location[2:])
    if location and location[-1] == _KEY:
        location = location[:-1]
    return join(location)


def _detail(details: ErrorDetails, known: Collection[str]) -> str:
    kind, value = details["type"], details["input"]
    if kind == "missing":
        return "this required field is missing"
    if kind == "extra_forbidden":
        return _unknown(str(details["loc"][-1]), known)
    if kind in _WANTED:
        return _wanted(_WANTED[kind], value)
    message = details["msg"]
    return message[:1].lower() + message[1:]


def _wanted(wanted: str, value: object) -> str:
    got = _NAMES.get(type(value).__name__, "something else")
    return f"{wanted}; this is {got}"


def _unknown(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"unknown field {name!a}" + (f"; did you mean {near[0]!a}?" if near else "")
