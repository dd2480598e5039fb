"""Answers about evaluation runs, JSON-ready: the record of one, its history, and lists."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from functions.evaluation.runs.read_chain import BrokenChainError, RunNotFoundError
from functions.evaluation.runs.read_runs import ReadRuns, RunFilter
from functions.evaluation.runs.run_head import RunHead
from functions.hub.domain.cursor import decode_cursor, encode_cursor
from risk_hub_contracts.api.run_queries import RunHistoryQuery, RunsQuery
from risk_hub_contracts.base.canonical import sha256_hex
from risk_hub_contracts.base.limits import RUN_HISTORY_PAGE_MAX_BYTES
from risk_hub_contracts.base.problems import DOCUMENT_UNAVAILABLE, RUN_NOT_FOUND, ProblemError
from risk_hub_contracts.runs.chain import StoredItem
from risk_hub_contracts.runs.run_key import RunKey

Document = dict[str, Any]
POSITION: Final = re.compile("[1-9][0-9]{0,5}")
DAMAGED_REMEDY: Final = "Ask an operator to run `risk-hub runs verify` for this run; other runs can be read."


@dataclass(frozen=True, slots=True)
class AnswerRuns:
    """Answers of the routes that read runs. Every method may raise DependencyUnavailableError."""

    read: ReadRuns

    def record(self, key: RunKey) -> Document:
        """Return the current record of a run.

        Raises:
            ProblemError: `run-not-found`; `document-unavailable` if the stored chain is broken.
        """
        try:
            return self.read.run(key).model_dump(mode="json")
        except RunNotFoundError:
            raise _not_found(key) from None
        except BrokenChainError as error:
            raise _damaged(str(error)) from error

    def history(self, key: RunKey, query: RunHistoryQuery) -> Document:
        """Return one page of the items of a run, in their order, of at most RUN_HISTORY_PAGE_MAX_BYTES.

        Raises:
            ProblemError: `run-not-found`, `cursor-invalid`; `document-unavailable` if an item is damaged.
        """
        bound = {"run_history": key.text}
        after = 0 if query.cursor is None else int(decode_cursor(bound, query.cursor, POSITION))
        found = self.read.history(key, after, query.limit)
        if not found.items and after == 0:
            raise _not_found(key)
        shown = list(_fitting(found.items))
        more = found.next_after is not None or len(shown) < len(found.items)
        return {
            "items": [_item_answer(key, item) for item in shown],
            "next_cursor": encode_cursor(bound, str(shown[-1].sequence)) if more else None,
        }

    def page(self, world_id: str, query: RunsQuery) -> Document:
        """Return one page of the runs of a world.

        Raises:
            ProblemError: `cursor-invalid`.
        """
        wanted = RunFilter(
            world_id=world_id,
            strategy_id=query.strategy_id,
            stage=query.stage,
            status=query.status,
            since=query.since,
            newest_first=query.order == "desc",
        )
        found = self.read.list(wanted, query.limit, query.cursor)
        return {"runs": [_entry_answer(head) for head in found.heads], "next_cursor": found.next_cursor}


def _fitting(items: Sequence[StoredItem]) -> Iterator[StoredItem]:
    """Yield the first items, as many as fit into a page and at least one."""
    size = 0
    for item in items:
        size += len(item.data)
        if size > RUN_HISTORY_PAGE_MAX_BYTES and size > len(item.data):
            return
        yield item


def _entry_answer(head: RunHead) -> Document:
    return {
        "world_id": head.key.world_id,
        "strategy_id": head.key.strategy_id,
        "run_id": head.key.run_id,
        "stage": head.stage,
        "status": head.status,
        "sequence": head.sequence,
        "sha256": head.sha256,
        "created_at": head.created_at,
        "updated_at": head.updated_at,
    }


def _item_answer(key: RunKey, stored: StoredItem) -> Document:
    """Return an item with its digest.

    Raises:
        ProblemError: `document-unavailable` if its bytes have another digest.
    """
    digest = sha256_hex(stored.data)
    if digest != stored.sha256:
        raise _damaged(
            f"item {stored.sequence} of run {key.text!r} is damaged: its bytes have the digest {digest}, "
            f"not {stored.sha256}"
        )
    return {"sha256": digest, "item": orjson.loads(stored.data)}


def _not_found(key: RunKey) -> ProblemError:
    return ProblemError(
        RUN_NOT_FOUND,
        f"world {key.world_id!r} has no run {key.run_id!r} of strategy {key.strategy_id!r}",
    )


def _damaged(detail: str) -> ProblemError:
    return ProblemError(DOCUMENT_UNAVAILABLE, detail, remedy=DAMAGED_REMEDY)
