"""Valid expectations of a world, and the times at which it raises no alarm."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from risk_hub_contracts.base.limits import LAG_MAX_SECONDS, QUIET_HOURS_MAX_COUNT
from risk_hub_contracts.base.problems import DUPLICATE_KEY, REGISTRATION_INVALID, ProblemError
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY, ExitPolicy
from risk_hub_contracts.worlds.expectation import Expectation, QuietHours
from risk_hub_contracts.worlds.registry import parse_registration
from tests.contracts.samples import pointers

NIGHT = {"from": "22:00", "to": "06:00"}


def expected(**fields: Any) -> bytes:
    document = {"owner": "desk-a", **fields}
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


def refused(raw: bytes, model: type[Any] = Expectation) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        parse_registration(model, raw)
    return caught.value


def test_expectation_with_only_an_owner_gets_defaults() -> None:
    given = parse_registration(Expectation, expected())
    assert (given.warn_seconds, given.critical_seconds) == (600, 1_800)
    assert given.enabled
    assert given.quiet_hours_utc == []


def test_expectation_round_trips_through_json() -> None:
    given = parse_registration(Expectation, expected(quiet_hours_utc=[NIGHT], warn_seconds=5))
    text = given.model_dump_json(by_alias=True)
    assert json.loads(text)["quiet_hours_utc"] == [NIGHT]
    assert parse_registration(Expectation, text.encode()) == given


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"owner": None}, "/owner"),
        ({"owner": ""}, "/owner"),
        ({"owner": "desk\n"}, "/owner"),
        ({"owner": "d" * 129}, "/owner"),
        ({"warn_seconds": 0}, "/warn_seconds"),
        ({"warn_seconds": 600.0}, "/warn_seconds"),
        ({"warn_seconds": "600"}, "/warn_seconds"),
        ({"critical_seconds": LAG_MAX_SECONDS + 1}, "/critical_seconds"),
        ({"warn_seconds": 1_800}, ""),
        ({"enabled": "false"}, "/enabled"),
        ({"enabled": 0}, "/enabled"),
        ({"warn_second": 5}, "/warn_second"),
        ({"quiet_hours_utc": [NIGHT] * (QUIET_HOURS_MAX_COUNT + 1)}, "/quiet_hours_utc"),
        ({"quiet_hours_utc": [{"from": "22:00"}]}, "/quiet_hours_utc/0/to"),
        ({"quiet_hours_utc": [{"from": "24:00", "to": "06:00"}]}, "/quiet_hours_utc/0/from"),
        ({"quiet_hours_utc": [{"from": "6:00", "to": "07:00"}]}, "/quiet_hours_utc/0/from"),
        ({"quiet_hours_utc": [{"from": "06:00\n", "to": "07:00"}]}, "/quiet_hours_utc/0/from"),
        ({"quiet_hours_utc": [{"from": "06:00", "to": "06:00"}]}, "/quiet_hours_utc/0"),
    ],
)
def test_invalid_expectation_field_is_rejected_at_its_pointer(fields: dict[str, Any], pointer: str) -> None:
    problem = refused(expected(**fields))
    assert problem.type is REGISTRATION_INVALID
    assert pointers(problem) == [pointer]


def test_expectation_with_a_duplicate_key_is_rejected() -> None:
    assert refused(b'{"owner": "a", "owner": "b"}').type is DUPLICATE_KEY


def test_maximum_lag_and_quiet_hours_count_are_accepted() -> None:
    raw = expected(critical_seconds=LAG_MAX_SECONDS, quiet_hours_utc=[NIGHT] * QUIET_HOURS_MAX_COUNT)
    assert parse_registration(Expectation, raw).critical_seconds == LAG_MAX_SECONDS


@pytest.mark.parametrize(
    ("start", "end", "quiet", "loud"),
    [
        ("22:00", "06:00", ["22:00", "23:59", "00:00", "05:59"], ["06:00", "12:00", "21:59"]),
        ("06:00", "22:00", ["06:00", "12:00", "21:59"], ["22:00", "00:00", "05:59"]),
        ("00:00", "00:01", ["00:00"], ["00:01", "23:59"]),
    ],
)
def test_quiet_hours_begin_at_from_and_end_before_to(
    start: str, end: str, quiet: list[str], loud: list[str]
) -> None:
    hours = QuietHours.model_validate({"from": start, "to": end})
    for text in (*quiet, *loud):
        instant = datetime.fromisoformat(f"2026-01-05T{text}:30").replace(tzinfo=UTC)
        assert hours.covers(instant) == (text in quiet), text


def test_exit_policy_is_parsed_and_an_unknown_action_is_rejected() -> None:
    raw = DEFAULT_POLICY.model_dump_json().encode()
    assert parse_registration(ExitPolicy, raw) == DEFAULT_POLICY
    problem = refused(raw.replace(b'"reduce"', b'"sell"', 1), ExitPolicy)
    assert problem.type is REGISTRATION_INVALID
    assert pointers(problem) == ["/measures/0/action"]
