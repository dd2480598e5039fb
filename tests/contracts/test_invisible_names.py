"""Names without visible characters are refused everywhere; names with some, in any script, are accepted."""

import unicodedata
from typing import Any

import pytest
from pydantic import ValidationError

from risk_hub_contracts.base.ids import actor_violation, asset_id_violation, id_violation, name_violation
from risk_hub_contracts.base.tokens import Token
from risk_hub_contracts.blob.types import BlobFormatError
from risk_hub_contracts.blob.write import encode_returns
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY, ExitPolicy
from tests.contracts.samples import parse, pointers, refusal, with_fields

INVISIBLE = [
    "\u200b",
    "\u200b\u200d\u2060",
    "\ufeff",
    "\u00ad",
    "\u2063",
    "\u034f",
    "\u115f",
    "\u3164",
    "\uffa0",
    "\ufe0f",
    "\u180e",
    "\u2800",
    "\u200b\u3000\u200b",
    "\U000e0041",
    "\U000e0100",
    "\ue000",
]
VISIBLE = [
    "AAPL",
    "삼성전자",
    "トヨタ",
    "٣",
    "é",
    "🍎",
    "👩\u200d💻",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "€",
    "_",
    "\u0301",
    "A\u200b",
]
POINTED = [
    ("/weights", lambda name: {"weights": {name: 1.0}}),
    ("/realized_returns", lambda name: {"realized_returns": {name: [0.1]}}),
    ("/stress", lambda name: {"stress": {name: {}}}),
    ("/stress/s", lambda name: {"stress": {"s": {name: 1.0}}}),
    ("/stress/s/shocks", lambda name: {"stress": {"s": {"shocks": {name: 0.1}}}}),
]


@pytest.mark.parametrize("name", INVISIBLE, ids=ascii)
@pytest.mark.parametrize(("place", "fields"), POINTED, ids=[place for place, _ in POINTED])
def test_a_snapshot_refuses_a_name_of_invisible_characters(name: str, place: str, fields: Any) -> None:
    assert pointers(refusal(with_fields(**fields(name)))) == [f"{place}/{name}"]


@pytest.mark.parametrize("name", INVISIBLE, ids=ascii)
def test_a_covariance_refuses_an_id_of_invisible_characters(name: str) -> None:
    forms: list[dict[str, Any]] = [
        {f"{name},{name}": 0.1},
        {"ids": [name], "upper": [0.1]},
        {"ids": [name], "matrix": [[0.1]]},
    ]
    for covariance in forms:
        found = pointers(refusal(with_fields(weights={"A": 1.0}, covariance=covariance)))
        assert any(pointer.startswith("/covariance") for pointer in found)


@pytest.mark.parametrize("name", INVISIBLE, ids=ascii)
def test_all_other_name_kinds_reject_invisible_characters(name: str) -> None:
    for violation_of in (id_violation, actor_violation, asset_id_violation, name_violation):
        assert violation_of(name)
    with pytest.raises(BlobFormatError):
        encode_returns({name: [0.1]})
    policy = DEFAULT_POLICY.model_dump(mode="json")
    for changed in ({"freeze": {"assets": [name]}}, {"stress": [{"max_loss": 0.1, "scenario": name}]}):
        with pytest.raises(ValidationError, match="visible character"):
            ExitPolicy.model_validate({**policy, **changed})
    with pytest.raises(ValidationError, match="visible character"):
        Token.model_validate({"id": name, "sha256": "a" * 64, "scopes": ["snapshots:read"], "actors": ["*"]})


@pytest.mark.parametrize("name", VISIBLE, ids=ascii)
def test_name_with_a_visible_character_is_accepted(name: str) -> None:
    assert unicodedata.is_normalized("NFC", name)
    assert asset_id_violation(name) is None
    assert parse(with_fields(weights={name: 1.0})).weights == {name: 1.0}
