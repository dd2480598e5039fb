"""Violations describe a rejected value in the words of the contract, not in those of a library."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from risk_hub_contracts.base.ids import name_violation
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.blob.refs import IssuedRef
from risk_hub_contracts.blob.uploads import UploadEnd, UploadRequest, parse_upload
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.snapshot.request_schema import SnapshotRequest
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
        ({"measures": {}}, "must be an array; this is an empty object"),
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
        ({"measures": {"a": 1}}, "must be an array; this is an object of 1 member"),
        ({"freeze": [1, 2]}, "must be an object; this is an array of 2 entries"),
        (
            {"version": "a b"},
            "must be 1 to 128 characters (A-Z a-z 0-9 . _ : @ + -), the first a letter or digit",
        ),
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


def patterns_in(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if schema.get("type") == "str" and "pattern" in schema:
            yield schema["pattern"]
        for value in schema.values():
            yield from patterns_in(value)
    elif isinstance(schema, list | tuple):
        for value in schema:
            yield from patterns_in(value)


@pytest.mark.parametrize(
    "model", [SnapshotRequest, UploadRequest, UploadEnd, IssuedRef, ExitPolicy, Expectation]
)
def test_every_pattern_of_a_request_is_reported_as_a_sentence_about_the_allowed_characters(
    model: Any,
) -> None:
    patterns = set(patterns_in(TypeAdapter(model).core_schema))
    assert patterns
    for pattern in patterns:
        field: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(pattern=pattern)])
        with pytest.raises(ValidationError) as caught:
            field.validate_python("\x00")
        [violation] = to_violations(caught.value)
        assert violation.detail.startswith("must ")
        assert "pattern" not in violation.detail


@pytest.mark.parametrize(("count", "text"), [(0, "0 bytes"), (1, "1 byte"), (2, "2 bytes")])
def test_a_count_of_one_has_the_noun_in_the_singular(count: int, text: str) -> None:
    assert counted(count, "byte") == text


def test_covariance_of_one_id_is_refused_in_the_singular() -> None:
    found = refusal(with_fields(weights={"A": 1.0}, covariance={"ids": ["A"], "upper": [1.0, 2.0]}))
    assert found.violations[0].detail == "1 id needs 1 number, not 2"


def test_upload_of_one_byte_with_parts_is_refused_in_the_singular() -> None:
    body = {"kind": "stress", "bytes": 1, "sha256": "0" * 64, "parts": ["0" * 64]}
    with pytest.raises(ProblemError) as caught:
        parse_upload(json.dumps(body).encode())
    assert caught.value.violations[0].detail == "a blob of 1 byte needs 0 digests in parts, not 1"
