"""New tokens: 256 random bits for the owner; the digest and the permissions for the stage."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, get_args

from infra.errors import TokenError
from infra.tokens.register import Edit, TokenRegister
from risk_hub_contracts.api.routes import ROUTES
from risk_hub_contracts.base.ids import actor_violation, id_violation
from risk_hub_contracts.base.limits import TOKEN_ACTORS_MAX_COUNT, TOKEN_LIFETIME_MAX_SECONDS
from risk_hub_contracts.base.tokens import ATTRIBUTED_SCOPES, Scope, Token

TOKEN_BYTES: Final = 32
# Scanners of repositories, images and logs recognise a leaked token by this prefix.
TOKEN_PREFIX: Final = "rsh_"  # noqa: S105 - what every token begins with
FINGERPRINT_CHARS: Final = 8
GRANTED_SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
# Scopes of the routes of release 1.0. The hub of that release skips a token with any other scope.
SCOPES_OF_RELEASE_1_0: Final[tuple[Scope, ...]] = ("snapshots:read", "snapshots:write", "worlds:write")


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """An operator's request: token id, scopes, actors, lifetime and subject."""

    id: str
    scopes: Sequence[Scope]
    actors: Sequence[str]
    lifetime: timedelta
    subject: str | None = None


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
        TokenError: a name is malformed, a scope needs a subject, the id is taken, the list has the subject in
            another spelling, or the list is full.
    """
    _check_request(request)
    token = new_token()
    entry = Token(
        id=request.id,
        sha256=token_digest(token),
        scopes=list(request.scopes),
        actors=list(request.actors),
        not_after=(now + request.lifetime).replace(microsecond=0),
        subject=request.subject,
    )
    register.change(_append_token(entry))
    return IssuedToken(token, entry)


def revoke(register: TokenRegister, ids: Sequence[str]) -> None:
    """Remove tokens from the list.

    Raises:
        TokenError: an id is not listed; in that case no token was revoked.
    """

    def drop_tokens(listed: Sequence[Token]) -> Sequence[Token]:
        _require_listed(ids, listed)
        return [each for each in listed if each.id not in ids]

    register.change(drop_tokens)


def take_scopes(register: TokenRegister, ids: Sequence[str], scopes: Sequence[Scope]) -> None:
    """Take scopes from tokens, which keep their other scopes.

    Raises:
        TokenError: an id is not listed, a token lacks one of the scopes, or it would have none left; in that
            case no token was changed.
    """

    def without_scopes(token: Token) -> Token:
        missing = sorted(set(scopes) - set(token.scopes))
        if missing:
            raise TokenError(
                f"The token {token.id} does not have {', '.join(missing)}; nothing was changed. "
                f"Its scopes: {', '.join(token.scopes)}."
            )
        kept = [scope for scope in token.scopes if scope not in scopes]
        if not kept:
            raise TokenError(
                f"The token {token.id} would have no scope left; nothing was changed. Revoke it without --scope."
            )
        return token.model_copy(update={"scopes": kept})

    def narrow_tokens(listed: Sequence[Token]) -> Sequence[Token]:
        _require_listed(ids, listed)
        return [without_scopes(each) if each.id in ids else each for each in listed]

    register.change(narrow_tokens)


def revoke_expired(register: TokenRegister, now: datetime) -> Sequence[Token]:
    """Remove expired tokens from the list and return them."""
    expired: list[Token] = []

    def drop_tokens(listed: Sequence[Token]) -> Sequence[Token]:
        expired[:] = [each for each in listed if not each.is_live(now)]
        return [each for each in listed if each.is_live(now)]

    register.change(drop_tokens)
    return expired


def scopes_without_a_route(scopes: Sequence[Scope]) -> Sequence[Scope]:
    """Return those of the scopes that no route uses yet."""
    used = {route.scope for route in ROUTES.values()}
    return [scope for scope in scopes if scope not in used]


def _require_listed(ids: Sequence[str], listed: Sequence[Token]) -> None:
    unknown = sorted(set(ids) - {each.id for each in listed})
    if unknown:
        known = ", ".join(each.id for each in listed) or "none"
        raise TokenError(
            f"There is no token {', '.join(map(repr, unknown))}; nothing was revoked. Tokens: {known}."
        )


def _check_request(request: TokenRequest) -> None:
    _check_names(request)
    needing = sorted(ATTRIBUTED_SCOPES.intersection(request.scopes))
    if needing and request.subject is None:
        raise TokenError(
            f"A token with {', '.join(needing)} needs a subject. Name the person or service that holds it "
            "with --subject."
        )
    if not 1 <= len(request.actors) <= TOKEN_ACTORS_MAX_COUNT:
        raise TokenError(f"A token must have 1 to {TOKEN_ACTORS_MAX_COUNT} actors, or '*'.")
    if not timedelta() < request.lifetime <= timedelta(seconds=TOKEN_LIFETIME_MAX_SECONDS):
        longest = timedelta(seconds=TOKEN_LIFETIME_MAX_SECONDS).days
        raise TokenError(f"The lifetime of a token is at most {longest} days.")


def _check_names(request: TokenRequest) -> None:
    violations = [(request.id, id_violation(request.id))]
    violations += [(actor, actor_violation(actor)) for actor in request.actors]
    if request.subject is not None:
        violations.append((request.subject, id_violation(request.subject)))
    for name, violation in violations:
        if violation:
            raise TokenError(f"{name!r} {violation}.")


def _append_token(entry: Token) -> Edit:
    def append_token(listed: Sequence[Token]) -> Sequence[Token]:
        if any(each.id == entry.id for each in listed):
            raise TokenError(
                f"The token {entry.id} already exists. Choose another id, for example with the month in it."
            )
        _check_spelling(entry, listed)
        return [*listed, entry]

    return append_token


def _check_spelling(entry: Token, listed: Sequence[Token]) -> None:
    """Refuse a subject that another token has in other letter case: one holder would count as two."""
    spellings = {each.subject.lower(): each.subject for each in listed if each.subject is not None}
    if entry.subject is None:
        return
    known = spellings.get(entry.subject.lower(), entry.subject)
    if known != entry.subject:
        raise TokenError(
            f"Another token has the subject {known}. Write {known} for the same holder, or choose a name that "
            "differs in more than letter case."
        )
