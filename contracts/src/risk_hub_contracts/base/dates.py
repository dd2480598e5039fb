"""Dates of returns: ISO 8601 dates, or date-times that count by their UTC date."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

DATES_MALFORMED = "dates_malformed"
DATES_REPEATED = "dates_repeated"


def utc_date(text: str) -> date:
    """Return the UTC date of an ISO 8601 date or date-time; one without an offset is read as UTC.

    Raises:
        ValueError: the text is neither.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        instant = datetime.fromisoformat(text)
    try:
        return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC).date()
    except OverflowError as error:
        raise ValueError(f"the UTC date of {text!a} is outside the calendar") from error


def date_violations(dates: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the place and the violation of the first malformed date; if there is none, of the first repeated one.

    The violation names its code, `dates_malformed` or `dates_repeated`.
    """
    first_places: dict[date, int] = {}
    repeated: tuple[int, str] | None = None
    for place, text in enumerate(dates):
        try:
            found = utc_date(text)
        except ValueError:
            yield (
                place,
                f"{DATES_MALFORMED}: {text[:64]!a} is not an ISO 8601 date or date-time; send YYYY-MM-DD",
            )
            return
        if first_places.setdefault(found, place) != place and repeated is None:
            detail = f"{text!a} has the UTC date {found} of entry {first_places[found]}; send each date once"
            repeated = place, f"{DATES_REPEATED}: {detail}"
    if repeated is not None:
        yield repeated
