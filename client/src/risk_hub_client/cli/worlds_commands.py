"""`risk-hub worlds`: expected worlds, their lag limits, and their freshness."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from risk_hub_client.cli.existence_checks import require_expectation, require_policy, require_stage
from risk_hub_client.cli.input_files import input_name, read_input
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_line
from risk_hub_client.cli.session import REFUSED, Url, open_client
from risk_hub_client.regular_files import NotARegularFileError
from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.limits import CRITICAL_DEFAULT_SECONDS, WARN_DEFAULT_SECONDS
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.base.times import duration_text

World = Annotated[str, typer.Argument(help="The world.")]
Stage = Annotated[str, typer.Option(help="The stage.")]
LATE: Final = frozenset({"late", "stale", "missing"})


def register(app: typer.Typer) -> None:
    """Add the group `worlds`."""
    group = typer.Typer(
        help="Registered worlds and their exit policies.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("list")(list_worlds)
    for command in (expect, show, forget, policy):
        group.command()(command)
    app.add_typer(group, name="worlds")


def list_worlds(
    stage: Annotated[str | None, typer.Option(help="Only worlds of this stage.")] = None,
    url: Url = None,
    *,
    late: Annotated[
        bool, typer.Option("--late", help="Only worlds that are late, stale or missing.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the freshness of every world; status 1 if one is late, stale or missing."""
    with open_client(url) as hub:
        if stage is not None:
            require_stage(hub, stage)
        known = [world for world in hub.worlds() if stage in {None, world["stage"]}]
    known.sort(key=lambda world: (world["state"] not in LATE, world["world_id"], world["stage"]))
    shown = [world for world in known if world["state"] in LATE] if late else known
    if json:
        print_document(shown)
    else:
        for world in shown:
            print_line(_line(world))
        if not shown:
            at_stage = f" at stage {stage}" if stage else ""
            reason = "is late, stale or missing" if known else "is registered or has a snapshot"
            print_line(f"No world{at_stage} {reason}.")
    raise typer.Exit(REFUSED if any(world["state"] in LATE for world in known) else 0)


def expect(
    world: World,
    stage: Stage,
    owner: Annotated[str, typer.Option(help="The team or address that is responsible for the world.")],
    warn_seconds: Annotated[
        int, typer.Option(help="Above this lag the world is late.")
    ] = WARN_DEFAULT_SECONDS,
    critical_seconds: Annotated[
        int, typer.Option(help="Above this lag the world is stale.")
    ] = CRITICAL_DEFAULT_SECONDS,
    quiet: Annotated[
        list[str] | None,
        typer.Option(help="A daily period without alarms: HH:MM-HH:MM in UTC; can be repeated."),
    ] = None,
    url: Url = None,
    *,
    enabled: Annotated[bool, typer.Option("--on/--off", help="Whether the world is monitored.")] = True,
    json: Json = False,
) -> None:
    """Register the expectation of a world, or change its lag limits."""
    with open_client(url) as hub:
        stored = hub.expect(
            world,
            stage,
            owner=owner,
            warn_seconds=warn_seconds,
            critical_seconds=critical_seconds,
            enabled=enabled,
            quiet_hours_utc=[_parse_quiet_hours(text) for text in quiet or ()],
        )
    _print_expectation(stored, json=json)


def show(world: World, stage: Stage, url: Url = None, *, json: Json = False) -> None:
    """Show the expectation of a world."""
    with open_client(url) as hub:
        _print_expectation(require_expectation(hub, world, stage), json=json)


def forget(world: World, stage: Stage, url: Url = None, *, json: Json = False) -> None:
    """Remove the expectation of a world; its snapshots stay."""
    with open_client(url) as hub:
        require_expectation(hub, world, stage)
        hub.forget(world, stage)
    if json:
        print_document({"world_id": world, "stage": stage, "forgotten": True})
        return
    print_line(f"{world} at {stage}: no longer registered, so missing updates raise no alarm")


def policy(
    world: World,
    stage: Stage,
    put: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Store the policy in this JSON file: a policy, or the output of this command; - reads stdin.",
        ),
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Show this stored version instead of the policy in force.")
    ] = None,
    url: Url = None,
    *,
    drop: Annotated[bool, typer.Option("--drop", help="Restore the default policy.")] = False,
    json: Json = False,  # noqa: ARG001 - accepted as by every command; the answer is JSON in any case
) -> None:
    """Show the exit policy in force and its stored versions, as JSON; with --put or --drop, change it first.

    The output can be stored again, for any world: `--put` reads its member `policy`. After --put, `warnings`
    names limits that may never apply.
    """
    if sum((put is not None, drop, version is not None)) > 1:
        raise typer.BadParameter("give only one of --put, --drop and --version")
    with open_client(url) as hub:
        stored = {}
        if put is not None:
            stored = hub.set_exit_policy(world, stage, _extract_policy(_read_json_object(put)))
        if drop:
            require_policy(hub, world, stage)
            hub.drop_exit_policy(world, stage)
        warnings = {"warnings": stored["warnings"]} if stored.get("warnings") else {}
        print_document({**hub.exit_policy(world, stage, version), **warnings})


def _extract_policy(document: dict[str, Any]) -> dict[str, Any]:
    """Return the policy from a document that `policy` prints, or from a bare policy."""
    shown = document.get("policy")
    return shown if isinstance(shown, dict) and "stored" in document else document


def _read_json_object(path: Path) -> dict[str, Any]:
    file = str(input_name(path))
    try:
        document: Any = strict_json.loads(read_input(path), name="file")
    except NotARegularFileError as error:
        raise typer.BadParameter(f"{error}") from None
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from None
    except ProblemError as error:
        raise typer.BadParameter(f"{file}: {error.detail}") from None
    if not isinstance(document, dict):
        raise typer.BadParameter(f"{file} does not contain a JSON object")
    return document


def _parse_quiet_hours(text: str) -> dict[str, str]:
    start, dash, end = text.partition("-")
    if not dash:
        raise typer.BadParameter(f"{text!r}: quiet hours must be HH:MM-HH:MM, in UTC")
    return {"from": start, "to": end}


def _line(world: dict[str, Any]) -> str:
    lag = world.get("lag_seconds")
    age = "never came" if lag is None else f"{world['head']['version']} is {duration_text(lag)} old"
    owner = world.get("expectation", {}).get("owner")
    owner_text = f" ({owner}{', quiet hours' if world['quiet'] else ''})" if owner else ""
    return f"{world['state']}: {world['world_id']} at {world['stage']}: {age}{owner_text}"


def _print_expectation(stored: dict[str, Any], *, json: bool) -> None:
    if json:
        print_document(stored)
        return
    wanted = stored["expectation"]
    state = "" if wanted["enabled"] else ", disabled"
    quiet = "".join(f", quiet {hours['from']}-{hours['to']} UTC" for hours in wanted["quiet_hours_utc"])
    print_line(
        f"{stored['world_id']} at {stored['stage']}: late after {duration_text(wanted['warn_seconds'])}, "
        f"stale after {duration_text(wanted['critical_seconds'])}, owner {wanted['owner']}{quiet}{state}"
    )
