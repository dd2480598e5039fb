"""`risk-hub risk verify` and `risk evaluate`: deployed engines compute a report again, or missing ones."""

from typing import Annotated, Any

import typer

from infra.ops.operate import stage_access
from infra.ops.operate.engine import RiskEngine
from infra.ops.operate.evaluate_command import EvaluateRequest, evaluate_past
from infra.ops.operate.options import Rate, StageName, identifier, instant
from infra.ops.operate.rate_limiter import RATE_DEFAULT_PER_SECOND
from infra.ops.operate.stage_access import LOCAL
from risk_hub_client.cli.options import Json, check_period
from risk_hub_client.cli.screen import print_document, print_line

GROUP = "risk"
World = Annotated[str, typer.Argument(parser=identifier, metavar="WORLD", help="The world.")]
OptionalInstant = Annotated[
    str | None,
    typer.Option("--from", parser=instant, metavar="T", help="First as_of, as in 2026-01-05T00:00:00Z."),
]
OptionalEnd = Annotated[
    str | None, typer.Option("--to", parser=instant, metavar="T", help="Last as_of, inclusive.")
]
EXIT_STATUS = {"equal": 0, "differs": 1, "unverifiable": 3}


def add_risk_commands(app: typer.Typer) -> None:
    """Add `verify` and `evaluate` to the group `risk`, which may already contain commands for callers."""
    group = next((each.typer_instance for each in app.registered_groups if each.name == GROUP), None)
    if group is None:
        group = typer.Typer(help="Risk numbers.", no_args_is_help=True, rich_markup_mode=None)
        group.callback()(_risk)
        app.add_typer(group, name=GROUP)
    group.command("verify")(_verify)
    group.command("evaluate")(_evaluate)


def _risk() -> None:
    """Check risk numbers."""


def _verify(
    world: World,
    version: Annotated[
        str, typer.Argument(parser=identifier, metavar="VERSION", help="The snapshot's version.")
    ],
    stage_name: StageName = LOCAL,
    *,
    json: Json = False,
) -> None:
    """Compute a stored risk report again; status 1 if a bit differs, 3 if a blob is missing."""
    engine = RiskEngine(stage_access.clients_for(stage_name).client("lambda"), stage_name)
    verified = engine.verify(world, version)
    if json:
        print_document(verified)
    else:
        _print_result(verified)
    raise typer.Exit(EXIT_STATUS[verified["outcome"]])


def _evaluate(
    world: World,
    start: OptionalInstant = None,
    end: OptionalEnd = None,
    stage: Annotated[str | None, typer.Option(help="Only snapshots of this stage.")] = None,
    cursor: Annotated[
        str | None, typer.Option(help="Continue where an earlier run of the same period stopped.")
    ] = None,
    rate: Rate = RATE_DEFAULT_PER_SECOND,
    stage_name: StageName = LOCAL,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; queue nothing.")] = False,
    json: Json = False,
) -> None:
    """Evaluate past snapshots that have no report; this creates no exit signals."""
    check_period(start, end)
    request = EvaluateRequest(
        stage_name, world, start, end, stage and stage.lower(), cursor, rate, dry_run, json
    )
    evaluate_past(request, stage_access.clients_for(stage_name))


def _print_result(verified: dict[str, Any]) -> None:
    name = f"{verified['world_id']} {verified['version']}, engine {verified['engine_version']}"
    if verified["equal"]:
        print_line(f"{name}: identical, {verified['stored_hash']}")
        print_line(f"  the hash does not cover {', '.join(verified['not_hashed'])}")
        return
    if not verified["intact"]:
        print_line(f"{name}: the stored report does not match its receipt")
    for sha256 in verified["blobs_gone"]:
        print_line(f"{name}: cannot be verified: blob {sha256} is missing or has changed")
    for sha256 in verified["blobs_back"]:
        reason = f"blob {sha256} was missing when the report was made, but exists now"
        print_line(f"{name}: cannot be verified: {reason}")
    if verified["outcome"] == "differs":
        _print_differences(name, verified)


def _print_differences(name: str, verified: dict[str, Any]) -> None:
    print_line(f"{name}: stored {verified['stored_hash']}, computed again {verified['recomputed_hash']}")
    for each in verified["differences"]:
        print_line(f"  {each['pointer']}: stored {each['stored']!r}, computed again {each['recomputed']!r}")
