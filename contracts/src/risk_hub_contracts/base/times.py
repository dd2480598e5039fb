"""Instants (RFC 3339 in, UTC microseconds inside, fixed-width text out) and readable durations."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final

from pydantic import Field

_INSTANT: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))",
)
_FRACTION_MAX_DIGITS: Final = 6
_OFFSET_MAX: Final = timedelta(hours=14)
# The instants of one snapshot are parsed twice and formatted about a dozen times during a request.
_KEPT_MAX_INSTANTS: Final = 64
_UNITS: Final = ((86_400, "day"), (3_600, "h"), (60, "min"), (1, "s"))
_FORM: Final = "an RFC 3339 date-time with an offset (2025-01-31T09:30:00Z, 2025-01-31T18:30:00+09:00)"


Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""An instant in an answer or event, as its schema shows it."""


class InstantError(ValueError):
    """The text is not an instant; the message names the wrong part and the accepted form."""


@lru_cache(maxsize=_KEPT_MAX_INSTANTS)
def parse_instant(text: str) -> datetime:
    """Return the UTC instant that `text` names, with microseconds.

    Raises:
        InstantError: naive, date-only, week date, leap second, 24:00, more than six fractional digits, an
            offset beyond 14:00, digits other than ASCII, or a date that does not exist.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise InstantError(f"must be {_FORM}{_hint(text)}")
    *fields, fraction, zulu, sign, hours, minutes = match.groups()
    if fraction and len(fraction) > _FRACTION_MAX_DIGITS:
        raise InstantError(
            f"has {len(fraction)} fractional digits; at most {_FRACTION_MAX_DIGITS} are allowed"
        )
    offset = timedelta(0) if zulu else _offset(sign, int(hours), int(minutes))
    year, month, day, hour, minute, second = map(int, fields)
    microsecond = int((fraction or "").ljust(_FRACTION_MAX_DIGITS, "0"))
    try:
        local = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC)
        return local - offset
    except (ValueError, OverflowError) as error:
        raise InstantError(f"is not an existing date and time: {_lower_first(error)}") from None


@lru_cache(maxsize=_KEPT_MAX_INSTANTS)
def format_instant(instant: datetime) -> str:
    """Return `instant` as `YYYY-MM-DDTHH:MM:SS.ffffffZ`: fixed width, so text order is time order.

    Raises:
        ValueError: the instant is naive.
    """
    if instant.tzinfo is None:
        raise ValueError("a naive datetime is not an instant; attach its time zone")
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def duration_text(seconds: float) -> str:
    """Return a duration in its two largest units, rounded down; fractions only below a second.

    Examples: `123 days 5 h`, `10 min`, `4 s`, `0.25 s`.

    A negative duration has a minus sign.
    """
    if abs(seconds) < 1:
        return f"{round(seconds, 3):g} s"
    rest, counts = int(abs(seconds)), []
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        counts.append((count, f"{unit}s" if unit == "day" and count > 1 else unit))
    first = next(index for index, (count, _) in enumerate(counts) if count)
    shown = [f"{count} {unit}" for count, unit in counts[first : first + 2] if count]
    return f"{'-' if seconds < 0 else ''}{' '.join(shown)}"


def _offset(sign: str, hours: int, minutes: int) -> timedelta:
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > _OFFSET_MAX:  # noqa: PLR2004 - minutes of an hour
        raise InstantError(
            f"has the offset {sign}{hours:02}:{minutes:02}; it must be between -14:00 and +14:00"
        )
    return -offset if sign == "-" else offset


def _hint(text: str) -> str:
    if re.fullmatch(r"\S+ [0-9]{2}:[0-9]{2}", text):
        return "; write + in a query as %2B"
    if re.fullmatch(r"[0-9-]{8,10}T?[0-9:.]*", text):
        return "; send a time and an offset"
    return ""


def _lower_first(error: Exception) -> str:
    message = str(error)
    return message[:1].lower() + message[1:]
