"""Options that several commands share."""

from contextlib import suppress
from typing import Annotated, Final

import typer

from risk_hub_contracts.base.times import InstantError, parse_instant

# The greatest `--limit`: far more than a world has; `islice` raises above the machine's own greatest integer.
LISTED_MAX_COUNT: Final = 1_000_000_000
OnlyStage = Annotated[str | None, typer.Option("--stage", help="Only snapshots of this stage.")]
OnlyActor = Annotated[str | None, typer.Option("--actor", help="Only snapshots of this actor.")]
KnownAt = Annotated[str | None, typer.Option(help="Answer as the hub would have answered at this instant.")]
Expired = Annotated[bool, typer.Option("--include-expired", help="Read history: expired snapshots too.")]
OldestFirst = Annotated[
    bool, typer.Option("--oldest-first", help="Oldest first; the default is newest first.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]


def check_period(start: str | None, end: str | None) -> None:
    """Reject a period that ends before it begins; the hub rejects a text that is not an instant.

    Raises:
        BadParameter: --from is later than --to.
    """
    if start is None or end is None:
        return
    with suppress(InstantError):
        if parse_instant(start) > parse_instant(end):
            raise typer.BadParameter("--from is later than --to")
