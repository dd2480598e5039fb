"""Findings of a comparison."""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Finding", "Findings", "child_place"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: its place, and the released and the current value."""

    place: str
    sentence: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.place}: {self.sentence}"


Findings = Iterator[Finding]


def child_place(place: str, *segments: str | int) -> str:
    """Return a place nested in a place, in the form of an RFC 6901 pointer."""
    return "/".join((place, *(str(segment).replace("~", "~0").replace("/", "~1") for segment in segments)))
