"""`risk-hub runs verify`: recompute the chains of evaluation runs and their anchors."""

from typing import Annotated, Any

import typer

from infra import names
from infra.ops.operate import stage_access
from infra.ops.operate.options import StageName, identifier
from infra.ops.operate.stage_access import LOCAL
from infra.recovery.invocation import invoke
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.run_commands import GROUP
from risk_hub_client.cli.screen import print_document, print_line, print_note
from risk_hub_client.cli.session import REFUSED
from risk_hub_contracts.base.ids import name_violation


def strategy_name(text: str) -> str:
    """Return a well-formed name of a strategy unchanged."""
    violation = name_violation(text)
    if violation:
        raise typer.BadParameter(f"{text!r}: {violation}")
    return text


World = Annotated[
    str | None, typer.Argument(parser=identifier, metavar="[WORLD]", help="Only runs of this world.")
]
Strategy = Annotated[
    str | None, typer.Argument(parser=strategy_name, metavar="[STRATEGY]", help="Only runs of this strategy.")
]
Run = Annotated[str | None, typer.Argument(parser=identifier, metavar="[RUN]", help="Only this run.")]


def add_run_commands(app: typer.Typer) -> None:
    """Add `verify` to the group `runs`."""
    group = next(each.typer_instance for each in app.registered_groups if each.name == GROUP)
    if group is None:
        raise RuntimeError(f"the application has no group {GROUP!r}")
    group.command("verify")(_verify)


def _verify(
    world: World = None,
    strategy: Strategy = None,
    run: Run = None,
    stage_name: StageName = LOCAL,
    *,
    json: Json = False,
) -> None:
    """Recompute chains, list entries and anchors; name the first broken link of each run; status 1 if one is.

    The function anchor_keeper reads every item and every anchor. Items that were recorded since the last anchor are
    verified against their chain alone.
    """
    wanted = {"world_id": world, "strategy_id": strategy, "run_id": run}
    verified = invoke(
        stage_access.clients_for(stage_name).client("lambda"),
        names.physical_name(stage_name, "anchor_keeper"),
        {"verify": {name: value for name, value in wanted.items() if value is not None}},
        failed="could not verify the runs",
        refused="These runs cannot be verified: {}.",
    )
    if json:
        print_document(verified)
    else:
        _print_result(verified)
    raise typer.Exit(REFUSED if verified["broken_count"] else 0)


def _print_result(verified: dict[str, Any]) -> None:
    for each in verified["broken"]:
        print_line(f"{each['chain']}, {each['position']}: {each['kind']}: {each['detail']}")
    hidden = verified["broken_count"] - len(verified["broken"])
    if hidden:
        print_note(f"{hidden} more runs have a broken link; verify one world or one strategy to see them.")
    until = verified["last_hour"] or "none"
    print_line(
        f"{verified['runs']} runs with {verified['items']} items and {verified['anchors']} anchors (the newest: {until}): "
        f"{verified['broken_count'] or 'no'} broken links"
    )
