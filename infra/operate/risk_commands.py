"""`risk-hub risk verify`: have the deployed engine compute a stored report again, and compare bit for bit."""

from typing import Annotated, Any

import typer

from infra.operate import stage_access
from infra.operate.engine import RiskEngine
from infra.operate.options import StageName
from infra.operate.stage_access import LOCAL
from risk_hub_contracts.cli.options import Json
from risk_hub_contracts.cli.screen import print_document, say

GROUP = "risk"
DIFFERS = 1


def add_risk_commands(app: typer.Typer) -> None:
    """Add `verify` to the group `risk`, which callers may have commands in already."""
    group = next((each.typer_instance for each in app.registered_groups if each.name == GROUP), None)
    if group is None:
        group = typer.Typer(help="Risk numbers.", no_args_is_help=True, rich_markup_mode=None)
        group.callback()(_risk)
        app.add_typer(group, name=GROUP)
    group.command("verify")(_verify)


def _risk() -> None:
    """Check risk numbers."""


def _verify(
    world: Annotated[str, typer.Argument(help="The world.")],
    version: Annotated[str, typer.Argument(help="The snapshot's version.")],
    stage_name: StageName = LOCAL,
    *,
    json: Json = False,
) -> None:
    """Compute a stored risk report again from its snapshot and blobs; status 1 when a bit differs."""
    engine = RiskEngine(stage_access.access_to(stage_name).client("lambda"), stage_name)
    verified = engine.verify(world, version)
    if json:
        print_document(verified)
    else:
        _tell(verified)
    if not verified["equal"]:
        raise typer.Exit(DIFFERS)


def _tell(verified: dict[str, Any]) -> None:
    name = f"{verified['world_id']} {verified['version']}, engine {verified['engine_version']}"
    if verified["equal"]:
        say(f"{name}: the same to the bit, {verified['stored_hash']}")
        say(f"  the hash does not speak for {', '.join(verified['not_hashed'])}")
        return
    if not verified["intact"]:
        say(f"{name}: the stored report is not the one that its receipt was made for")
    say(f"{name}: stored {verified['stored_hash']}, computed again {verified['recomputed_hash']}")
    for each in verified["differences"]:
        say(f"  {each['pointer']}: stored {each['stored']!r}, computed again {each['recomputed']!r}")
