"""RFC 6901 pointers."""

from collections.abc import Iterable


def pointer(*parts: str | int) -> str:
    """Return the pointer to a member, its parts escaped: `pointer("weights", "a/b")` is `/weights/a~1b`."""
    return join(parts)


def join(parts: Iterable[str | int]) -> str:
    """Return the pointer made of `parts`; of none, the whole document (the empty string)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
