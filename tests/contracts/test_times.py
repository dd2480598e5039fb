from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_contracts.base.times import InstantError, duration_text, format_instant, parse_instant

instants = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(instants, offsets)
def test_isoformat_in_any_zone_parses_to_the_same_instant(instant: datetime, zone: timezone) -> None:
    assert parse_instant(instant.astimezone(zone).isoformat()) == instant


@given(instants)
def test_formatted_instant_has_fixed_width_and_round_trips(instant: datetime) -> None:
    text = format_instant(instant)
    assert len(text) == len("2025-01-01T00:00:00.000000Z")
    assert parse_instant(text) == instant


@given(instants, instants)
def test_formatted_instants_sort_chronologically(first: datetime, second: datetime) -> None:
    assert (format_instant(first) < format_instant(second)) == (first < second)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00.000000Z"),
        ("2025-01-01t00:00:00z", "2025-01-01T00:00:00.000000Z"),
        ("2025-01-01T00:00:00-00:00", "2025-01-01T00:00:00.000000Z"),
        ("2025-01-01T09:00:00+09:00", "2025-01-01T00:00:00.000000Z"),
        ("2025-01-01T00:00:00.5+14:00", "2024-12-31T10:00:00.500000Z"),
        ("2024-02-29T23:59:59.123456-14:00", "2024-03-01T13:59:59.123456Z"),
    ],
)
def test_instant_is_normalised_to_utc_microseconds(text: str, utc: str) -> None:
    assert format_instant(parse_instant(text)) == utc


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2025-01-01T00:00:00", "send a time and an offset"),
        ("2025-01-01", "send a time and an offset"),
        ("2025-01-01T00:00:00 09:00", "%2B"),
        ("2025-W01-1T00:00:00Z", "RFC 3339"),
        ("20250101T000000Z", "RFC 3339"),
        ("2025-01-01 00:00:00Z", "RFC 3339"),
        ("2025-01-01T00:00:00.Z", "RFC 3339"),
        ("2025-01-01T00:00Z", "RFC 3339"),
        ("2025-01-01T00:00:00+0900", "RFC 3339"),
        ("2025-01-01T00:00:00\u221209:00", "RFC 3339"),
        ("\uff12025-01-01T00:00:00Z", "RFC 3339"),
        ("2025-01-01T00:00:00Z ", "RFC 3339"),
        ("", "RFC 3339"),
        ("2025-01-01T00:00:00.0000001Z", "7 fractional digits"),
        ("2025-01-01T00:00:00+14:01", r"\+14:01"),
        ("2025-01-01T00:00:00+09:60", r"\+09:60"),
        ("2025-01-01T00:00:60Z", "second"),
        ("2025-01-01T24:00:00Z", "hour"),
        ("2025-02-29T00:00:00Z", "day"),
        ("2025-13-01T00:00:00Z", "month"),
        ("0000-01-01T00:00:00Z", "year"),
        ("0001-01-01T00:00:00+00:01", "range"),
        ("9999-12-31T23:59:59-00:01", "range"),
    ],
)
def test_invalid_instant_is_rejected_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(InstantError, match=reason):
        parse_instant(text)


@given(st.text(max_size=40))
def test_arbitrary_text_parses_to_utc_or_raises_instant_error(text: str) -> None:
    with suppress(InstantError):
        assert parse_instant(text).tzinfo is UTC


def test_formatting_a_naive_datetime_raises_value_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_instant(datetime(2025, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (0.0004, "0 s"),
        (1, "1 s"),
        (59.999, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (600, "10 min"),
        (3_600, "1 h"),
        (3_601, "1 h"),
        (3_660, "1 h 1 min"),
        (86_400, "1 day"),
        (86_399, "23 h 59 min"),
        (90_000, "1 day 1 h"),
        (10_648_210, "123 days 5 h"),
        (10_627_200, "123 days"),
        (31_536_000, "365 days"),
        (-90, "-1 min 30 s"),
    ],
)
def test_a_duration_is_written_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
