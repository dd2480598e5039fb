"""The command `risk-hub`: its groups and exit statuses.

| status | meaning |
|---|---|
| 0 | done |
| 1 | refused by the contract, the hub or a check; repeating the same command gives the same result |
| 2 | the command line is invalid |
| 3 | the hub is unavailable; the same command may succeed later |
| 130 | interrupted |

With `--json`, a failed command prints one document on stdout: `error`, and further details in `error_details`.
`monitor` uses the statuses of a monitoring plug-in: 0 fresh, 1 warning, 2 critical or missing, 3 error.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Final

import typer

from risk_hub_client.cli import (
    backfill,
    blob_commands,
    evaluate_command,
    history_commands,
    hub_commands,
    local_commands,
    monitor,
    policy_commands,
    precheck_command,
    report_commands,
    risk_commands,
    rollout_commands,
    run_commands,
    worlds_commands,
)
from risk_hub_client.cli.screen import print_document, print_error
from risk_hub_client.cli.session import HUB_UNAVAILABLE, REFUSED, USAGE, describe_error, error_details
from risk_hub_contracts import __version__

__all__ = ["HUB_UNAVAILABLE", "PROGRAM", "REFUSED", "USAGE", "build_app", "main", "run"]

PROGRAM: Final = "risk-hub"
COMPLETION_VARIABLE: Final = "_RISK_HUB_COMPLETE"
COMPLETION_ERROR: Final = (
    f"{COMPLETION_VARIABLE} is set, but COMP_WORDS or COMP_CWORD is missing or invalid: bash sets all three "
    f"to complete a command line. Unset {COMPLETION_VARIABLE} to run a command."
)
_USAGE_STATUS_BY_COMMAND: Final = {"monitor": 3}
ErrorDescriber = Callable[[Exception], tuple[int, str] | None]


def build_app() -> typer.Typer:
    """Return the commands that use HTTP or no network; an operator's repository adds its own groups."""
    app = typer.Typer(
        name=PROGRAM,
        help="Publish and read risk snapshots.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_program_options)
    for commands in (
        hub_commands,
        monitor,
        backfill,
        local_commands,
        blob_commands,
        history_commands,
        risk_commands,
        run_commands,
        report_commands,
        worlds_commands,
        policy_commands,
        precheck_command,
        evaluate_command,
        rollout_commands,
    ):
        commands.register(app)
    return app


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's own signature
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _program_options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Declare the options of the program itself; the eager callback has handled them by now."""


def main() -> None:
    """Run `risk-hub` and exit with its status."""
    sys.exit(run(build_app()))


def run(app: typer.Typer, arguments: Sequence[str] | None = None, *describers: ErrorDescriber) -> int:
    """Run one command and return its status; an expected error prints one sentence on stderr, no traceback.

    Args:
        app: the commands.
        arguments: the command line; default: the process's own.
        describers: for each further kind of error, a function that returns its status and message, or None.
    """
    command_line = list(sys.argv[1:] if arguments is None else arguments)
    if _lacks_completion_words():
        print_error(COMPLETION_ERROR)
        return USAGE
    try:
        status = app(args=command_line, prog_name=PROGRAM, standalone_mode=False)
    except typer.TyperException as error:
        if "--json" in command_line:
            print_document({"error": error.format_message(), "type": "usage"})
        error.show()  # type: ignore[attr-defined]  # all have it; Typer declares it on a private subclass
        return _USAGE_STATUS_BY_COMMAND.get(command_line[0] if command_line else "", USAGE)
    except Exception as error:
        known = next(
            (found for of in (describe_error, *describers) if (found := of(error)) is not None), None
        )
        if known is None:
            raise
        if "--json" in command_line:
            print_document({"error": known[1], **error_details(error)})
        print_error(known[1])
        return known[0]
    return status if isinstance(status, int) else 0


def _lacks_completion_words() -> bool:
    """Return whether bash's completion is requested without the variables that bash sets for it."""
    requested = os.environ.get(COMPLETION_VARIABLE) == "complete_bash"
    return requested and not ("COMP_WORDS" in os.environ and os.environ.get("COMP_CWORD", "").isdecimal())
