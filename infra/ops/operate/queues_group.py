"""`risk-hub queues`: command line of `queue_commands`."""

from typing import Annotated

import typer

from infra.ops.operate import stage_access
from infra.ops.operate.options import Limit, OptionalStageName, Rate, StageName, inherited
from infra.ops.operate.queue_commands import RedriveRequest, list_queues, redrive
from infra.ops.operate.queue_list import failure_queue, queues_of
from infra.ops.operate.rate_limiter import RATE_DEFAULT_PER_SECOND
from infra.ops.operate.stage_access import LOCAL
from risk_hub_client.cli.options import Json


def queues_group() -> typer.Typer:
    """Return the group `queues`, which lists the queues when called without a subcommand."""
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True)(_list)
    group.command("redrive")(_redrive)
    return group


def _list(context: typer.Context, stage_name: StageName = LOCAL, *, json: Json = False) -> None:
    """Show depth and age of every queue and dead-letter queue."""
    if context.invoked_subcommand is None:
        list_queues(stage_access.clients_for(stage_name), stage_name, json=json)


def _redrive(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Such as risk-engine-dead-letters, or event-relay-failures.")],
    limit: Limit = None,
    rate: Rate = RATE_DEFAULT_PER_SECOND,
    stage_name: OptionalStageName = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done; change nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Process the messages of a failure queue again."""
    # An option given before `redrive` belongs to `queues`.
    stage = str(inherited(context, "stage_name", stage_name))
    if failure_queue(stage, name) is None:
        known = ", ".join(queue.name for queue in queues_of(stage) if queue.kind != "work")
        raise typer.BadParameter(f"{name!r} is not a failure queue of stage {stage}: choose one of {known}")
    as_json = bool(inherited(context, "json", json))
    request = RedriveRequest(stage, name, limit, rate, dry_run, as_json)
    raise typer.Exit(redrive(request, stage_access.clients_for(stage)))
