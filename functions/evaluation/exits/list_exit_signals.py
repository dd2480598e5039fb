"""List a world's exit signals, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.evaluation.ports import Signals
from functions.evaluation.signal_query import SIGNAL_ORDER, SignalQuery
from functions.hub.domain.cursor import decode_cursor, encode_cursor
from risk_hub_contracts.api.queries import SignalsQuery


@dataclass(frozen=True, slots=True)
class FoundSignalPage:
    """A page of signals as JSON documents, and the cursor of the next one if there is one."""

    signals: Sequence[Mapping[str, Any]]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ListExitSignals:
    """Reads the exit engine's stored signals; each page is one request."""

    signals: Signals

    def __call__(self, world_id: str, query_parameters: SignalsQuery) -> FoundSignalPage:
        """Return a page in the order of emission.

        Raises:
            ProblemError: `cursor-invalid` when the cursor was not issued for this query.
        """
        bound_query = cursor_query(world_id, query_parameters)
        page = self.signals.signals(
            SignalQuery(
                world_id=world_id,
                stage=query_parameters.stage,
                emitted_from=query_parameters.from_,
                emitted_to=query_parameters.to,
                newest_first=query_parameters.order == "desc",
                after=None
                if query_parameters.cursor is None
                else decode_cursor(bound_query, query_parameters.cursor, SIGNAL_ORDER),
                limit=query_parameters.limit,
            )
        )
        return FoundSignalPage(
            page.signals, None if page.last is None else encode_cursor(bound_query, page.last)
        )


def cursor_query(world_id: str, query_parameters: SignalsQuery) -> dict[str, str | None]:
    """Return the query that a cursor is bound to: the list, the world and every selecting parameter."""
    parameters = query_parameters.model_dump(mode="json", exclude={"limit", "cursor"})
    return {
        "exit-signals": world_id,
        **{name: None if v is None else str(v) for name, v in parameters.items()},
    }
