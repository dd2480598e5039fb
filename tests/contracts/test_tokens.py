from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from risk_hub_contracts.base.tokens import Token, TokenList

END = datetime(2025, 1, 1, tzinfo=UTC)
TOKEN: dict[str, Any] = {
    "id": "gateway-1",
    "sha256": "0a" * 32,
    "scopes": ["snapshots:write"],
    "actors": ["gateway"],
    "not_after": "2025-01-01T00:00:00Z",
}


def token(**changes: Any) -> Token:
    return Token.model_validate({**TOKEN, **changes})


def test_token_is_live_up_to_and_including_not_after() -> None:
    assert token().is_live(END)
    assert not token().is_live(END + timedelta(microseconds=1))
    assert token(not_after=None).is_live(END + timedelta(days=9999))


def test_token_covers_its_listed_actors_or_all_with_a_wildcard() -> None:
    assert token().allows_actor("gateway")
    assert not token().allows_actor("other")
    assert not token().allows_actor("*")
    assert token(actors=["*"]).allows_actor("anyone")


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0A" * 32},
        {"sha256": "secret"},
        {"scopes": ["snapshots:delete"]},
        {"scopes": []},
        {"actors": []},
        {"actors": ["é"]},
        {"not_after": "2025-01-01"},
        {"not_after": 1735689600},
        {"id": ""},
        {"token": "secret"},
        {"subject": ""},
        {"subject": "-kim"},
        {"subject": "kim lee"},
        {"subject": "kim\n"},
        {"subject": "\uae40"},
        {"subject": "k" * 129},
        {"subject": 7},
    ],
)
def test_a_malformed_token_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        token(**change)


@pytest.mark.parametrize("subject", ["kim@example.com", "service:gateway", "k", "k" * 128])
def test_holder_of_a_token_is_its_subject(subject: str) -> None:
    assert token(subject=subject).holder == subject


@pytest.mark.parametrize("change", [{}, {"subject": None}])
def test_holder_of_a_token_without_a_subject_is_its_id(change: dict[str, Any]) -> None:
    assert token(**change).subject is None
    assert token(**change).holder == "gateway-1"


def test_token_list_is_parsed_from_json_text() -> None:
    assert TokenList.model_validate_json('{"tokens": []}').tokens == []
