"""New tokens: 256 random bits for the owner; the digest and the permissions for the stage."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from infra.errors import TokenError
from infra.tokens.register import Edit, TokenRegister
from risk_hub_contracts.base.ids import actor_violation, id_violation
from risk_hub_contracts.base.limits import TOKEN_ACTORS_MAX_COUNT, TOKEN_LIFETIME_MAX_SECONDS
from risk_hub_contracts.base.tokens import Scope, Token

TOKEN_BYTES: Final = 32
# Scanners of repositories, images and logs recognise a leaked token by this prefix.
TOKEN_PREFIX: Final = "rsh_"  # noqa: S105 - what every token begins with
FINGERPRINT_CHARS: Final = 8
# Scopes in use today; a scope for a future route is granted once the route exists.
GRANTED_SCOPES: Final[tuple[Scope, ...]] = ("snapshots:read", "snapshots:write", "worlds:write")


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """An operator's request: token id, scopes, actor and lifetime."""

    id: str
    scopes: Sequence[Scope]
    actors: Sequence[str]
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """The token itself, which only its owner keeps, and its entry in the list."""

    token: str
    entry: Token


def new_token() -> str:
    """Return a URL-safe token with 256 bits of randomness, so that a plain digest of it reveals nothing."""
    return TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """Return the token's SHA-256 in hex, the only form that a stage stores."""
    return hashlib.sha256(token.encode()).hexdigest()


def fingerprint(token: Token) -> str:
    """Return the beginning of the digest: enough to recognise a token, too little to restore its entry."""
    return token.sha256[:FINGERPRINT_CHARS]


def issue(register: TokenRegister, request: TokenRequest, now: datetime) -> IssuedToken:
    """Create a token that the stage accepts from now on, and return it; it cannot be shown again.

    Args:
        register: the stage's list.
        request: the requested token.
        now: aware, UTC.

    Raises:
        TokenError: the request names an unavailable scope, the id is taken, or the list is full.
    """
    _check_request(request)
    token = new_token()
    entry = Token(
        id=request.id,
        sha256=token_digest(token),
        scopes=list(request.scopes),
        actors=list(request.actors),
        not_after=(now + request.lifetime).replace(microsecond=0),
    )
    register.change(_append_token(entry))
    return IssuedToken(token, entry)


def revoke(register: TokenRegister, ids: Sequence[str]) -> None:
    """Remove tokens from the list.

    Raises:
        TokenError: an id is not listed; in that case no token was revoked.
    """

    def drop_tokens(listed: Sequence[Token]) -> Sequence[Token]:
        unknown = sorted(set(ids) - {each.id for each in listed})
        if unknown:
            known = ", ".join(each.id for each in listed) or "none"
            raise TokenError(
                f"There is no token {', '.join(map(repr, unknown))}; nothing was revoked. Tokens: {known}."
            )
        return [each for each in listed if each.id not in ids]

    register.change(drop_tokens)


def revoke_expired(register: TokenRegister, now: datetime) -> Sequence[Token]:
    """Remove expired tokens from the list and return them."""
    expired: list[Token] = []

    def drop_tokens(listed: Sequence[Token]) -> Sequence[Token]:
        expired[:] = [each for each in listed if not each.is_live(now)]
        return [each for each in listed if each.is_live(now)]

    register.change(drop_tokens)
    return expired


def _check_request(request: TokenRequest) -> None:
    for name, violation in (
        (request.id, id_violation(request.id)),
        *((actor, actor_violation(actor)) for actor in request.actors),
    ):
        if violation:
            raise TokenError(f"{name!r} {violation}.")
    if not 1 <= len(request.actors) <= TOKEN_ACTORS_MAX_COUNT:
        raise TokenError(f"A token must have 1 to {TOKEN_ACTORS_MAX_COUNT} actors, or '*'.")
    if not timedelta() < request.lifetime <= timedelta(seconds=TOKEN_LIFETIME_MAX_SECONDS):
        longest = timedelta(seconds=TOKEN_LIFETIME_MAX_SECONDS).days
        raise TokenError(f"The lifetime of a token is at most {longest} days.")


def _append_token(entry: Token) -> Edit:
    def append_token(listed: Sequence[Token]) -> Sequence[Token]:
        if any(each.id == entry.id for each in listed):
            raise TokenError(
                f"The token {entry.id} already exists. Choose another id, for example with the month in it."
            )
        return [*listed, entry]

    return append_token
