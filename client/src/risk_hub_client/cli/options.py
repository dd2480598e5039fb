"""Options that several commands share."""

from contextlib import suppress
from typing import Annotated

import typer

from risk_hub_contracts.base.times import InstantError, parse_instant

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def check_period(start: str | None, end: str | None) -> None:
    """Refuse a period that ends before it begins; a text that is no instant is left to the hub.

    Raises:
        BadParameter: --from is later than --to.
    """
    if start is None or end is None:
        return
    with suppress(InstantError):
        if parse_instant(start) > parse_instant(end):
            raise typer.BadParameter("--from is later than --to")
