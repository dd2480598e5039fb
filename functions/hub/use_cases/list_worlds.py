"""List all known worlds with their freshness status, page by page."""

import re
from dataclasses import dataclass
from typing import Any

from functions.hub.domain.cursor import decode_cursor, encode_cursor
from functions.hub.domain.freshness import FreshnessStatus, NewestSnapshot, freshness_status
from functions.hub.ports import Clock
from functions.hub.world_ports import WorldRegistry
from risk_hub_contracts.api.world_queries import WorldsQuery
from risk_hub_contracts.base.ids import ID_PATTERN, STAGE_PATTERN
from risk_hub_contracts.base.times import format_instant

Document = dict[str, Any]
# Separates world id and stage in a cursor; neither can contain it.
SEPARATOR = "|"
CURSOR_QUERY = {"worlds": "all"}
POSITION = re.compile(rf"{ID_PATTERN[1:-1]}\|{STAGE_PATTERN[1:-1]}")


@dataclass(frozen=True, slots=True)
class ListWorlds:
    """Answer `GET /risk-hub/worlds` with the monitor's rules."""

    registry: WorldRegistry
    clock: Clock

    def __call__(self, query_parameters: WorldsQuery) -> Document:
        """Return one page.

        Raises:
            ProblemError: `cursor-invalid`.
            DependencyUnavailableError: the store did not answer.
        """
        page = self.registry.page(query_parameters.limit, _after(query_parameters.cursor))
        at = self.clock()
        following = None if page.after is None else encode_cursor(CURSOR_QUERY, SEPARATOR.join(page.after))
        worlds = [_document(freshness_status(row, at)) for row in page.rows]
        return {"at": format_instant(at), "worlds": worlds, "next_cursor": following}


def _after(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    world_id, _, stage = decode_cursor(CURSOR_QUERY, cursor, POSITION).partition(SEPARATOR)
    return world_id, stage


def _document(freshness_status: FreshnessStatus) -> Document:
    row = freshness_status.row
    document: Document = {
        "world_id": row.world_id,
        "stage": row.stage,
        "state": freshness_status.state,
        "quiet": freshness_status.quiet,
    }
    if freshness_status.lag_seconds is not None:
        document["lag_seconds"] = freshness_status.lag_seconds
    if row.head is not None:
        document["head"] = _head(row.head)
    if row.expectation is not None:
        document["expectation"] = row.expectation.model_dump(mode="json", by_alias=True)
    return document


def _head(head: NewestSnapshot) -> Document:
    return {
        "version": head.version,
        "as_of": format_instant(head.as_of),
        "created_at": format_instant(head.created_at),
        "expires_at": format_instant(head.expires_at),
    }
