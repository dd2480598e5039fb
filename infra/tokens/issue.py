"""New tokens: 256 random bits for the owner; the digest and the permissions for the stage."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from infra.tokens.errors import TokenError
from infra.tokens.register import Edit, TokenRegister
from risk_hub_contracts.base.ids import actor_fault, id_fault
from risk_hub_contracts.base.limits import TOKEN_ACTORS_MAX_COUNT, TOKEN_LIFETIME_MAX_SECONDS
from risk_hub_contracts.base.tokens import Scope, Token

TOKEN_BYTES: Final = 32
# Scanners of repositories, images and logs recognise a leaked token by this prefix.
TOKEN_PREFIX: Final = "rsh_"  # noqa: S105 - what every token begins with
FINGERPRINT_CHARS: Final = 8
# Scopes in use today; a scope for a future route is granted once the route exists.
GRANTED_SCOPES: Final[tuple[Scope, ...]] = ("snapshots:read", "snapshots:write", "worlds:write")


@dataclass(frozen=True, slots=True)
class TokenOrder:
    """An operator's request: token id, scopes, actor and lifetime."""

    id: str
    scopes: Sequence[Scope]
    actors: Sequence[str]
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class Issued:
    """The token itself, which only its owner keeps, and its entry in the list."""

    token: str
    entry: Token


def new_token() -> str:
    """Return a URL-safe token with 256 bits of randomness, so that a plain digest of it reveals nothing."""
    return TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> str:
    """Return the token's SHA-256 in hex, the only form that a stage stores."""
    return hashlib.sha256(token.encode()).hexdigest()


def fingerprint(token: Token) -> str:
    """Return the beginning of the digest: enough to recognise a token, too little to restore its entry."""
    return token.sha256[:FINGERPRINT_CHARS]


def issue(register: TokenRegister, order: TokenOrder, now: datetime) -> Issued:
    """Create a token that the stage accepts from now on, and return it; it cannot be shown again.

    Args:
        register: the stage's list.
        order: the requested token.
        now: aware, UTC.

    Raises:
        TokenError: the order requests an unavailable scope, the id is taken, or the list is full.
    """
    _check(order)
    token = new_token()
    entry = Token(
        id=order.id,
        sha256=digest_of(token),
        scopes=list(order.scopes),
        actors=list(order.actors),
        not_after=(now + order.lifetime).replace(microsecond=0),
    )
    register.change(_adding(entry))
    return Issued(token, entry)


def revoke(register: TokenRegister, ids: Sequence[str]) -> None:
    """Remove tokens from the list.

    Raises:
        TokenError: an id is not listed; in that case no token was revoked.
    """

    def without(listed: Sequence[Token]) -> Sequence[Token]:
        unknown = sorted(set(ids) - {each.id for each in listed})
        if unknown:
            known = ", ".join(each.id for each in listed) or "none"
            raise TokenError(
                f"No token is called {', '.join(unknown)}; nothing was revoked. Tokens: {known}."
            )
        return [each for each in listed if each.id not in ids]

    register.change(without)


def revoke_ended(register: TokenRegister, now: datetime) -> Sequence[Token]:
    """Remove expired tokens from the list and return them."""
    ended: list[Token] = []

    def without(listed: Sequence[Token]) -> Sequence[Token]:
        ended[:] = [each for each in listed if not each.is_live(now)]
        return [each for each in listed if each.is_live(now)]

    register.change(without)
    return ended


def _check(order: TokenOrder) -> None:
    for name, fault in (
        (order.id, id_fault(order.id)),
        *((actor, actor_fault(actor)) for actor in order.actors),
    ):
        if fault:
            raise TokenError(f"{name!r} {fault}.")
    if not 1 <= len(order.actors) <= TOKEN_ACTORS_MAX_COUNT:
        raise TokenError(f"A token speaks for 1 to {TOKEN_ACTORS_MAX_COUNT} actors, or for '*'.")
    if not timedelta() < order.lifetime <= timedelta(seconds=TOKEN_LIFETIME_MAX_SECONDS):
        longest = timedelta(seconds=TOKEN_LIFETIME_MAX_SECONDS).days
        raise TokenError(f"A token lives for {longest} days at most.")


def _adding(entry: Token) -> Edit:
    def with_it(listed: Sequence[Token]) -> Sequence[Token]:
        if any(each.id == entry.id for each in listed):
            raise TokenError(
                f"There is a token {entry.id} already. Choose another id, such as one with the month in it."
            )
        return [*listed, entry]

    return with_it
