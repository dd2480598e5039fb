"""Numbers anywhere in a body: integers that a 64-bit float cannot hold, and magnitudes beyond sense."""

from collections.abc import Iterator
from typing import Any, Final

from risk_hub_contracts.limits import INTEGER_MAX_ABS, NUMBER_MAX_ABS
from risk_hub_contracts.pointers import join
from risk_hub_contracts.problems import Violation

Path = tuple[str | int, ...]
_CONTAINERS: Final = frozenset({dict, list})
_NUMBERS: Final = frozenset({int, float})


def number_faults(body: dict[str, Any]) -> Iterator[Violation]:
    """Yield one violation for each number out of range; containers of small numbers pass at C speed."""
    pending: list[tuple[Path, Any]] = [((), body)]
    while pending:
        path, container = pending.pop()
        values = container.values() if type(container) is dict else container
        kinds = set(map(type, values))
        if kinds <= _NUMBERS and (
            not kinds or -INTEGER_MAX_ABS <= min(values) <= max(values) <= INTEGER_MAX_ABS
        ):
            continue
        for key, value in container.items() if type(container) is dict else enumerate(container):
            if type(value) in _CONTAINERS:
                pending.append(((*path, key), value))
            elif (detail := _fault(value)) is not None:
                yield Violation(join((*path, key)), detail)


def _fault(value: object) -> str | None:
    if type(value) is int and abs(value) > INTEGER_MAX_ABS:
        return f"an integer must be between -{INTEGER_MAX_ABS} and {INTEGER_MAX_ABS}, to be exact everywhere"
    if type(value) is float and abs(value) > NUMBER_MAX_ABS:
        return f"must be between -{NUMBER_MAX_ABS:g} and {NUMBER_MAX_ABS:g}"
    return None
