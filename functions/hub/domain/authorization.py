"""Authentication by token digest, and authorization by scope and actor."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from risk_hub_contracts.base.problems import FORBIDDEN_ACTOR, FORBIDDEN_SCOPE, UNAUTHENTICATED, ProblemError
from risk_hub_contracts.base.tokens import ATTRIBUTED_SCOPES, Scope, Token


def authenticate(presented: bytes, tokens: Iterable[Token], now: datetime) -> Token:
    """Return the live token whose digest equals that of the presented one.

    All digests are compared, each in constant time, so that the time taken does not reveal which one matched.

    Raises:
        ProblemError: `unauthenticated` when no live token matches.
    """
    digest = hashlib.sha256(presented).hexdigest().encode()
    matches = [token for token in tokens if hmac.compare_digest(digest, token.sha256.encode())]
    live = [token for token in matches if token.is_live(now)]
    if not live:
        raise ProblemError(UNAUTHENTICATED, "the bearer token is unknown or no longer valid")
    return live[0]


def require_scope(token: Token, scope: Scope) -> None:
    """Refuse a token that lacks the scope, or the subject that the scope needs (`forbidden-scope`)."""
    if scope not in token.scopes:
        raise ProblemError(FORBIDDEN_SCOPE, f"token {token.id!r} lacks the scope {scope!r}")
    if scope in ATTRIBUTED_SCOPES and token.subject is None:
        raise ProblemError(
            FORBIDDEN_SCOPE, f"token {token.id!r} has no subject, and the scope {scope!r} needs one"
        )


def require_actor(token: Token, actor: str | None) -> None:
    """Refuse an actor that the token does not permit (`forbidden-actor`); a missing actor passes here."""
    if actor is not None and not token.allows_actor(actor):
        raise ProblemError(FORBIDDEN_ACTOR, f"token {token.id!r} does not allow the actor {actor!r}")
