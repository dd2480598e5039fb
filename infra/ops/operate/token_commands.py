"""Implementation of `tokens create`, `tokens list` and `tokens revoke`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from infra import names
from infra.ops.operate.stage_access import Clients
from infra.tokens import issue
from infra.tokens.issue import Issued, TokenOrder, fingerprint
from infra.tokens.register import TokenRegister
from risk_hub_client.cli.screen import note, print_document, say
from risk_hub_contracts.base.limits import TOKEN_CACHE_MAX_AGE_SECONDS
from risk_hub_contracts.base.tokens import Token

TABLE_MIN_CHARS: Final = 120
ENDS_SOON: Final = timedelta(days=14)
EMPTY: Final = "No token: nobody may call."
NONE_ENDS: Final = "No token ends in that time."
NONE_ENDED: Final = "No token has ended."


def create(order: TokenOrder, aws: Clients, stage: str, *, json: bool) -> None:
    """Create a token and print it once.

    Raises:
        TokenError: the token could not be created; nothing was changed.
    """
    made = issue.issue(_register(aws, stage), order, _now())
    everywhere = _seen_everywhere()
    if json:
        print_document(_once(made, everywhere))
        return
    say(made.token)
    note(
        f"{made.entry.id}: shown this once. Accepted everywhere from {_text(everywhere)}, until {_until(made.entry)}."
    )


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
        say(EMPTY if ending is None else NONE_ENDS)
    return len(tokens)


def revoke(ids: Sequence[str], aws: Clients, stage: str, *, json: bool) -> None:
    """Revoke tokens by their ids; without ids, those that have ended.

    Raises:
        TokenError: an id is unknown; nothing was changed.
    """
    register = _register(aws, stage)
    if ids:
        issue.revoke(register, ids)
    gone = list(dict.fromkeys(ids)) or [each.id for each in issue.revoke_ended(register, _now())]
    refused_from = _seen_everywhere()
    if json:
        print_document({"revoked": list(gone), "refused_everywhere_from": _text(refused_from)})
    elif gone:
        say(f"Revoked {', '.join(gone)}: refused everywhere from {_text(refused_from)}.")
    else:
        say(NONE_ENDED)


def _register(aws: Clients, stage: str) -> TokenRegister:
    return TokenRegister(aws.client("secretsmanager"), names.tokens_secret_name(stage))


def _now() -> datetime:
    return datetime.now(UTC)


def _seen_everywhere() -> datetime:
    """Return the first whole second by which every function has read the current list."""
    return (_now() + timedelta(seconds=TOKEN_CACHE_MAX_AGE_SECONDS + 1)).replace(microsecond=0)


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def _until(token: Token) -> str:
    return "no end" if token.not_after is None else _text(token.not_after)


def _once(made: Issued, everywhere: datetime) -> dict[str, Any]:
    entry = made.entry
    return {
        "id": entry.id,
        "token": made.token,
        "scopes": entry.scopes,
        "actors": entry.actors,
        "not_after": _until(entry),
        "accepted_everywhere_from": _text(everywhere),
    }


def _document(token: Token, now: datetime) -> dict[str, Any]:
    return {
        "id": token.id,
        "live": token.is_live(now),
        "not_after": None if token.not_after is None else _text(token.not_after),
        "scopes": token.scopes,
        "actors": token.actors,
        "fingerprint": fingerprint(token),
    }


def _print(tokens: Sequence[Token], now: datetime) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("token", "until", "scopes", "actors", "fingerprint"):
        table.add_column(heading, no_wrap=True)
    for each in tokens:
        cells = (", ".join(each.scopes), ", ".join(each.actors), fingerprint(each))
        table.add_row(each.id, _ends(each, now), *cells, style=_style(each, now))
    console = Console(markup=False)
    console.width = max(console.width, TABLE_MIN_CHARS)
    console.print(table, soft_wrap=True)


def _ends(token: Token, now: datetime) -> str:
    return _until(token) if token.is_live(now) else f"ended {_until(token)}"


def _style(token: Token, now: datetime) -> str | None:
    if not token.is_live(now):
        return "dim"
    return None if token.is_live(now + ENDS_SOON) else "bold yellow"
