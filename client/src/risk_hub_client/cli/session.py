"""The client that a command uses, and the exit status for each of its errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer

from risk_hub_client import (
    HubError,
    InvalidSnapshotError,
    NotConfiguredError,
    NotFoundError,
    Patience,
    RefusedError,
    RiskHubClient,
    SpoolError,
    UnavailableError,
)
from risk_hub_client.cli.remedies import in_options
from risk_hub_client.regular_files import NotARegularFileError
from risk_hub_contracts.base.problems import CONTRACT_VIOLATION, NOT_FOUND, UNAVAILABLE

__all__ = [
    "HUB_UNAVAILABLE",
    "REFUSED",
    "USAGE",
    "AbsentError",
    "Url",
    "describe_error",
    "error_details",
    "error_text",
    "open_client",
]

REFUSED: Final = 1
USAGE: Final = 2
HUB_UNAVAILABLE: Final = 3

Url = Annotated[
    str | None,
    typer.Option(
        "--url", envvar="RISK_HUB_URL", help="The URL of the hub; the token is read from RISK_HUB_TOKEN."
    ),
]


class AbsentError(Exception):
    """A command names something that does not exist; the message lists what exists."""


@contextmanager
def open_client(
    url: str | None, *, actor: str | None = None, stage: str | None = None, patience: Patience | None = None
) -> Iterator[RiskHubClient]:
    """Open a client for the duration of one command."""
    with RiskHubClient(url, actor=actor, stage=stage, patience=patience) as client:
        yield client


def describe_error(error: Exception) -> tuple[int, str] | None:
    """Return the exit status and the message for one of the client's own errors."""
    if isinstance(error, NotConfiguredError):
        return (
            USAGE,
            f"{error}. Set RISK_HUB_URL and RISK_HUB_TOKEN (`source .local/env` on the local stage).",
        )
    if isinstance(error, UnavailableError | SpoolError):
        return HUB_UNAVAILABLE, str(error)
    if isinstance(error, NotARegularFileError):
        return REFUSED, f"{error}. Give the path of a regular file."
    if isinstance(error, OSError) and error.filename is not None:
        return (
            REFUSED,
            f"{error.filename} cannot be used: {error.strerror}. Check the path and its permissions.",
        )
    return (REFUSED, error_text(error)) if isinstance(error, HubError | AbsentError) else None


def error_text(error: Exception) -> str:
    """Return the text of an error, with its remedy as options; for an unknown route, add how to correct the URL."""
    text = str(error)
    if isinstance(error, RefusedError) and (remedy := error.problem.get("remedy")):
        text = text.replace(str(remedy), in_options(str(remedy)))
    if isinstance(error, NotFoundError) and error.type == NOT_FOUND.uri:
        return f"{text} Set RISK_HUB_URL to the address without /risk-hub."
    return text


def error_details(error: Exception) -> dict[str, Any]:
    """Return the details of an error, for `--json`; unknown ones are left out.

    Returns:
        `type` (of the problem), `status` (of HTTP), `errors` (pointer and detail of each violation),
        `stored_hash` and `offered_hash` (of a conflict), `attempts`, `request_id`.
    """
    if isinstance(error, RefusedError):
        known = ("errors", "stored_hash", "offered_hash", "remedy")
        members = {name: error.problem[name] for name in known if name in error.problem}
        found: dict[str, Any] = {"type": error.type, "status": error.status, **members}
    elif isinstance(error, InvalidSnapshotError):
        violations = [
            {"pointer": violation.pointer, "detail": violation.detail} for violation in error.violations
        ]
        found = {"type": CONTRACT_VIOLATION.uri, "errors": violations}
    elif isinstance(error, UnavailableError):
        found = {"type": UNAVAILABLE.uri, "status": error.status, "attempts": error.attempts}
    else:
        found = {}
    request_id = getattr(error, "request_id", None)
    return found | ({} if request_id is None else {"request_id": request_id})
