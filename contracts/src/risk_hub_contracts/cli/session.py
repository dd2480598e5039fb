"""The client that a command works with, and what its errors mean to a shell."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from risk_hub_contracts.client import (
    HubError,
    NotConfiguredError,
    Patience,
    RiskHubClient,
    SpoolError,
    UnavailableError,
)

__all__ = ["REFUSED", "UNREACHED", "USAGE", "Url", "explain", "opened"]

REFUSED: Final = 1
USAGE: Final = 2
UNREACHED: Final = 3

Url = Annotated[
    str | None,
    typer.Option("--url", envvar="RISK_HUB_URL", help="Where the hub is; the token is RISK_HUB_TOKEN's."),
]


@contextmanager
def opened(
    url: str | None, *, actor: str | None = None, stage: str | None = None, patience: Patience | None = None
) -> Iterator[RiskHubClient]:
    """Open a client for the length of one command."""
    with RiskHubClient(url, actor=actor, stage=stage, patience=patience) as client:
        yield client


def explain(error: Exception) -> tuple[int, str] | None:
    """Return the status and the sentence of the client's own errors."""
    if isinstance(error, NotConfiguredError):
        return (
            USAGE,
            f"{error}. Set RISK_HUB_URL and RISK_HUB_TOKEN (`source .local/env` on the local stage).",
        )
    if isinstance(error, UnavailableError | SpoolError):
        return UNREACHED, str(error)
    return (REFUSED, str(error)) if isinstance(error, HubError) else None
