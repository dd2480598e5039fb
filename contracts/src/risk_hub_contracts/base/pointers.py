"""RFC 6901 pointers."""

from collections.abc import Iterable


def pointer(*segments: str | int) -> str:
    """Return the pointer to a member, its parts escaped: `pointer("weights", "a/b")` is `/weights/a~1b`."""
    return join(segments)


def join(segments: Iterable[str | int]) -> str:
    """Return the pointer made of `segments`; without segments, the empty string: the whole document."""
    return "".join("/" + str(segment).replace("~", "~0").replace("/", "~1") for segment in segments)
