"""Create runs: the first item of each chain, idempotent by the run's key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from functions.evaluation.runs.evaluation_marker import EvaluationMarker
from functions.evaluation.runs.ports import WRITES_MAX_COUNT, ChainWrite, RefusedAppend, RunStore
from functions.evaluation.runs.read_chain import BrokenChainError, folded, missing_tail, verified_items
from functions.evaluation.runs.run_head import RunHead
from functions.hub.ports import Clock, Dependency, DependencyUnavailableError
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.runs.chain import StoredItem
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.fold import fold
from risk_hub_contracts.runs.payloads import CREATED, RunCreated
from risk_hub_contracts.runs.run_item import FIRST_SEQUENCE, RunItem, SealedItem, seal
from risk_hub_contracts.runs.run_key import RunKey

BATCH_MAX_BYTES: Final = 2_000_000
"""Greatest size of the items of one transaction, before compression; DynamoDB's limit is 4 MB."""
CREATE_MAX_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class RunDraft:
    """A run to create; `subject` is the person or service that the token names."""

    key: RunKey
    subject: str
    created: RunCreated


@dataclass(frozen=True, slots=True)
class CreatedRun:
    """The run that is stored under the key of a draft.

    Attributes:
        outcome: `created`; `replayed` if a run with the same content exists; `conflict` if one with other
            content does.
        run: the record as it was created, without later items.
    """

    outcome: Literal["created", "replayed", "conflict"]
    run: EvaluationRun


class EvaluationExistsError(Exception):
    """The evaluation has a marker: an earlier request stored its first runs. This request stored nothing.

    Attributes:
        marker: the stored marker.
    """

    def __init__(self, marker: EvaluationMarker) -> None:
        super().__init__(f"evaluation {marker.evaluation_id!r} of world {marker.world_id!r} exists")
        self.marker = marker


@dataclass(frozen=True, slots=True)
class CreateRuns:
    """Store runs in batches of up to 25: one write for each batch, or two if some of its runs exist."""

    store: RunStore
    clock: Clock

    def __call__(
        self, drafts: Sequence[RunDraft], marker: EvaluationMarker | None = None
    ) -> list[CreatedRun]:
        """Return the stored run of each draft, in their order.

        Args:
            drafts: the runs.
            marker: the marker of a new evaluation, which is stored with the first batch.

        Raises:
            EvaluationExistsError: the evaluation has a marker; nothing was stored.
            ValueError: two drafts have the same key.
            RunItemError: a draft exceeds RUN_ITEM_MAX_BYTES; nothing was stored.
            BrokenChainError: the existing first item of a run is damaged or missing.
            DependencyUnavailableError: some runs may be stored, others are not; a repetition completes them.
        """
        if len({draft.key for draft in drafts}) != len(drafts):
            raise ValueError("two runs of one request must not have the same key")
        recorded_at = format_instant(self.clock())
        firsts = [_first_item(draft, recorded_at) for draft in drafts]
        done: dict[RunKey, CreatedRun] = {}
        for batch in _batches(firsts):
            done |= self._stored(batch, marker)
            marker = None
        return [done[draft.key] for draft in drafts]

    def _stored(
        self, batch: Sequence[SealedItem], marker: EvaluationMarker | None
    ) -> dict[RunKey, CreatedRun]:
        """Store one batch; runs that exist are left out, then the rest is stored."""
        done: dict[RunKey, CreatedRun] = {}
        pending = {item.item.key: item for item in batch}
        runs = {key: fold([item]) for key, item in pending.items()}
        for _ in range(CREATE_MAX_ATTEMPTS):
            writes = [ChainWrite(item, RunHead.of(runs[key])) for key, item in pending.items()]
            refused = self._append(writes, marker) if writes else None
            if refused is None:
                return done | {key: CreatedRun("created", runs[key]) for key in pending}
            if refused.marker is not None:
                raise EvaluationExistsError(refused.marker)
            for key, stored in refused.existing.items():
                done[key] = _existing(key, stored, pending.pop(key))
        for key in pending:
            if (broken := missing_tail(self.store.chain(key))) is not None:
                raise BrokenChainError(broken)
        raise DependencyUnavailableError(Dependency.RUN_STORE, "other writes of these runs were in progress")

    def _append(self, writes: Sequence[ChainWrite], marker: EvaluationMarker | None) -> RefusedAppend | None:
        return self.store.append(writes) if marker is None else self.store.begin(marker, writes)


def _existing(key: RunKey, stored: StoredItem, wanted: SealedItem) -> CreatedRun:
    """Return the outcome of a draft whose key is taken."""
    (first,) = verified_items(key, [stored])
    same = first.records(CREATED, wanted.item.payload)
    return CreatedRun("replayed" if same else "conflict", folded(key, [first]))


def _first_item(draft: RunDraft, recorded_at: str) -> SealedItem:
    key = draft.key
    return seal(
        RunItem(
            world_id=key.world_id,
            strategy_id=key.strategy_id,
            run_id=key.run_id,
            sequence=FIRST_SEQUENCE,
            recorded_at=recorded_at,
            subject=draft.subject,
            entry_id=key.run_id,
            previous_sha256=None,
            kind=CREATED,
            payload=draft.created.document(),
        )
    )


def _batches(items: Sequence[SealedItem]) -> Iterator[list[SealedItem]]:
    """Yield the items in their order, as many at once as one transaction holds."""
    batch: list[SealedItem] = []
    for item in items:
        size = sum(len(each.data) for each in batch) + len(item.data)
        if batch and (len(batch) == WRITES_MAX_COUNT or size > BATCH_MAX_BYTES):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch
