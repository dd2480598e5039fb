"""List a world's exit signals, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.evaluation.ports import Signals
from functions.evaluation.signal_query import SIGNAL_ORDER, SignalQuery
from functions.hub.domain.cursor import decode_cursor, encode_cursor
from risk_hub_contracts.api.queries import SignalsQuery


@dataclass(frozen=True, slots=True)
class FoundSignals:
    """A page of signals as JSON documents, and the cursor of the next one if there is one."""

    signals: Sequence[Mapping[str, Any]]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ListExitSignals:
    """Reads the exit engine's stored signals; each page is one request."""

    signals: Signals

    def __call__(self, world_id: str, asked: SignalsQuery) -> FoundSignals:
        """Return a page in the order of emission.

        Raises:
            ProblemError: `cursor-invalid` when the cursor was not issued for this query.
        """
        question = question_of(world_id, asked)
        page = self.signals.signals(
            SignalQuery(
                world_id=world_id,
                stage=asked.stage,
                emitted_from=asked.from_,
                emitted_to=asked.to,
                newest_first=asked.order == "desc",
                after=None if asked.cursor is None else decode_cursor(question, asked.cursor, SIGNAL_ORDER),
                limit=asked.limit,
            )
        )
        return FoundSignals(page.signals, None if page.last is None else encode_cursor(question, page.last))


def question_of(world_id: str, asked: SignalsQuery) -> dict[str, str | None]:
    """Return the query that a cursor is bound to: the list, the world and every selecting parameter."""
    parameters = asked.model_dump(mode="json", exclude={"limit", "cursor"})
    return {
        "exit-signals": world_id,
        **{name: None if v is None else str(v) for name, v in parameters.items()},
    }
