"""`risk-hub worker`: the command line of what `worker` does."""

import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from infra.operate import stage_access
from infra.operate.options import StageName, count
from infra.operate.stage_access import LOCAL
from infra.operate.worker import STDERR, Handled, command_for, own_queue, subscription, work
from risk_hub_contracts.cli.options import Json
from risk_hub_contracts.cli.screen import complain, print_document, say

FAILED: Final = 1
FOREVER_SECONDS: Final = float("inf")


def worker(
    command: Annotated[
        str, typer.Option("--exec", metavar="CMD", help="Gets each event as JSON on its stdin.")
    ],
    queue: Annotated[
        str | None, typer.Option(help="A queue subscribed before; without it, one of its own.")
    ] = None,
    event: Annotated[
        list[str] | None, typer.Option(help="Only this type of event; several times for several.")
    ] = None,
    most: Annotated[int | None, typer.Option("--max-events", parser=count, metavar="NUMBER")] = None,
    idle_seconds: Annotated[
        float | None, typer.Option(min=1, help="End when nothing came for so long.")
    ] = None,
    stage_name: StageName = LOCAL,
    *,
    json: Json = False,
) -> None:
    """Run a command for each event of the bus, until Ctrl-C. An event that it fails on comes again.

    With --json, what the command prints goes to stderr. SIGTERM ends as Ctrl-C does: the queue of its own is removed.
    Events come at least once and in any order: the command must not mind. Status 1 when it failed on one.
    """
    aws, handled = stage_access.access_to(stage_name), Handled()
    opened = own_queue(aws, queue) if queue else subscription(aws, stage_name, event or ())
    try:
        with _ended_by_sigterm(), opened as url:
            complain(f"Waiting for events on {url.rpartition('/')[2]} ...")
            idle = idle_seconds or FOREVER_SECONDS
            run = command_for(shlex.split(command), stdout=STDERR if json else None)
            work(aws.client("sqs"), url, run, handled, most=most, idle_seconds=idle)
    except KeyboardInterrupt:
        complain("Stopped.")
    if json:
        print_document({"succeeded": handled.succeeded, "failed": handled.failed})
    else:
        say(f"{handled.succeeded} events handled, {handled.failed} failed and left for another time")
    if handled.failed:
        raise typer.Exit(FAILED)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let a service manager's signal end the block like Ctrl-C, so that nothing is left behind."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
