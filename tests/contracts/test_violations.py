"""Violations describe a rejected value in the words of the contract, not in those of a library."""

import json
from typing import Any

import pytest

from risk_hub_contracts.base.ids import name_violation
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.worlds.expectation import Expectation
from risk_hub_contracts.worlds.registry import parse_registration
from tests.contracts.samples import refusal, with_fields

LIMIT = {"measure": "value_at_risk", "method": "historical", "max_loss": 0.1}


def details(model: Any, body: dict[str, Any]) -> list[str]:
    with pytest.raises(ProblemError) as caught:
        parse_registration(model, json.dumps(body).encode())
    return [violation.detail for violation in caught.value.violations]


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        (
            {"measures": [{**LIMIT, "measure": "x"}]},
            "must be 'value_at_risk', 'expected_shortfall' or 'volatility'",
        ),
        ({"measures": [{**LIMIT, "max_loss": 0}]}, "must be greater than 0.0; this is 0"),
        (
            {"measures": [{**LIMIT, "max_loss": 10**400}]},
            "must be within the range of a 64-bit float; this is ",
        ),
        ({"measures": {}}, "must be an array; this is an object of 0"),
        (
            {"measures": [{**LIMIT, "action": "exit", "ratio": 0.5}]},
            "ratio goes with action reduce only; leave it out for exit",
        ),
        (
            {"measures": [LIMIT, LIMIT]},
            "two limits for (value_at_risk, historical, reduce); keep the stricter one",
        ),
        ({"stress": [{"max_loss": 1, "scenario": "\u200b"}]}, "must have at least one visible character"),
        ({"stress": [{"max_loss": 1, "scenario": ""}]}, "must not be empty"),
        ({"version": "a b"}, "must match the pattern ^[A-Za-z0-9]"),
        ({"freeze": {"assets": ["a" * 129]}}, "must have at most 128 characters"),
    ],
)
def test_exit_policy_violation_details_use_contract_wording(fields: dict[str, Any], detail: str) -> None:
    [found] = details(ExitPolicy, {"version": "p1", "cool_down_seconds": 60, **fields})
    assert found.startswith(detail)


def test_string_for_a_boolean_is_reported_with_the_allowed_values() -> None:
    [found] = details(Expectation, {"owner": "desk", "enabled": "true"})
    assert found == "must be true or false; this is a string"


def test_unknown_nested_field_gets_no_suggestion_from_the_top_level() -> None:
    hours = {"from": "22:00", "to": "06:00", "ownr": "x"}
    [found] = details(Expectation, {"owner": "desk", "quiet_hours_utc": [hours]})
    assert found == "unknown field 'ownr'"


def test_integer_outside_the_float_range_is_reported_as_out_of_range() -> None:
    found = refusal(with_fields(weights={"A": 10**400})).violations[0].detail
    assert found.startswith("must be within the range of a 64-bit float")


def test_non_normalised_name_error_shows_the_normal_form_as_json() -> None:
    violation = name_violation("e\u0301") or ""
    assert json.loads(violation.partition("send ")[2]) == "\u00e9"
