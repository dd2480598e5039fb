"""`risk show`, `stress show`, `signals list`: results that the hub derived from a world's snapshots."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Annotated, Final

import typer

from risk_hub_client import RiskHubClient
from risk_hub_client.cli.existence_checks import require_world
from risk_hub_client.cli.options import (
    LISTED_MAX_COUNT,
    Expired,
    Json,
    KnownAt,
    OldestFirst,
    OnlyActor,
    OnlyStage,
    check_period,
)
from risk_hub_client.cli.report_text import risk_lines, signal_lines, stress_lines
from risk_hub_client.cli.screen import print_document, print_line
from risk_hub_client.cli.session import Url, open_client
from risk_hub_client.reads import Filters
from risk_hub_client.reports import EvaluatedAs, ReportDocument, ReportT

World = Annotated[str, typer.Argument(help="The world.")]
Version = Annotated[
    str | None, typer.Argument(help="The snapshot's version; without it the newest unexpired snapshot.")
]
SIGNALS_DEFAULT_COUNT: Final = 20


def register(app: typer.Typer) -> None:
    """Add the groups `stress` and `signals`."""
    stress = typer.Typer(help="Stress losses.", no_args_is_help=True, rich_markup_mode=None)
    stress.callback()(_stress)
    stress.command("show")(show_stress)
    app.add_typer(stress, name="stress")
    signals = typer.Typer(help="Exit signals.", no_args_is_help=True, rich_markup_mode=None)
    signals.callback()(_signals)
    signals.command("list")(list_signals)
    app.add_typer(signals, name="signals")


def _stress() -> None:
    """Stress losses."""


def _signals() -> None:
    """Exit signals."""


def _show_command(
    kind: str,
    latest: Callable[..., ReportDocument[ReportT]],
    of_version: Callable[[RiskHubClient, str, str], ReportDocument[ReportT]],
    lines: Callable[[ReportT, EvaluatedAs], Iterator[str]],
) -> Callable[..., None]:
    """Return the command that shows one kind of report."""

    def show(
        world: World,
        version: Version = None,
        stage: OnlyStage = None,
        actor: OnlyActor = None,
        known_at: KnownAt = None,
        url: Url = None,
        *,
        include_expired: Expired = False,
        json: Json = False,
    ) -> None:
        filters = _filters(version, stage, actor, known_at, include_expired=include_expired)
        with open_client(url) as hub:
            found = latest(hub, world, **filters) if version is None else of_version(hub, world, version)
        _print(dict(found) if json else list(lines(found.report, found.evaluated_as)))

    show.__doc__ = f"Show the {kind} report on a snapshot."
    return show


show_risk: Final = _show_command("risk", RiskHubClient.latest_risk, RiskHubClient.risk, risk_lines)
show_stress: Final = _show_command("stress", RiskHubClient.latest_stress, RiskHubClient.stress, stress_lines)


def list_signals(
    world: World,
    start: Annotated[str | None, typer.Option("--from", help="First emitted_at, inclusive.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last emitted_at, inclusive.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only signals of this stage.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=LISTED_MAX_COUNT, help="The maximum number of signals.")
    ] = SIGNALS_DEFAULT_COUNT,
    url: Url = None,
    *,
    oldest_first: OldestFirst = False,
    json: Json = False,
) -> None:
    """List a world's exit signals; more pages are fetched as they are needed."""
    check_period(start, end)
    with open_client(url) as hub:
        signals = hub.exit_signals(
            world, start=start, end=end, stage=stage, order="asc" if oldest_first else "desc"
        )
        found = list(islice(signals, limit))
        if not found:
            require_world(hub, world)
    if json:
        print_document([signal.model_dump(mode="json") for signal in found])
        return
    period = " in this period" if start or end else ""
    at_stage = f" at stage {stage}" if stage else ""
    _print(list(signal_lines(found)) or [f"{world}: no exit signal{period}{at_stage}"])


def _filters(
    version: str | None, stage: str | None, actor: str | None, known_at: str | None, *, include_expired: bool
) -> Filters:
    """Return the filters for the newest snapshot; a version needs none."""
    filters = Filters(stage=stage, actor=actor, known_at=known_at, include_expired=include_expired)
    if version is not None and any(filters.values()):
        raise typer.BadParameter(
            "--stage, --actor, --known-at and --include-expired select the newest snapshot: "
            "remove them, or remove VERSION"
        )
    return filters


def _print(shown: dict[str, object] | list[str]) -> None:
    if isinstance(shown, dict):
        print_document(shown)
        return
    for line in shown:
        print_line(line)
