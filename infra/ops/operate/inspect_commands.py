"""`risk-hub alarms` and `risk-hub logs`: the first commands of the on-call person."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from infra.functions import FUNCTION_FOLDERS
from infra.ops.operate import stage_access
from infra.ops.operate.alarm_list import ACTIVE_STATE, NOT_DEPLOYED, AlarmStatus, alarm_statuses
from infra.ops.operate.function_log import log_lines
from infra.ops.operate.options import StageName, count
from infra.ops.operate.stage_access import LOCAL
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_line, print_note

MINUTES_DEFAULT: Final = 60
NO_ACTIVE_ALARM: Final = "No alarm is in ALARM."
NOTHING_FOUND: Final = "No line matches."


def add_inspect_commands(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("alarms")(_alarms)
    app.command("logs")(_logs)


def _alarms(
    stage_name: StageName = LOCAL,
    *,
    every: Annotated[bool, typer.Option("--all", help="Show alarms in every state.")] = False,
    json: Json = False,
) -> None:
    """Show the active alarms, their reasons, and their runbook pages."""
    statuses = alarm_statuses(stage_access.clients_for(stage_name), stage_name)
    shown = [each for each in statuses if every or each.state == ACTIVE_STATE]
    if json:
        print_document([each.document() for each in shown])
        return
    if shown:
        _print(shown)
    else:
        print_line(NO_ACTIVE_ALARM)
    absent = sum(each.state == NOT_DEPLOYED for each in statuses)
    if absent:
        print_line(f"{absent} of {len(statuses)} alarms are not deployed and cannot fire; --all lists them.")


def _print(statuses: Sequence[AlarmStatus]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("alarm", "severity", "state", "since", "page"):
        table.add_column(heading, no_wrap=True)
    for each in statuses:
        style = "bold red" if each.state == ACTIVE_STATE else None
        table.add_row(each.name, each.severity, each.state, each.since, each.page, style=style)
    console = Console()
    console.width = max(console.width, 140)
    console.print(table, soft_wrap=True)


def _function(text: str) -> str:
    folder = text.replace("-", "_")
    if folder not in FUNCTION_FOLDERS:
        known = ", ".join(each.replace("_", "-") for each in FUNCTION_FOLDERS)
        raise typer.BadParameter(f"{text!r} is not a function: choose one of {known}")
    return folder


def _logs(
    function: Annotated[str, typer.Argument(parser=_function, help="Such as risk-engine.")],
    find: Annotated[str, typer.Option(help="Only lines that contain this text.")] = "",
    minutes: Annotated[int, typer.Option(parser=count, help="Minutes to look back.")] = MINUTES_DEFAULT,
    stage_name: StageName = LOCAL,
    *,
    json: Json = False,
) -> None:
    """Show the newest lines of a function's log: one JSON line for each request or batch."""
    folder = _function(function)
    found = log_lines(stage_access.clients_for(stage_name), stage_name, folder, minutes, find)
    before = found.left_out_before
    oldest = before and before.isoformat(timespec="seconds").replace("+00:00", "Z")
    if json:
        print_document({"lines": found.lines, "left_out_before": oldest})
        return
    for line in found.lines or [NOTHING_FOUND]:
        print_line(line)
    if oldest:
        print_note(
            f"Lines shown: the newest {len(found.lines):,}; older lines, before {oldest}, are not shown. "
            "Narrow the search with --find or --minutes."
        )
