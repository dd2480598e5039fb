"""Plain sentences for the faults of a JSON text: the place, what was found, what is expected."""

import re
from typing import Final, NamedTuple

__all__ = ["Place", "fault_place", "fault_text"]

_POSITION: Final = re.compile(r" at line (\d+) column (\d+)\Z")
_END: Final = "the text ends"
# The parser's messages, and the sentence for each. `{found}` is the character at the place of the fault.
_SENTENCES: Final = {
    "EOF while parsing a string": f"{_END} inside a string; close it with a double quote",
    "EOF while parsing an object": f"{_END} inside an object; close it with }}}}",
    "EOF while parsing a list": f"{_END} inside an array; close it with ]",
    "EOF while parsing a value": f"{_END} before its last value is complete",
    "trailing comma": "a comma before {found}; remove the comma",
    "trailing characters": "{found} after the end of the JSON value; remove it and all that follows",
    "key must be a string": "expected a key in double quotes, found {found}",
    "expected value": "expected a value, found {found}",
    "expected ident": "expected true, false or null",
    "expected `:`": "expected a colon after the key, found {found}",
    "expected `,` or `}`": "expected a comma or }} after the member, found {found}",
    "expected `,` or `]`": "expected a comma or ] after the element, found {found}",
    "invalid number": "the number is incomplete or has a leading zero; write it as in 0, -0.5 or 1e-3",
    "control character": "a string contains the control character {found}; write it as an escape, such as \\n",
    "invalid escape": 'a backslash in a string must be followed by one of " \\ / b f n r t u',
    "unexpected end of hex escape": "a \\u escape is incomplete or a lone surrogate; write four hex digits, "
    "and a character above U+FFFF as itself or as two escapes",
    "lone leading surrogate": "a \\u escape is a lone surrogate; write a character above U+FFFF as itself or as two "
    "escapes",
}
_UNKNOWN: Final = "the text violates RFC 8259"
_HINTS: Final = {
    "'": "; strings have double quotes",
    "/": "; JSON has no comments",
    "+": "; a number has no plus sign",
    ".": "; a number begins with a digit",
    "T": "; write true in lower case",
    "F": "; write false in lower case",
    "N": "; write an unknown value as null",
    "<": "; the text looks like HTML or XML",
    ",": "; remove the extra comma",
    "\u2018": "; strings have straight double quotes",
    "\u201c": "; strings have straight double quotes",
}
_EXPECTING: Final = ("key must be a string", "expected value")


class Place(NamedTuple):
    """A place in a JSON text: its offset in bytes; line and column, in characters, begin at 1."""

    offset: int
    line: int
    column: int

    def __str__(self) -> str:
        """Return the place for a sentence."""
        return f"line {self.line}, column {self.column}"


def fault_place(raw: bytes, message: str) -> Place:
    """Return the place that the parser's message names; `raw` is UTF-8.

    The parser counts bytes, and names column 0 of the next line for a line feed inside a string.
    """
    named = _POSITION.search(message)
    line, column = (int(named[1]), int(named[2])) if named else (1, 1)
    offset = sum(len(each) + 1 for each in raw.split(b"\n", line - 1)[: line - 1]) + column - 1
    if message.startswith("EOF"):
        offset = len(raw)
    before = raw[: max(offset, 0)].decode(errors="ignore")
    return Place(max(offset, 0), before.count("\n") + 1, len(before) - before.rfind("\n"))


def fault_text(raw: bytes, message: str) -> str:
    """Return the place and a plain sentence for the parser's message, without a full stop."""
    if not raw.strip():
        return "it is empty"
    place = fault_place(raw, message)
    words = next((each for each in _SENTENCES if message.startswith(each)), "")
    found = raw[place.offset : place.offset + 4].decode(errors="ignore")[:1]
    hint = _HINTS.get(found, "") if words in _EXPECTING else ""
    return f"{place}: {_SENTENCES.get(words, _UNKNOWN).format(found=_shown(found))}{hint}"


def _shown(character: str) -> str:
    """Return a character for a sentence: printable ASCII as it is, another one with its code."""
    if " " < character <= "~":
        return f"`{character}`"
    code = f"U+{ord(character):04X}" if character else "the end of the text"
    return f"{character} ({code})" if character.isprintable() and character != " " else code
