"""Read a run's chain: verified items, or an error that names the broken link."""

from collections.abc import Sequence
from typing import Final

from functions.evaluation.runs.ports import RunStore, StoredChain
from risk_hub_contracts.runs.chain import BrokenLink, StoredItem, verify_chain
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.fold import RunFoldError, fold
from risk_hub_contracts.runs.run_item import FIRST_SEQUENCE, RunItemError, SealedItem, unseal
from risk_hub_contracts.runs.run_key import RunKey

TAIL_READS_MAX_COUNT: Final = 3


class BrokenChainError(Exception):
    """The stored chain of a run is broken; the hub neither uses it nor appends to it.

    Attributes:
        broken: the first broken link.
    """

    def __init__(self, broken: BrokenLink) -> None:
        super().__init__(f"run {broken.chain!r}, item {broken.position}: {broken.kind}: {broken.detail}")
        self.broken = broken


class RunNotFoundError(Exception):
    """The run does not exist."""

    def __init__(self, key: RunKey) -> None:
        super().__init__(f"run {key.text!r} does not exist")
        self.key = key


def verified_items(key: RunKey, items: Sequence[StoredItem]) -> list[SealedItem]:
    """Return the items of a whole chain.

    Raises:
        BrokenChainError: a link is broken, or an item cannot be read.
    """
    broken = verify_chain(key, items)
    if broken is not None:
        raise BrokenChainError(broken)
    return [_unsealed(key, stored) for stored in items]


def load_run(store: RunStore, key: RunKey) -> tuple[list[SealedItem], EvaluationRun]:
    """Return the verified items of a run, and its current record.

    A chain that is shorter than its list entry states is read again: a query may see one row of a transaction
    before the other.

    Raises:
        RunNotFoundError: the run has no rows.
        BrokenChainError: a link is broken, an item cannot be read, or the tail of the chain is missing.
    """
    chain = store.chain(key)
    for _ in range(TAIL_READS_MAX_COUNT - 1):
        if missing_tail(chain) is None:
            break
        chain = store.chain(key)
    if (broken := missing_tail(chain)) is not None:
        raise BrokenChainError(broken)
    if not chain.items:
        raise RunNotFoundError(key)
    items = verified_items(key, chain.items)
    return items, folded(key, items)


def folded(key: RunKey, items: Sequence[SealedItem]) -> EvaluationRun:
    """Return the current record of verified items.

    Raises:
        BrokenChainError: the first item is not a creation that this release can read.
    """
    try:
        return fold(items)
    except RunFoldError as error:
        raise BrokenChainError(BrokenLink(key.text, FIRST_SEQUENCE, "item_unreadable", str(error))) from error


def missing_tail(chain: StoredChain) -> BrokenLink | None:
    """Return the break of a chain that does not reach the item that its list entry states."""
    last = chain.items[-1].sequence if chain.items else 0
    if chain.head is None or chain.head.sequence <= last:
        return None
    detail = f"the last stored item is {last}; the list entry states item {chain.head.sequence}"
    return BrokenLink(chain.key.text, last + 1, "tail_cut", detail)


def _unsealed(key: RunKey, stored: StoredItem) -> SealedItem:
    try:
        return unseal(stored.data)
    except RunItemError as error:
        broken = BrokenLink(key.text, stored.sequence, "item_unreadable", str(error))
        raise BrokenChainError(broken) from error
