"""`risk-hub runs`: list evaluation runs, show the record of one and its history."""

from enum import StrEnum
from itertools import islice
from typing import Annotated, Any

import typer

from risk_hub_client.cli.options import LISTED_MAX_COUNT, Json, OldestFirst
from risk_hub_client.cli.screen import print_document, print_line
from risk_hub_client.cli.session import Url, open_client

__all__ = ["GROUP", "register"]

GROUP = "runs"
World = Annotated[str, typer.Argument(help="The world.")]
Strategy = Annotated[str, typer.Argument(help="The strategy; quote a name with spaces.")]
Run = Annotated[str, typer.Argument(help="The id of the run.")]


class Status(StrEnum):
    """Summary statuses of runs."""

    PASS = "pass"  # noqa: S105 - a status
    WARN = "warn"
    FAIL = "fail"


def register(app: typer.Typer) -> None:
    """Add the group `runs`."""
    group = typer.Typer(
        help="Evaluation runs: what was judged, by which policy, and every later item.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list")(list_runs)
    group.command("show")(show)
    group.command("history")(history)
    app.add_typer(group, name=GROUP)


def list_runs(
    world: World,
    strategy: Annotated[str | None, typer.Option(help="Only runs of this strategy.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only runs of this stage.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only runs with this summary status.")] = None,
    since: Annotated[str | None, typer.Option(help="Only runs created at or after this instant.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=LISTED_MAX_COUNT, help="The maximum number of runs.")
    ] = None,
    url: Url = None,
    *,
    oldest_first: OldestFirst = False,
    json: Json = False,
) -> None:
    """List the evaluation runs of a world."""
    with open_client(url) as hub:
        runs = hub.runs(
            world,
            strategy_id=strategy,
            stage=stage,
            status=None if status is None else status.value,
            since=since,
            order="asc" if oldest_first else "desc",
        )
        found = list(islice(runs, limit))
    if json:
        print_document(found)
        return
    for each in found:
        print_line(_entry_line(each))


def show(world: World, strategy: Strategy, run: Run, url: Url = None, *, json: Json = False) -> None:
    """Show the current record of a run."""
    with open_client(url) as hub:
        record = hub.run(world, strategy, run)
    if json:
        print_document(record)
        return
    print_line(_entry_line(record))
    policy = f"{record['policy_id']} {record['policy_version']} ({record['policy_hash']})"
    print_line(f"  policy {policy}, engine {record['engine_version']}")
    for result in record["results"]:
        print_line(f"  {_result_line(result)}")
    for name, validation in record["validations"].items():
        print_line(f"  {name}: {validation['status']} at {validation['recorded_at']}")
        for result in validation["results"]:
            print_line(f"    {_result_line(result)}")
    for override_id, override in record["overrides"].items():
        print_line(f"  override {override_id}: {override['state']} by {override['subject']}")


def history(world: World, strategy: Strategy, run: Run, url: Url = None, *, json: Json = False) -> None:
    """List every item of a run, oldest first, with its digest."""
    with open_client(url) as hub:
        found = list(hub.run_history(world, strategy, run))
    if json:
        print_document(found)
        return
    for each in found:
        item = each["item"]
        print_line(
            f"{item['sequence']} {item['kind']} at {item['recorded_at']} by {item['subject']}: {each['sha256']}"
        )


def _entry_line(run: dict[str, Any]) -> str:
    return (
        f"{run['created_at']} {run['strategy_id']} {run['run_id']}: {run['stage']} {run['status']}, "
        f"item {run['sequence']} at {run['updated_at']}"
    )


def _result_line(result: dict[str, Any]) -> str:
    compared = f"{result['observed']} against {result['limit']} {result['unit']}"
    return f"{result['status']} {result['rule']} ({result['severity']}): {result['reason_code']}, {compared}"
