"""`risk-hub worker`: command line of `worker`."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Annotated, Final, get_args

import typer

from events.envelope import EventType
from infra.ops.operate import stage_access, worker_exec
from infra.ops.operate.options import StageName, count
from infra.ops.operate.stage_access import LOCAL, Clients
from infra.ops.operate.worker import EventCounts, process_events
from infra.ops.operate.worker_exec import STDERR, CommandError, parse_command, runner
from infra.ops.operate.worker_queue import (
    DEAD_LETTERS_SUFFIX,
    NAME_FORM,
    NAME_PATTERN,
    WorkerQueue,
    chosen_queue,
    named_queue,
    remove_queue,
    temporary_queue,
)
from risk_hub_client.cli.app import PROGRAM
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_error, print_line
from risk_hub_contracts.base.problem_types import counted

FAILED: Final = 1
TYPES: Final = get_args(EventType)
NO_LIMIT_SECONDS: Final = float("inf")


def worker_name(text: str) -> str:
    """Return the name of a worker's queue."""
    if NAME_PATTERN.fullmatch(text) is None:
        raise typer.BadParameter(f"{text!r} is not a valid name: use {NAME_FORM}")
    if f"-{text}".endswith(DEAD_LETTERS_SUFFIX):
        raise typer.BadParameter(
            f"{text!r} is not a valid name: the dead-letter queue of another worker could have it. "
            f"Choose a name that does not end in {DEAD_LETTERS_SUFFIX[1:]!r}"
        )
    return text


def event_type(text: str) -> str:
    """Return a type of event that the hub announces."""
    if text not in TYPES:
        raise typer.BadParameter(f"{text!r} is not an event type: choose from {', '.join(TYPES)}")
    return text


def worker(
    command: Annotated[
        str | None,
        typer.Option("--exec", metavar="CMD", help="The command; it gets each event as JSON on stdin."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            parser=worker_name,
            metavar="NAME",
            help="Keep the queue and its dead letters under this name; the same name continues where it stopped.",
        ),
    ] = None,
    queue: Annotated[
        str | None,
        typer.Option(
            help="An existing queue that is not the hub's; without --name and --queue, a temporary one."
        ),
    ] = None,
    remove: Annotated[
        str | None,
        typer.Option(parser=worker_name, metavar="NAME", help="Remove a kept queue and its events."),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(parser=event_type, metavar="TYPE", help="Only this event type; can be repeated."),
    ] = None,
    max_events: Annotated[int | None, typer.Option("--max-events", parser=count, metavar="NUMBER")] = None,
    idle_seconds: Annotated[
        float | None, typer.Option(min=1, help="End when no event arrived for this time.")
    ] = None,
    stage_name: StageName = LOCAL,
    *,
    shell: Annotated[bool, typer.Option("--shell", help="Run the command in a shell.")] = False,
    json: Json = False,
) -> None:
    """Run a command for each event of the bus, until Ctrl-C. Failed events are delivered again.

    With --json, the command's output goes to stderr. SIGTERM has the effect of Ctrl-C: the queue of one run
    is removed, unless it still holds a failed event. Events arrive at least once and in any order: the
    command must handle both. Status 1 if the command failed on an event.
    """
    if (command is None) is (remove is None) or (name and queue):
        raise typer.BadParameter("give --exec, with --name or --queue or neither; or --remove alone")
    if remove is not None:
        removed = remove_queue(stage_access.clients_for(stage_name), stage_name, remove)
        if json:
            print_document({"removed": removed})
        else:
            print_line(f"Removed {removed} and its rule.")
        return
    try:
        words = parse_command(command or "", shell=shell)
    except CommandError as error:
        raise typer.BadParameter(f"--exec: {error}") from None
    aws, handled = stage_access.clients_for(stage_name), EventCounts()
    run = runner(words, stdout=STDERR if json else None)
    opened = _worker_queue(aws, stage_name, name, queue, event or (), handled)
    last = _process_until_end(aws, opened, run, handled, max_events, idle_seconds)
    _print_result(handled, last, queue=queue, name=name, stage=stage_name, json=json)


def _worker_queue(
    aws: Clients, stage: str, name: str | None, queue: str | None, types: Sequence[str], handled: EventCounts
) -> AbstractContextManager[WorkerQueue]:
    if queue:
        return nullcontext(chosen_queue(aws, stage, queue))
    if name:
        return nullcontext(named_queue(aws, stage, name, types))
    return temporary_queue(aws, stage, types, handled.waiting)


def _process_until_end(
    aws: Clients,
    opened: AbstractContextManager[WorkerQueue],
    run: worker_exec.Run,
    handled: EventCounts,
    max_events: int | None,
    idle_seconds: float | None,
) -> WorkerQueue | None:
    """Work until the end and return the queue, or None if interrupted before there was one."""
    found = None
    try:
        with _interrupt_on_sigterm(), opened as found:
            print_error(f"Waiting for events on {found.name} ...")
            idle = idle_seconds or NO_LIMIT_SECONDS
            process_events(aws.client("sqs"), found, run, handled, max_events=max_events, idle_seconds=idle)
    except KeyboardInterrupt:
        print_error("Stopped.")
    return found


def _print_result(
    handled: EventCounts,
    used: WorkerQueue | None,
    *,
    queue: str | None,
    name: str | None,
    stage: str,
    json: bool,
) -> None:
    if json:
        print_document({"succeeded": handled.succeeded, "failed": handled.failed})
    else:
        print_line(f"{counted(handled.succeeded, 'event')} handled, {handled.failed} failed")
    if handled.waiting and used is not None:
        print_error(_unhandled_text(handled, used, queue=queue, name=name, stage=stage))
    if handled.failed:
        raise typer.Exit(FAILED)


def _unhandled_text(
    handled: EventCounts, used: WorkerQueue, *, queue: str | None, name: str | None, stage: str
) -> str:
    """Return where the failed events are, and the command that processes them again."""
    where = f"{used.name} or {used.dead_letters}" if used.dead_letters else used.name
    again = f"--name {name}" if name else f"--queue {used.name}"
    text = f"{counted(len(handled.waiting), 'event')} not handled: in {where}."
    text += f" Handle again: {PROGRAM} worker {again} --exec CMD --stage-name {stage}"
    text += f", or with --queue {used.dead_letters}." if used.dead_letters else "."
    if name is None and queue is None:
        text += f" Remove: {PROGRAM} worker --remove {used.name.rpartition('-')[2]} --stage-name {stage}."
    return text


@contextmanager
def _interrupt_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that no queue is left behind."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
