"""`risk-hub risk`: back-test of forecasts against realised returns."""

from pathlib import Path
from typing import Annotated, Any

import typer

from risk_hub_client.cli.backtest_plot import PLOT_SUFFIXES, plot_backtest
from risk_hub_client.cli.backtest_text import backtest_lines
from risk_hub_client.cli.existence_checks import only_stage
from risk_hub_client.cli.options import Json, check_period
from risk_hub_client.cli.report_commands import show_risk
from risk_hub_client.cli.screen import print_document, print_error, print_line
from risk_hub_client.cli.session import REFUSED, Url, open_client
from risk_hub_client.reads import BacktestOptions

INSTANT = "RFC 3339, with an offset."


def register(app: typer.Typer) -> None:
    """Add the group `risk`."""
    group = typer.Typer(help="Risk numbers.", no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_risk)
    group.command("show")(show_risk)
    group.command()(backtest)
    app.add_typer(group, name="risk")


def _risk() -> None:
    """Risk numbers."""


def _check_plot_suffix(file: Path | None) -> Path | None:
    if file is not None and file.suffix not in PLOT_SUFFIXES:
        raise typer.BadParameter(f"must end in {' or '.join(PLOT_SUFFIXES)}")
    return file


def backtest(
    world: Annotated[str, typer.Argument(help="The world.")],
    stage: Annotated[
        str | None,
        typer.Option(help="The stage whose snapshots are tested; optional if the world has only one."),
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help=f"Earliest as_of. {INSTANT}")] = None,
    end: Annotated[str | None, typer.Option("--to", help=f"Latest as_of. {INSTANT}")] = None,
    method: Annotated[
        str | None,
        typer.Option(help="historical_upper, historical or parametric_normal. [default: historical_upper]"),
    ] = None,
    confidence_bps: Annotated[int, typer.Option(help="Basis points: 9900 is 99 %.")] = 9_900,
    plot: Annotated[
        Path | None,
        typer.Option(
            help="Draw the back-test into this .svg or .png file (needs the extra `plot`).",
            callback=_check_plot_suffix,
            dir_okay=False,
        ),
    ] = None,
    url: Url = None,
    *,
    json: Json = False,
) -> None:
    """Back-test the daily value-at-risk forecasts against realised returns: Kupiec, Christoffersen, Basel."""
    check_period(start, end)
    options = BacktestOptions(confidence_bps=confidence_bps)
    if method is not None:
        options["method"] = method
    if start is not None:
        options["start"] = start
    if end is not None:
        options["end"] = end
    with open_client(url) as hub:
        report = hub.backtest(world, stage or only_stage(hub, world), **options)
    if plot is not None:
        _plot(report, plot)
    if json:
        print_document(report)
        return
    for line in backtest_lines(report):
        print_line(line)


def _plot(report: dict[str, Any], file: Path) -> None:
    if not report["days"]:
        print_error("No day was tested, so no picture was drawn.")
        raise typer.Exit(REFUSED)
    try:
        plot_backtest(report, file)
    except ModuleNotFoundError as missing:
        print_error(f"{missing.name} is not installed: install the extra `plot` to draw a picture.")
        raise typer.Exit(REFUSED) from None
