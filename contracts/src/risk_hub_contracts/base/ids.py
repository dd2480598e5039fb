"""Grammars of names: worlds, versions, assets, scenarios, actors and stages.

Each `..._violation` returns None for a valid value, otherwise what is wrong and what is allowed.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from risk_hub_contracts.base.limits import (
    ACTOR_MAX_CHARS,
    ASSET_ID_MAX_CHARS,
    CORRELATION_ID_MAX_CHARS,
    ID_MAX_CHARS,
    NAME_MAX_CHARS,
    STAGE_MAX_CHARS,
)

ID_PATTERN: Final = rf"^[A-Za-z0-9][A-Za-z0-9._:@+-]{{0,{ID_MAX_CHARS - 1}}}$"
ACTOR_PATTERN: Final = rf"^[!-~](?:[ -~]{{0,{ACTOR_MAX_CHARS - 2}}}[!-~])?$"
STAGE_PATTERN: Final = rf"^[A-Za-z][A-Za-z0-9_-]{{0,{STAGE_MAX_CHARS - 1}}}$"
CORRELATION_ID_PATTERN: Final = rf"^[A-Za-z0-9._:@+/=-]{{1,{CORRELATION_ID_MAX_CHARS}}}$"
SHA256_PATTERN: Final = "^[0-9a-f]{64}$"
CONTENT_HASH_PATTERN: Final = "^sha256:[0-9a-f]{64}$"
HISTORY_DAY_PATTERN: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CONTROL_RANGES: Final = r"\u0000-\u001f\u007f-\u009f"
# Characters that `str.strip` removes, except control characters. In ECMA-262, `\s` also contains U+FEFF.
_SPACE: Final = r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
ASSET_ID_PATTERN: Final = (
    rf"^[^{_SPACE},{_CONTROL_RANGES}](?:[^,{_CONTROL_RANGES}]*[^{_SPACE},{_CONTROL_RANGES}])?$"
)
NAME_PATTERN: Final = ASSET_ID_PATTERN.replace(",", "")
PAIR_PATTERN: Final = r"^[^,]+,[^,]+$|^[^,]+:[^,]+$"
# The `provenance.source` of a backfilled snapshot.
BACKFILL_SOURCE: Final = "backfill"
CLAIM_PATTERN: Final = "^(?:sha256|blake3):[0-9a-f]{64}$"
HOUR_PATTERN: Final = "^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"
CODE_PATTERN: Final = "^[a-z0-9_]+$"
CURRENCY_PATTERN: Final = "^[A-Z]{3}$"
UPLOAD_ID_PATTERN: Final = "^[!-~]+$"
PROFILE_PATTERN: Final = "^[a-z][a-z0-9_-]{0,63}$"
RULE_NAME_PATTERN: Final = "^[a-z][a-z0-9_.-]{0,63}$"
_ID_TEXT: Final = (
    f"must be 1 to {ID_MAX_CHARS} characters (A-Z a-z 0-9 . _ : @ + -), the first a letter or digit"
)
_SHA256_TEXT: Final = "must be a SHA-256: 64 lower-case hex digits"
# The requirement, as text, for each pattern of a request model.
PATTERN_TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ID_PATTERN: _ID_TEXT,
        SHA256_PATTERN: _SHA256_TEXT,
        HOUR_PATTERN: "must be a time of day in UTC as HH:MM, from 00:00 to 23:59",
        CODE_PATTERN: "must contain only the characters a-z 0-9 _",
        CURRENCY_PATTERN: "must be a currency code of ISO 4217: three letters A-Z, for example USD",
        PROFILE_PATTERN: "must be 1 to 64 characters (a-z 0-9 _ -), the first a letter",
        RULE_NAME_PATTERN: "must be 1 to 64 characters (a-z 0-9 _ . -), the first a letter",
        UPLOAD_ID_PATTERN: "must contain only printable ASCII characters, without spaces",
    }
)

_ID: Final = re.compile(ID_PATTERN[1:-1])
_ACTOR: Final = re.compile(ACTOR_PATTERN[1:-1])
_STAGE: Final = re.compile(STAGE_PATTERN[1:-1])
_SHA256: Final = re.compile(SHA256_PATTERN[1:-1])
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Unicode categories without a glyph: format, separator, control, surrogate, private use, unassigned.
_INVISIBLE_CATEGORIES: Final = frozenset({"Cf", "Zs", "Zl", "Zp", "Cc", "Cs", "Co", "Cn"})
# Invisible despite their category: default-ignorable letters and marks, variation selectors, blank Braille.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_PLAIN: Final = rf"[A-Za-z0-9._/:@+-]{{1,{NAME_MAX_CHARS}}}"
_PLAIN_NAME: Final = re.compile(_PLAIN)
_PLAIN_NAMES: Final = re.compile(rf"{_PLAIN}(?:\n{_PLAIN})*")


def id_violation(value: str) -> str | None:
    """Check a world id or a version."""
    if _ID.fullmatch(value):
        return None
    return _ID_TEXT


def asset_id_violation(value: str) -> str | None:
    """Check an asset id: any script, but one spelling only, and no comma (commas join pairs)."""
    if _PLAIN_NAME.fullmatch(value):
        return None
    if "," in value:
        return "an asset id must not contain a comma"
    return name_violation(value, ASSET_ID_MAX_CHARS)


def are_plain_names(names: Collection[str]) -> bool:
    """Return whether every name is of the plain kind that needs no further check; False when unsure.

    The names are joined by line feeds, which no plain name contains, and matched in one pass.
    """
    joined = "\n".join(names)
    return joined.count("\n") == len(names) - 1 and _PLAIN_NAMES.fullmatch(joined) is not None


def name_violation(value: str, max_chars: int = NAME_MAX_CHARS) -> str | None:
    """Check a scenario or metric name."""
    if len(value) <= max_chars and _PLAIN_NAME.fullmatch(value):
        return None
    return _unusual_name_violation(value, max_chars)


def _unusual_name_violation(value: str, max_chars: int) -> str | None:
    if not 1 <= len(value) <= max_chars:
        return f"a name has 1 to {max_chars} characters; this one has {len(value)}"
    if _CONTROL.search(value):
        return "a name must not contain control characters"
    if value != value.strip():
        return "a name must not begin or end with white space"
    if not unicodedata.is_normalized("NFC", value):
        return f"a name must be in Unicode form NFC; send {json.dumps(unicodedata.normalize('NFC', value))}"
    if not has_visible_character(value):
        return "a name must have at least one visible character"
    return None


def has_visible_character(value: str) -> bool:
    """Return whether any character has a glyph; accents alone count as one, zero-width characters do not."""
    return any(
        unicodedata.category(char) not in _INVISIBLE_CATEGORIES and not _INVISIBLE.match(char)
        for char in value
    )


def actor_violation(value: str) -> str | None:
    """Check an actor (`X-Actor`): printable ASCII, so that no header can be smuggled in."""
    if _ACTOR.fullmatch(value):
        return None
    return f"must be 1 to {ACTOR_MAX_CHARS} printable ASCII characters, without spaces at the ends"


def stage_violation(value: str) -> str | None:
    """Check the form of a stage (`X-Stage`); the deployment decides whether it is allowed."""
    if _STAGE.fullmatch(value):
        return None
    return f"must be a stage name: a letter, then up to {STAGE_MAX_CHARS - 1} letters, digits, _ or -"


def sha256_violation(value: str) -> str | None:
    """Check a digest from a path."""
    if _SHA256.fullmatch(value):
        return None
    return _SHA256_TEXT
