"""What takes a processor or a disk runs beside the event loop: validating, hashing, encoding, the spool."""

import asyncio
import contextvars
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from risk_hub_contracts.client.errors import HubError
from risk_hub_contracts.client.reads import Steps
from risk_hub_contracts.client.uploading import Progress
from risk_hub_contracts.client.wire import Answer, Call, Pause

__all__ = ["Done", "advance", "aside", "told_in_loop"]

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """What steps return; no future takes the StopIteration that generators end with."""

    result: Result


async def advance(steps: Steps[Result], answer: Answer | HubError | None) -> Call | Pause | Done[Result]:
    """Tell steps an answer or an error, none at their beginning; return what they ask next, or their result."""
    return await aside(partial(_advance, steps, answer))


async def aside(work: Callable[[], Result]) -> Result:
    """Return what the work returns in a thread of its own; whoever is cancelled waits for its end, as no thread can be."""
    running = asyncio.get_running_loop().run_in_executor(None, contextvars.copy_context().run, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()
        raise


def told_in_loop(progress: Progress) -> Progress:
    """Return what may be told in any thread; the caller hears of it in the event loop, in the same order."""
    loop = asyncio.get_running_loop()

    def tell(sent: int, total: int) -> None:
        loop.call_soon_threadsafe(progress, sent, total)

    return tell


def _advance(steps: Steps[Result], answer: Answer | HubError | None) -> Call | Pause | Done[Result]:
    try:
        if isinstance(answer, HubError):
            return steps.throw(answer)
        return next(steps) if answer is None else steps.send(answer)
    except StopIteration as done:
        return Done(done.value)
