"""`risk-hub tokens`: command line of `token_commands`."""

from datetime import timedelta
from typing import Annotated

import typer

from infra.ops.operate import stage_access, token_commands
from infra.ops.operate.options import StageName, lifetime
from infra.ops.operate.stage_access import LOCAL
from infra.tokens.issue import GRANTED_SCOPES, TokenRequest
from risk_hub_client.cli.options import Json
from risk_hub_contracts.base.limits import TOKEN_LIFETIME_DEFAULT_SECONDS, TOKEN_LIFETIME_MAX_SECONDS
from risk_hub_contracts.base.tokens import ATTRIBUTED_SCOPES, Scope

LIFETIME_DEFAULT = timedelta(seconds=TOKEN_LIFETIME_DEFAULT_SECONDS)
EXIT_SOME_EXPIRE = 1
NEEDING_SUBJECT = ", ".join(each for each in GRANTED_SCOPES if each in ATTRIBUTED_SCOPES)
LIFETIME_MAX = f"{timedelta(seconds=TOKEN_LIFETIME_MAX_SECONDS).days}d"


def tokens_group() -> typer.Typer:
    """Return the group `tokens`."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_tokens)
    group.command("create")(_create)
    group.command("list")(_list)
    group.command("revoke")(_revoke)
    return group


def _tokens() -> None:
    """Create, list and revoke the bearer tokens of a stage."""


def _scope(text: str) -> Scope:
    for scope in GRANTED_SCOPES:
        if scope == text:
            return scope
    raise typer.BadParameter(f"{text!r} is not a scope: choose from {', '.join(GRANTED_SCOPES)}")


def _create(
    token_id: Annotated[
        str, typer.Argument(metavar="ID", help="The id in logs and lists, such as gateway-2026-11.")
    ],
    scope: Annotated[
        list[str], typer.Option(parser=_scope, metavar="SCOPE", help=f"Of {', '.join(GRANTED_SCOPES)}.")
    ],
    actor: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="An X-Actor that it may send (default: the id); '*' allows any."),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"The person or service that holds it; {NEEDING_SUBJECT} need it."),
    ] = None,
    token_lifetime: Annotated[
        timedelta,
        typer.Option(
            "--lifetime",
            parser=lifetime,
            metavar="TIME",
            help=f"As in 12h or 30d, at most {LIFETIME_MAX}.",
            show_default=f"{LIFETIME_DEFAULT.days}d",
        ),
    ] = LIFETIME_DEFAULT,
    stage_name: StageName = LOCAL,
    *,
    json: Json = False,
) -> None:
    """Create a token and print only it on stdout; it is not stored and cannot be shown again."""
    scopes = [_scope(each) for each in scope]
    request = TokenRequest(token_id, scopes, actor or [token_id], token_lifetime, subject)
    token_commands.create(request, stage_access.clients_for(stage_name), stage_name, json=json)


def _list(
    ending: Annotated[
        timedelta | None,
        typer.Option(
            parser=lifetime,
            metavar="TIME",
            help="Only tokens that expire within this time, such as 30d; exit status 1 if there are any.",
        ),
    ] = None,
    stage_name: StageName = LOCAL,
    *,
    json: Json = False,
) -> None:
    """Show every token: id, subject, end, scopes and actors."""
    shown = token_commands.show(stage_access.clients_for(stage_name), stage_name, ending, json=json)
    raise typer.Exit(0 if ending is None or not shown else EXIT_SOME_EXPIRE)


def _revoke(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Ids as shown by `list`.")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            parser=_scope, metavar="SCOPE", help="Take only this scope from the tokens; repeatable."
        ),
    ] = None,
    stage_name: StageName = LOCAL,
    *,
    ended: Annotated[bool, typer.Option("--ended", help="All expired tokens.")] = False,
    json: Json = False,
) -> None:
    """Revoke tokens, or only one of their scopes; within a minute every request that needs them is refused."""
    if bool(ids) is ended:
        raise typer.BadParameter("give token ids or --ended")
    if ended and scope:
        raise typer.BadParameter("--scope needs token ids")
    aws = stage_access.clients_for(stage_name)
    if scope:
        token_commands.take_scopes(ids or [], [_scope(each) for each in scope], aws, stage_name, json=json)
    else:
        token_commands.revoke(ids or [], aws, stage_name, json=json)
