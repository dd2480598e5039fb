"""Names in an exit policy: a policy that is put may name only what a snapshot can name; a stored one stays readable."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from risk_hub_contracts.base.ids import asset_id_violation, name_violation
from risk_hub_contracts.base.problems import REGISTRATION_INVALID, ProblemError
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.worlds.registry import parse_registration
from tests.contracts.samples import pointers

# Visible names that no snapshot can have.
IMPOSSIBLE = ["e\u0301", "A\u0007B", "A\u0000", "\u0085A", " AAPL", "AAPL ", "\u3000A", "A\nB"]
PLACES: list[tuple[str, Callable[[str], dict[str, Any]]]] = [
    ("/freeze/assets/0", lambda name: {"freeze": {"assets": [name]}}),
    ("/drain/assets/0", lambda name: {"drain": {"assets": [name]}}),
    ("/stress/0/scenario", lambda name: {"stress": [{"max_loss": 0.1, "scenario": name}]}),
]


def policy(**fields: Any) -> bytes:
    return orjson.dumps({"version": "p1", "cool_down_seconds": 60, **fields})


@pytest.mark.parametrize("name", IMPOSSIBLE, ids=ascii)
@pytest.mark.parametrize(("place", "fields"), PLACES, ids=[place for place, _ in PLACES])
def test_a_policy_that_names_what_no_snapshot_can_name_is_refused(place: str, fields: Any, name: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_registration(ExitPolicy, policy(**fields(name)))
    assert refused.value.type is REGISTRATION_INVALID
    assert pointers(refused.value) == [place]
    violation_of = name_violation if "stress" in place else asset_id_violation
    assert refused.value.violations[0].detail == violation_of(name)


@pytest.mark.parametrize(("place", "fields"), PLACES, ids=[place for place, _ in PLACES])
def test_a_comma_is_refused_in_an_asset_id_and_taken_in_a_scenario(place: str, fields: Any) -> None:
    raw = policy(**fields("A,B"))
    if "stress" in place:
        assert parse_registration(ExitPolicy, raw).stress[0].scenario == "A,B"
        return
    with pytest.raises(ProblemError, match="must not contain a comma"):
        parse_registration(ExitPolicy, raw)


@pytest.mark.parametrize("name", ["AAPL", "삼성전자", "é", "BRK B", "🍎"], ids=ascii)
def test_a_policy_may_name_what_a_snapshot_can_name(name: str) -> None:
    for _, fields in PLACES:
        assert parse_registration(ExitPolicy, policy(**fields(name)))


@pytest.mark.parametrize("name", IMPOSSIBLE, ids=ascii)
def test_a_policy_that_was_stored_before_this_rule_is_still_read(name: str) -> None:
    for _, fields in PLACES:
        assert ExitPolicy.model_validate_json(policy(**fields(name)))
