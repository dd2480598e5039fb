"""Warning before token expiry: the first expiry of a live token without a replacement."""

from datetime import timedelta
from typing import Any

import pytest

from functions.hub.domain.token_expiry import seconds_to_next_expiry
from risk_hub_contracts.base.tokens import Token
from tests.fakes.clock import START

DAY = timedelta(days=1)


def token(days: float | None, **changes: Any) -> Token:
    fields: dict[str, Any] = {
        "id": "t",
        "sha256": "a" * 64,
        "scopes": ["snapshots:write"],
        "actors": ["gateway"],
    }
    end = None if days is None else START + days * DAY
    return Token.model_validate({**fields, "not_after": end, **changes})


def days_left(*tokens: Token) -> float | None:
    seconds = seconds_to_next_expiry(tokens, START)
    return None if seconds is None else seconds / DAY.total_seconds()


def test_no_tokens_give_no_next_expiry() -> None:
    assert days_left() is None


def test_token_without_an_expiry_gives_no_next_expiry() -> None:
    assert days_left(token(None)) is None


def test_next_expiry_is_the_earliest_of_several_tokens() -> None:
    assert days_left(token(30, actors=["a"]), token(10, actors=["b"]), token(20, actors=["c"])) == 10


@pytest.mark.parametrize(
    "successor",
    [
        token(90),
        token(None),
        token(90, actors=["gateway", "backup"]),
        token(90, actors=["*"]),
        token(90, scopes=["snapshots:read", "snapshots:write"]),
    ],
    ids=["later expiry", "no expiry", "more actors", "any actor", "more scopes"],
)
def test_a_token_with_a_successor_does_not_count(successor: Token) -> None:
    assert days_left(token(2), successor) == (None if successor.not_after is None else 90)


@pytest.mark.parametrize(
    "other",
    [
        token(90, actors=["another"]),
        token(90, scopes=["snapshots:read"]),
        token(2),
        token(-1),
    ],
    ids=["another actor", "another scope", "same expiry", "expired"],
)
def test_token_with_other_actors_or_scopes_or_no_later_expiry_is_not_a_successor(other: Token) -> None:
    assert days_left(token(2), other) == 2


def test_a_token_for_any_actor_is_not_replaced_by_one_for_named_actors() -> None:
    assert days_left(token(2, actors=["*"]), token(90)) == 2


def test_expired_token_is_ignored() -> None:
    assert days_left(token(-1), token(40, actors=["another"])) == 40


def test_token_counts_until_its_expiry_instant() -> None:
    assert days_left(token(0)) == 0


def test_a_token_with_a_subject_is_replaced_only_by_one_with_the_same_subject() -> None:
    ending = token(2, subject="kim")
    assert days_left(ending, token(90, subject="kim")) == 90
    assert days_left(ending, token(90, subject="lee")) == 2
    assert days_left(ending, token(90)) == 2


def test_a_token_without_a_subject_is_replaced_by_one_with_any_subject() -> None:
    assert days_left(token(2), token(90, subject="kim")) == 90
