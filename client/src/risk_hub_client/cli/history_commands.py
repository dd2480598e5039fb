"""`history export`: the history of a world as one file."""

from dataclasses import asdict
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from risk_hub_client.cli.existence_checks import require_world
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_error, print_line, progress_bar
from risk_hub_client.cli.session import REFUSED, Url, open_client
from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_client.history.export import export_history
from risk_hub_client.history.export_state import ExportRequest
from risk_hub_client.history.formats import ExportFormat
from risk_hub_client.history.lines import PERIOD_BOUND, period_bound

INSTANT_CHARS: Final = len("2026-01-05T00:00:00.000000Z")
BOUND: Final = "a day (UTC) or an RFC 3339 instant."


def register(app: typer.Typer) -> None:
    """Add the group `history`."""
    group = typer.Typer(
        help="The history of a world as a data set.", no_args_is_help=True, rich_markup_mode=None
    )
    group.callback()(_history)
    group.command()(export)
    app.add_typer(group, name="history")


def _history() -> None:
    """The history of a world as a data set."""


def export(
    world: Annotated[str, typer.Option(help="The world.")],
    start: Annotated[str, typer.Option("--from", help=f"Earliest as_of: {BOUND}")],
    end: Annotated[str, typer.Option("--to", help=f"Latest as_of, inclusive: {BOUND}")],
    out: Annotated[Path, typer.Option(help="The file to write; it must not exist.", dir_okay=False)],
    format: Annotated[ExportFormat, typer.Option(help="parquet needs the extra `parquet`.")] = "jsonl",  # noqa: A002
    url: Url = None,
    *,
    json: Json = False,
) -> None:
    """Export every snapshot of a world in a period, oldest first, expired ones too.

    If the command is interrupted, the same command continues it: OUT.part holds the lines so far, OUT.state where
    to continue. It prints the number of snapshots and their rolling digest.
    """
    first, last = _bound(start, "--from"), _bound(end, "--to", end=True)
    if first > last:
        raise typer.BadParameter("--from is later than --to")
    if format == "parquet":
        _require_duckdb()
    with open_client(url) as client, progress_bar(out.name, 1.0, quiet=json) as shown:
        request = ExportRequest(client.settings.url, world, first, last, format)

        def progress(position: str, count: int) -> None:
            shown.show(_fraction(position, first, last), f"{_counted(count)}, {position[:10]}")

        require_world(client, world)
        exported = export_history(client.history(world, first, last), request, out, progress)
    if json:
        print_document({"out": str(out), "format": format, **asdict(exported)})
    else:
        print_line(f"{out}: {_counted(exported.count)}, digest {exported.digest}")


def _counted(count: int) -> str:
    return f"{count:,} snapshot{'' if count == 1 else 's'}"


def _bound(text: str, option: str, *, end: bool = False) -> str:
    try:
        return period_bound(text, option, end=end)
    except InvalidSnapshotError:
        raise typer.BadParameter(f"{option} {text!r}: give {PERIOD_BOUND}") from None


def _require_duckdb() -> None:
    """Check before the export that its last step can run."""
    if find_spec("duckdb") is None:
        print_error("duckdb is not installed: install the extra `parquet`, or choose --format jsonl or csv.")
        raise typer.Exit(REFUSED)


def _fraction(position: str, first: str, last: str) -> float:
    """Return the share of the period before a position."""
    begin, end, now = (datetime.fromisoformat(each[:INSTANT_CHARS]) for each in (first, last, position))
    return (now - begin) / max(end - begin, timedelta.resolution)
