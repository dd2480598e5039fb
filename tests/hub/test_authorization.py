"""Token comparison with every listed token, by digest, in constant time; scopes and the subjects they need."""

import hashlib
import hmac
from typing import Any, get_args

import pytest

from functions.hub.domain.authorization import authenticate, require_scope
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.base.tokens import ATTRIBUTED_SCOPES, Scope, Token
from tests.fakes.clock import START

TOKENS = ["the first", "the second", "one in the middle", "the last but one", "the last"]


def listed(token: str, **changes: Any) -> Token:
    fields = {"scopes": ["snapshots:read"], "actors": ["*"], "not_after": None, **changes}
    return Token(id=token, sha256=hashlib.sha256(token.encode()).hexdigest(), **fields)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    seen: list[tuple[bytes, bytes]] = []

    real = hmac.compare_digest

    def compare_digest(one: bytes, other: bytes) -> bool:
        seen.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare_digest)
    return seen


@pytest.mark.parametrize("presented", [*TOKENS, "unlisted"])
def test_presented_token_is_compared_with_every_listed_digest(
    compared: list[tuple[bytes, bytes]], presented: str
) -> None:
    try:
        assert authenticate(presented.encode(), map(listed, TOKENS), START).id == presented
    except ProblemError:
        assert presented == "unlisted"
    digest = hashlib.sha256(presented.encode()).hexdigest().encode()
    assert [one for one, _ in compared] == [digest] * len(TOKENS)
    assert {len(other) for _, other in compared} == {len(digest)}
    assert all(isinstance(each, bytes) for pair in compared for each in pair)


def test_token_listed_twice_is_valid_until_the_later_expiry() -> None:
    over = listed("t", not_after=START.replace(year=2020))
    assert authenticate(b"t", [over, listed("t")], START) == listed("t")
    with pytest.raises(ProblemError):
        authenticate(b"t", [over, over], START)


@pytest.mark.parametrize("presented", [b"", b"\xff\xfe", b"x" * 10_000])
def test_arbitrary_token_bytes_are_refused_as_an_unknown_token(presented: bytes) -> None:
    with pytest.raises(ProblemError, match="unknown or no longer valid"):
        authenticate(presented, [listed("t")], START)


@pytest.mark.parametrize("scope", get_args(Scope))
def test_scope_is_refused_to_a_token_without_it(scope: Scope) -> None:
    others = [each for each in get_args(Scope) if each != scope]
    with pytest.raises(ProblemError, match=f"lacks the scope '{scope}'"):
        require_scope(listed("t", scopes=others, subject="kim"), scope)


@pytest.mark.parametrize("scope", get_args(Scope))
def test_only_attributed_scopes_are_refused_to_a_token_without_a_subject(scope: Scope) -> None:
    require_scope(listed("t", scopes=[scope], subject="kim"), scope)
    if scope in ATTRIBUTED_SCOPES:
        with pytest.raises(ProblemError, match=f"'t' has no subject, and the scope '{scope}' needs one"):
            require_scope(listed("t", scopes=[scope]), scope)
    else:
        require_scope(listed("t", scopes=[scope]), scope)
