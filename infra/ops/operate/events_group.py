"""`risk-hub events`: command line of `replay_command`."""

from typing import Annotated

import typer

from infra.ops.operate import stage_access
from infra.ops.operate.options import Rate, StageName, identifier, instant
from infra.ops.operate.rate_limiter import RATE_DEFAULT_PER_SECOND
from infra.ops.operate.replay_command import ReplayRequest, replay_events
from infra.ops.operate.stage_access import LOCAL
from risk_hub_client.cli.options import Json, check_period


def events_group() -> typer.Typer:
    """Return the group `events`."""
    group = typer.Typer(rich_markup_mode=None)
    group.callback()(_events)
    group.command("replay")(_replay)
    return group


def _events() -> None:
    """Announce stored records again."""


def _replay(
    world: Annotated[str, typer.Option(parser=identifier, metavar="ID", help="The world's id.")],
    start: Annotated[
        str,
        typer.Option("--from", parser=instant, metavar="T", help="First as_of, as in 2026-01-05T00:00:00Z."),
    ],
    end: Annotated[str, typer.Option("--to", parser=instant, metavar="T", help="Last as_of, inclusive.")],
    cursor: Annotated[
        str | None, typer.Option(help="Continue where an earlier replay of the same period stopped.")
    ] = None,
    rate: Rate = RATE_DEFAULT_PER_SECOND,
    stage_name: StageName = LOCAL,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; announce nothing.")] = False,
    json: Json = False,
) -> None:
    """Announce a world's snapshots of a period again."""
    check_period(start, end)
    request = ReplayRequest(stage_name, world, start, end, cursor, rate, dry_run, json)
    replay_events(request, stage_access.clients_for(stage_name))
