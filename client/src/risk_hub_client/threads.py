"""Threads for CPU and disk work of the asynchronous client: validating, hashing, encoding, the spool."""

import asyncio
import contextvars
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from risk_hub_client.blob_transfers import Progress
from risk_hub_client.errors import HubError
from risk_hub_client.reads import Steps
from risk_hub_client.wire import Answer, Call, Pause

__all__ = ["Done", "advance", "call_in_loop", "run_in_thread"]

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """The result of steps; a future cannot carry the StopIteration that ends a generator."""

    result: Result


async def advance(steps: Steps[Result], answer: Answer | HubError | None) -> Call | Pause | Done[Result]:
    """Send steps an answer or an error (None at the start); return their next request, or their result."""
    return await run_in_thread(partial(_advance, steps, answer))


async def run_in_thread(work: Callable[[], Result]) -> Result:
    """Run the work in a thread; cancellation waits for the thread to end: threads cannot be cancelled."""
    running = asyncio.get_running_loop().run_in_executor(None, contextvars.copy_context().run, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()
        raise


def call_in_loop(progress: Progress) -> Progress:
    """Return a callback for any thread that calls `progress` in the event loop, in the same order."""
    loop = asyncio.get_running_loop()

    def report(sent: int, total: int) -> None:
        loop.call_soon_threadsafe(progress, sent, total)

    return report


def _advance(steps: Steps[Result], answer: Answer | HubError | None) -> Call | Pause | Done[Result]:
    try:
        if isinstance(answer, HubError):
            return steps.throw(answer)
        return next(steps) if answer is None else steps.send(answer)
    except StopIteration as done:
        return Done(done.value)
