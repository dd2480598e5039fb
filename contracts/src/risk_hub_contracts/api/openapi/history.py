"""Operations that read the history of a world as a data set."""

from typing import Final

from risk_hub_contracts.api.history_answers import HistoryPage, HotHistoryPage
from risk_hub_contracts.api.openapi.operations import Answer, Operation
from risk_hub_contracts.api.queries import HistoryQuery
from risk_hub_contracts.base import problems as p

_COMPLETE: Final = (
    "To read a period completely, read the hot rows of it first and its segments afterwards: a snapshot that "
    "moves in between is in both answers and has the same order in both."
)

HISTORY: Final = (
    Operation(
        "list_history",
        "The segments of a world's history, with a download URL each",
        (Answer(200, HistoryPage, "One page."),),
        (p.CURSOR_INVALID,),
        description=f"The segments of the UTC dates from `from` to `to`; they also hold rows of these dates "
        f"outside the bounds. {_COMPLETE}",
        query=HistoryQuery,
    ),
    Operation(
        "list_hot_history",
        "The rows of the snapshots that are not in a segment yet",
        (Answer(200, HotHistoryPage, "One page."),),
        (p.CURSOR_INVALID, p.DOCUMENT_UNAVAILABLE),
        description=_COMPLETE,
        query=HistoryQuery,
    ),
)
