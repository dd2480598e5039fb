"""Implementation of `tokens create`, `tokens list` and `tokens revoke`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from infra import names
from infra.ops.operate.stage_access import Clients
from infra.tokens import issue
from infra.tokens.issue import IssuedToken, TokenRequest, fingerprint, scopes_without_a_route
from infra.tokens.register import TokenRegister
from risk_hub_client.cli.screen import print_document, print_line, print_note
from risk_hub_contracts.base.limits import TOKEN_CACHE_MAX_AGE_SECONDS
from risk_hub_contracts.base.tokens import Scope, Token

TABLE_MIN_CHARS: Final = 120
EXPIRES_SOON: Final = timedelta(days=14)
NO_TOKENS: Final = "No tokens: every API request will be rejected."
NONE_EXPIRING: Final = "No token expires in that time."
NO_SUBJECT: Final = "-"
NONE_EXPIRED: Final = "No token has expired."


def create(request: TokenRequest, aws: Clients, stage: str, *, json: bool) -> None:
    """Create a token and print it once.

    Raises:
        TokenError: the token could not be created; nothing was changed.
    """
    issued = issue.issue(_register(aws, stage), request, _now())
    everywhere = _effective_everywhere_at()
    if json:
        print_document(_created_document(issued, everywhere))
        return
    print_line(issued.token)
    print_note(
        f"{issued.entry.id}: this token is shown only once. Every function accepts it from {_text(everywhere)}, "
        f"until {_expiry_text(issued.entry)}."
    )
    unused = scopes_without_a_route(request.scopes)
    if unused:
        print_note(f"No route uses {', '.join(unused)} yet.")


def show(aws: Clients, stage: str, ending: timedelta | None, *, json: bool) -> int:
    """Print a stage's tokens and return the number shown.

    Args:
        aws: the stage's clients.
        stage: name of the stage.
        ending: only valid tokens that end within this time.
        json: print one JSON document.
    """
    now = _now()
    tokens = [
        each
        for each in _register(aws, stage).tokens()
        if ending is None or (each.is_live(now) and not each.is_live(now + ending))
    ]
    if json:
        print_document([_document(each, now) for each in tokens])
    elif tokens:
        _print(tokens, now)
    else:
        print_line(NO_TOKENS if ending is None else NONE_EXPIRING)
    return len(tokens)


def revoke(ids: Sequence[str], aws: Clients, stage: str, *, json: bool) -> None:
    """Revoke tokens by their ids; without ids, those that have ended.

    Raises:
        TokenError: an id is unknown; nothing was changed.
    """
    register = _register(aws, stage)
    if ids:
        issue.revoke(register, ids)
    gone = list(dict.fromkeys(ids)) or [each.id for each in issue.revoke_expired(register, _now())]
    refused_from = _effective_everywhere_at()
    if json:
        print_document({"revoked": list(gone), "refused_everywhere_from": _text(refused_from)})
    elif gone:
        print_line(f"Revoked {', '.join(gone)}: every function rejects them from {_text(refused_from)}.")
    else:
        print_line(NONE_EXPIRED)


def take_scopes(ids: Sequence[str], scopes: Sequence[Scope], aws: Clients, stage: str, *, json: bool) -> None:
    """Take scopes from tokens, which keep their other scopes.

    Raises:
        TokenError: an id is unknown, or a token has not all of the scopes or no other one; nothing was changed.
    """
    issue.take_scopes(_register(aws, stage), ids, scopes)
    refused_from = _effective_everywhere_at()
    if json:
        changed = {"changed": list(dict.fromkeys(ids)), "scopes": list(scopes)}
        print_document({**changed, "refused_everywhere_from": _text(refused_from)})
        return
    print_line(
        f"Took {', '.join(scopes)} from {', '.join(dict.fromkeys(ids))}: every function applies it from "
        f"{_text(refused_from)}."
    )


def _register(aws: Clients, stage: str) -> TokenRegister:
    return TokenRegister(aws.client("secretsmanager"), names.tokens_secret_name(stage))


def _now() -> datetime:
    return datetime.now(UTC)


def _effective_everywhere_at() -> datetime:
    """Return the first whole second by which every function has read the current list."""
    return (_now() + timedelta(seconds=TOKEN_CACHE_MAX_AGE_SECONDS + 1)).replace(microsecond=0)


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def _expiry_text(token: Token) -> str:
    return "no end" if token.not_after is None else _text(token.not_after)


def _created_document(issued: IssuedToken, everywhere: datetime) -> dict[str, Any]:
    entry = issued.entry
    return {
        "id": entry.id,
        "subject": entry.subject,
        "token": issued.token,
        "scopes": entry.scopes,
        "actors": entry.actors,
        "not_after": _expiry_text(entry),
        "accepted_everywhere_from": _text(everywhere),
    }


def _document(token: Token, now: datetime) -> dict[str, Any]:
    return {
        "id": token.id,
        "subject": token.subject,
        "live": token.is_live(now),
        "not_after": None if token.not_after is None else _text(token.not_after),
        "scopes": token.scopes,
        "actors": token.actors,
        "fingerprint": fingerprint(token),
    }


def _print(tokens: Sequence[Token], now: datetime) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("token", "subject", "until", "scopes", "actors", "fingerprint"):
        table.add_column(heading, no_wrap=True)
    for each in tokens:
        permissions = (", ".join(each.scopes), ", ".join(each.actors), fingerprint(each))
        holder = (each.id, each.subject or NO_SUBJECT)
        table.add_row(*holder, _expiry_cell(each, now), *permissions, style=_style(each, now))
    console = Console(markup=False)
    console.width = max(console.width, TABLE_MIN_CHARS)
    console.print(table, soft_wrap=True)


def _expiry_cell(token: Token, now: datetime) -> str:
    return _expiry_text(token) if token.is_live(now) else f"ended {_expiry_text(token)}"


def _style(token: Token, now: datetime) -> str | None:
    if not token.is_live(now):
        return "dim"
    return None if token.is_live(now + EXPIRES_SOON) else "bold yellow"
