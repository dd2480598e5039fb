"""Append one item to a run: conditional on the sequence, idempotent by the entry id."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.evaluation.runs.ports import ChainWrite, RunStore
from functions.evaluation.runs.read_chain import load_run
from functions.evaluation.runs.run_head import RunHead
from functions.hub.ports import Clock
from risk_hub_contracts.base.limits import RUN_ITEMS_MAX_COUNT
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.fold import fold_next
from risk_hub_contracts.runs.payloads import KIND_OF, Payload
from risk_hub_contracts.runs.run_item import RunItem, SealedItem, seal
from risk_hub_contracts.runs.run_key import RunKey

APPEND_MAX_ATTEMPTS: Final = 5


class StaleSequenceError(Exception):
    """The last item is not the expected one, or other writers were faster. Nothing was stored.

    Attributes:
        current: the sequence of the last item.
    """

    def __init__(self, key: RunKey, current: int) -> None:
        super().__init__(
            f"the last item of run {key.text!r} is {current}; read the run, then send the item again"
        )
        self.key = key
        self.current = current


class EntryConflictError(Exception):
    """The run has an item with the same entry id and other content. Nothing was stored.

    Attributes:
        existing: the stored item.
    """

    def __init__(self, key: RunKey, existing: SealedItem) -> None:
        entry, sequence = existing.item.entry_id, existing.item.sequence
        super().__init__(f"item {sequence} of run {key.text!r} has the entry id {entry!r} and other content")
        self.key = key
        self.existing = existing


class ItemRefusedError(Exception):
    """The item does not fit the current record of the run, or the run is full. Nothing was stored."""


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item to append.

    Attributes:
        entry_id: identifies the request, so that its repetition adds no second item.
        subject: the person or service that the token names.
        expected_sequence: append only if this is the last item; None: append after any last item.
    """

    key: RunKey
    entry_id: str
    subject: str
    payload: Payload
    expected_sequence: int | None = None


@dataclass(frozen=True, slots=True)
class AppendedItem:
    """The stored item of a draft, the record and the items of the run, and whether this call stored the item."""

    item: SealedItem
    run: EvaluationRun
    appended: bool
    items: Sequence[SealedItem] = ()


@dataclass(frozen=True, slots=True)
class AppendItem:
    """Append an item with one read and one write; read again after another writer's append."""

    store: RunStore
    clock: Clock

    def __call__(self, draft: ItemDraft) -> AppendedItem:
        """Store the item, or return the stored one of an earlier request.

        Raises:
            RunNotFoundError: the run does not exist.
            StaleSequenceError: the last item is not the expected one, or other writers were always faster.
            EntryConflictError: the entry id is taken by other content.
            ItemRefusedError: the item does not fit the record, or the run is full.
            RunItemError: the item exceeds RUN_ITEM_MAX_BYTES.
            BrokenChainError: the stored chain is broken; nothing is appended to it.
        """
        return self.onto(*load_run(self.store, draft.key), draft)

    def onto(self, items: Sequence[SealedItem], run: EvaluationRun, draft: ItemDraft) -> AppendedItem:
        """Store the item behind a chain that was read before, with one write.

        The chain is read again only after another writer's append.

        Args:
            items: the verified items of the run.
            run: the record that they fold into.
            draft: the item to append.

        Raises:
            RunNotFoundError, StaleSequenceError, EntryConflictError, ItemRefusedError, RunItemError,
            BrokenChainError: as for a call.
        """
        for _ in range(APPEND_MAX_ATTEMPTS):
            existing = _existing(items, draft)
            if existing is not None:
                return AppendedItem(existing, run, appended=False, items=items)
            if draft.expected_sequence not in {None, run.sequence}:
                raise StaleSequenceError(draft.key, run.sequence)
            item, grown = self._next(run, draft)
            if self.store.append([ChainWrite(item, RunHead.of(grown))]) is None:
                return AppendedItem(item, grown, appended=True, items=[*items, item])
            items, run = load_run(self.store, draft.key)
        raise StaleSequenceError(draft.key, run.sequence)

    def _next(self, run: EvaluationRun, draft: ItemDraft) -> tuple[SealedItem, EvaluationRun]:
        """Return the next item of the chain, and the record that it leads to."""
        if run.sequence >= RUN_ITEMS_MAX_COUNT:
            raise ItemRefusedError(f"a run has at most {RUN_ITEMS_MAX_COUNT} items; evaluate it as a new run")
        item = seal(_item(run, draft, format_instant(self.clock())))
        grown = fold_next(run, item)
        if item.item.sequence in grown.unfolded:
            raise ItemRefusedError(
                f"an item of kind {item.item.kind!r} does not fit the current record of run {draft.key.text!r}"
            )
        return item, grown


def _item(run: EvaluationRun, draft: ItemDraft, recorded_at: str) -> RunItem:
    return RunItem(
        world_id=run.world_id,
        strategy_id=run.strategy_id,
        run_id=run.run_id,
        sequence=run.sequence + 1,
        recorded_at=recorded_at,
        subject=draft.subject,
        entry_id=draft.entry_id,
        previous_sha256=run.sha256,
        kind=KIND_OF[type(draft.payload)],
        payload=draft.payload.document(),
    )


def _existing(items: Sequence[SealedItem], draft: ItemDraft) -> SealedItem | None:
    """Return the stored item of an earlier request with this entry id.

    Raises:
        EntryConflictError: it has other content.
    """
    for stored in items:
        if stored.item.entry_id == draft.entry_id:
            if not stored.records(KIND_OF[type(draft.payload)], draft.payload.document()):
                raise EntryConflictError(draft.key, stored)
            return stored
    return None
