"""Dates of returns: ISO 8601 dates, or date-times that count by their UTC date."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Final

# `fromisoformat` alone also takes any separator and offset minutes above 59, and its grammar depends on the
# release of Python: 24:00, for example.
_ISO_8601: Final = re.compile(
    r"[0-9W-]+(?:[Tt ](?!24)[0-9:.,]+(?:[Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?)?"
)
DATES_MALFORMED = "dates_malformed"
DATES_REPEATED = "dates_repeated"


def utc_date(text: str) -> date:
    """Return the UTC date of an ISO 8601 date or date-time; one without an offset is read as UTC.

    Raises:
        ValueError: the text is neither.
    """
    if _ISO_8601.fullmatch(text) is None:
        raise ValueError(f"{text[:64]!a} is not in ISO 8601 form")
    upper = text.upper()
    try:
        return date.fromisoformat(upper)
    except ValueError:
        instant = datetime.fromisoformat(upper)
    try:
        return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC).date()
    except OverflowError as error:
        raise ValueError(f"the UTC date of {text!a} is outside the calendar") from error


def date_violations(dates: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the place and the violation of the first malformed date, else of the first repeated date.

    The violation names its code, `dates_malformed` or `dates_repeated`.
    """
    first_places: dict[date, int] = {}
    repeated: tuple[int, str] | None = None
    for place, text in enumerate(dates):
        try:
            found = utc_date(text)
        except ValueError:
            detail = f"{text[:64]!a} is not an existing ISO 8601 date or date-time; send YYYY-MM-DD"
            yield place, f"{DATES_MALFORMED}: {detail}"
            return
        if first_places.setdefault(found, place) != place and repeated is None:
            detail = f"{text!a} has the UTC date {found} of entry {first_places[found]}; send each date once"
            repeated = place, f"{DATES_REPEATED}: {detail}"
    if repeated is not None:
        yield repeated
