"""`risk-hub tables` and `risk-hub reaper`: commands for recovering lost items of a table, and for copying an old one."""

from datetime import UTC
from typing import Annotated

import typer

from infra import names
from infra.ops.operate import stage_access
from infra.ops.operate.copy_command import COPY_RATE_DEFAULT_PER_SECOND, CopyRequest, copy_old_snapshots
from infra.ops.operate.options import Rate, StageName, instant, stored_snapshot
from infra.ops.operate.stage_access import LOCAL
from infra.ops.operate.table_recovery import RestoreCounts, restore_copy, restore_items
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_line
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.times import parse_instant


def table_name(text: str) -> names.TableName:
    """Return the name of one of the hub's tables."""
    if text not in names.TABLE_KEYS:
        raise typer.BadParameter(f"{text!r} is not a table: choose one of {', '.join(names.TABLE_KEYS)}")
    return text


TableArgument = Annotated[str, typer.Argument(parser=table_name, metavar="TABLE")]


def tables_group() -> typer.Typer:
    """Return the group `tables`."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_tables)
    group.command("recover")(_recover)
    group.command("restore")(_restore)
    group.command("copy-old")(_copy_old)
    return group


def reaper_group() -> typer.Typer:
    """Return the group `reaper`."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_reaper)
    group.command("pause")(_pause)
    group.command("resume")(_resume)
    return group


def _tables() -> None:
    """Recover items that a table lost, or copy the table of release 1.0."""


def _recover(
    table: TableArgument,
    at: Annotated[
        str,
        typer.Option(parser=instant, metavar="T", help="The instant to restore, within the last 35 days."),
    ],
    stage_name: StageName = LOCAL,
    *,
    json: Json = False,
) -> None:
    """Restore a table's earlier state to a copy and print the copy's name."""
    dynamodb = stage_access.clients_for(stage_name).client("dynamodb")
    copy = restore_copy(dynamodb, stage_name, table_name(table), parse_instant(at).astimezone(UTC))
    if json:
        print_document({"table": names.table_name(stage_name, table_name(table)), "copy": copy})
    else:
        print_line(copy)


def _restore(
    table: TableArgument,
    source: Annotated[str, typer.Option("--from", metavar="COPY", help="The name that `recover` printed.")],
    stage_name: StageName = LOCAL,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; put nothing.")] = False,
    json: Json = False,
) -> None:
    """Restore items that are missing from the live table; existing items stay unchanged."""
    dynamodb, target = (
        stage_access.clients_for(stage_name).client("dynamodb"),
        names.table_name(stage_name, table_name(table)),
    )
    done = RestoreCounts(0, 0)
    for done in restore_items(dynamodb, source, stage_name, table_name(table), dry_run=dry_run):  # noqa: B007 - the last one counts
        pass
    if json:
        print_document({"table": target, "seen": done.seen, "missing": done.missing, "dry_run": dry_run})
        return
    print_line(
        f"{'Would put' if dry_run else 'Put'} {done.missing} of {counted(done.seen, 'item')} back into {target}."
    )


def _copy_old(
    after: Annotated[
        str | None,
        typer.Option(
            parser=stored_snapshot,
            metavar="WORLD/VERSION",
            help="Continue behind this item; see an interrupted copy.",
        ),
    ] = None,
    rate: Rate = COPY_RATE_DEFAULT_PER_SECOND,
    stage_name: StageName = LOCAL,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only compare; put nothing.")] = False,
    json: Json = False,
) -> None:
    """Copy the snapshots of release 1.0 into the table of this release, and verify the copy."""
    request = CopyRequest(stage_name, after, rate, dry_run, json)
    copy_old_snapshots(request, stage_access.clients_for(stage_name))


def _reaper() -> None:
    """Pause the blob reaper, which would treat blobs of lost snapshots as orphans."""


def _pause(stage_name: StageName = LOCAL, *, json: Json = False) -> None:
    """Stop the reaper until `resume`; its heartbeat alarm stays on as a reminder."""
    function = names.physical_name(stage_name, "blob_reaper")
    lambda_ = stage_access.clients_for(stage_name).client("lambda")
    lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    _print_reaper_state(function, paused=True, json=json)


def _resume(stage_name: StageName = LOCAL, *, json: Json = False) -> None:
    """Start the reaper again."""
    function = names.physical_name(stage_name, "blob_reaper")
    stage_access.clients_for(stage_name).client("lambda").delete_function_concurrency(FunctionName=function)
    _print_reaper_state(function, paused=False, json=json)


def _print_reaper_state(function: str, *, paused: bool, json: bool) -> None:
    if json:
        print_document({"function": function, "held": paused})
    else:
        print_line(f"{function} {'is paused' if paused else 'runs again'}.")
