"""Check instants that callers pass: a day without a time is not an instant."""

from datetime import UTC, date, datetime
from typing import Any, Final

from risk_hub_client.labels import violation_error

__all__ = ["convert_instant", "require_utc"]

REMEDY: Final = (
    "pass the instant of the close with its time zone, for example "
    "datetime.combine(day, time(16, 0), tzinfo=ZoneInfo('America/New_York'))"
)


def convert_instant(value: Any, at: str) -> Any:  # noqa: ANN401 - validated by the contract
    """Check an instant and return it unchanged; the contract checks texts.

    Raises:
        InvalidSnapshotError: it is a day without a time, a time without a time zone, or outside the years of UTC.
    """
    if type(value).__name__ == "NaTType":
        raise violation_error(at, f"is not a time (NaT): {REMEDY}")
    if getattr(getattr(value, "dtype", None), "kind", "") == "M":
        raise violation_error(at, f"a NumPy datetime64 has no time zone: {REMEDY}")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise violation_error(at, f"{value.isoformat()} has no time zone: {REMEDY}")
        require_utc(value, at)
        return value
    if isinstance(value, date) or _is_day(value):
        raise violation_error(at, f"{value} is a day, not an instant: {REMEDY}")
    return value


def require_utc(value: datetime, at: str) -> None:
    """Check that an instant with a time zone is within the years 1 to 9999 of UTC.

    Raises:
        InvalidSnapshotError: it is not.
    """
    try:
        value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise violation_error(at, f"{value.isoformat()} is outside the years 1 to 9999 in UTC") from None


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value) is not None
    except ValueError:
        return False
