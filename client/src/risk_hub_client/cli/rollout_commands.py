"""`risk-hub rollout`: whose verdict decides in each stage of a world."""

from typing import Annotated, Any, Literal

import typer

from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_line
from risk_hub_client.cli.session import Url, open_client
from risk_hub_contracts.policies.evaluation_policy import Stage
from risk_hub_contracts.runs.decision import Decider

__all__ = ["register"]

World = Annotated[str, typer.Argument(help="The world.")]
OfStage = Annotated[Stage, typer.Argument(help="The stage of the evaluation.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept in the history of the world.")]
NEVER_SET: Literal["never set"] = "never set"


def register(app: typer.Typer) -> None:
    """Add the group `rollout`."""
    group = typer.Typer(
        help="Whose verdict decides about strategies: the caller's, or the hub's.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("set")(set_decider)
    group.command("show")(show)
    group.command("history")(history)
    group.command("rollback")(roll_back)
    app.add_typer(group, name="rollout")


def set_decider(
    world: World,
    stage: OfStage,
    decider: Annotated[Decider, typer.Argument(help="Whose verdict decides.")],
    reason: Reason,
    url: Url = None,
    *,
    json: Json = False,
) -> None:
    """Say whose verdict decides in a stage from now on; needs the scope governance:approve.

    The hub decides in paper only after backtest, and in live only after paper.
    """
    with open_client(url) as hub:
        _print_change(hub.set_decider(world, stage, decider, reason), json=json)


def show(world: World, url: Url = None, *, json: Json = False) -> None:
    """Show whose verdict decides in each stage of a world."""
    with open_client(url) as hub:
        found = hub.rollout(world)
    if json:
        print_document(found)
        return
    for stage, flag in found["stages"].items():
        since = f"since {flag['changed_at']} by {flag['changed_by']}" if flag["sequence"] else NEVER_SET
        print_line(f"{world} {stage}: {flag['decider']}, {since}")


def history(world: World, url: Url = None, *, json: Json = False) -> None:
    """List every change of a world, newest first."""
    with open_client(url) as hub:
        found = list(hub.rollout_changes(world))
    if json:
        print_document(found)
        return
    for each in found:
        _print_change(each, json=False)
    if not found:
        print_line(f"{world}: no change was recorded; the caller's own check decides in every stage")


def roll_back(world: World, stage: OfStage, reason: Reason, url: Url = None, *, json: Json = False) -> None:
    """Undo the last change of a stage; a repeated rollback changes nothing. Needs the scope governance:approve."""
    with open_client(url) as hub:
        _print_change(hub.roll_back(world, stage, reason), json=json)


def _print_change(change: dict[str, Any], *, json: bool) -> None:
    if json:
        print_document(change)
        return
    print_line(
        f"{change['world_id']} {change['sequence']}: {change['stage']} from {change['previous']} to "
        f"{change['decider']} ({change['change']}), at {change['changed_at']} by {change['changed_by']}: "
        f"{change['reason']}"
    )
