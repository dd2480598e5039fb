"""Findings of a comparison."""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Finding", "Findings", "at"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: its place, and the released and the current value."""

    place: str
    sentence: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.place}: {self.sentence}"


Findings = Iterator[Finding]


def at(place: str, *parts: str | int) -> str:
    """Return a place nested in a place, in the form of an RFC 6901 pointer."""
    return "/".join((place, *(str(part).replace("~", "~0").replace("/", "~1") for part in parts)))
