"""`risk-hub holds`: legal holds on the archived history of a world."""

from collections.abc import Iterable
from typing import Annotated

import typer

from infra.ops.operate import stage_access
from infra.ops.operate.legal_holds import Archive, HoldCounts, archive_of
from infra.ops.operate.options import StageName, identifier
from infra.ops.operate.stage_access import LOCAL
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_line
from risk_hub_contracts.base.problem_types import counted

WorldArgument = Annotated[str, typer.Argument(parser=identifier, metavar="WORLD")]


def holds_group() -> typer.Typer:
    """Return the group `holds`."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_holds)
    group.command("set")(_set)
    group.command("remove")(_remove)
    group.command("show")(_show)
    return group


def _holds() -> None:
    """Keep the archived history of a world from being deleted, with no end, until the hold is removed."""


def _set(world: WorldArgument, stage_name: StageName = LOCAL, *, json: Json = False) -> None:
    """Hold every copy in the archive; run it again at least once a year for the copies added since."""
    _print_counts(world, _archive(stage_name).set_hold(world, on=True), json=json)


def _remove(world: WorldArgument, stage_name: StageName = LOCAL, *, json: Json = False) -> None:
    """Remove the hold; the lock of the archive still protects each copy until it ends."""
    _print_counts(world, _archive(stage_name).set_hold(world, on=False), json=json)


def _show(world: WorldArgument, stage_name: StageName = LOCAL, *, json: Json = False) -> None:
    """Count the copies in the archive, and those that are held."""
    _print_counts(world, _archive(stage_name).counts(world), json=json)


def _archive(stage_name: str) -> Archive:
    return archive_of(stage_access.clients_for(stage_name), stage_name)


def _print_counts(world: str, progress: Iterable[HoldCounts], *, json: bool) -> None:
    counts = HoldCounts(0, 0)
    for counts in progress:  # noqa: B007 - the last one counts
        pass
    if json:
        print_document({"world_id": world, "copies": counts.copies, "held": counts.held})
    else:
        verb = "is" if counts.copies == 1 else "are"
        copies = counted(counts.copies, "copy", "copies")
        print_line(f"{world}: {counts.held} of {copies} in the archive {verb} held.")
