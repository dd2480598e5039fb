"""Load a run, and append the validations of a report that it does not have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from functions.evaluation.extended.entry_ids import entry_id
from functions.evaluation.extended.layers import LAYERS_OF, Layer
from functions.evaluation.extended.outcomes import ExtendedRun, RunOutcome
from functions.evaluation.extended.report_numbers import AnnouncedReport
from functions.evaluation.runs.append_item import (
    AppendedItem,
    AppendItem,
    EntryConflictError,
    ItemDraft,
    ItemRefusedError,
    StaleSequenceError,
)
from functions.evaluation.runs.ports import RunStore
from functions.evaluation.runs.read_chain import BrokenChainError, RunNotFoundError, load_run
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.payloads import ExtendedValidation
from risk_hub_contracts.runs.rule_result import ValidationStatus
from risk_hub_contracts.runs.run_item import SealedItem
from risk_hub_contracts.runs.run_key import RunKey

SUBJECT: Final = "hub:extended_validator"
"""The subject of the items: the hub itself, not the holder of a token."""
FAILURES: Final[Mapping[type[Exception], RunOutcome]] = {
    RunNotFoundError: RunOutcome.RUN_MISSING,
    BrokenChainError: RunOutcome.RUN_BROKEN,
    StaleSequenceError: RunOutcome.RUN_CONTENDED,
    ItemRefusedError: RunOutcome.RUN_FULL,
}
CAUGHT: Final = tuple(FAILURES)


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """The verified items of a run, and its record."""

    items: Sequence[SealedItem]
    run: EvaluationRun

    def due(self, report: AnnouncedReport) -> list[Layer]:
        """Return the layers of a report of which the run has no item."""
        taken = {sealed.item.entry_id for sealed in self.items}
        return [layer for layer in LAYERS_OF[report.kind] if entry_id(report, layer) not in taken]


def load(store: RunStore, key: RunKey) -> LoadedRun | ExtendedRun:
    """Return a run, or `run_missing` or `run_broken`.

    Raises:
        DependencyUnavailableError: the store did not answer.
    """
    try:
        return LoadedRun(*load_run(store, key))
    except CAUGHT as error:
        return ExtendedRun(key, FAILURES[type(error)], str(error))


@dataclass(frozen=True, slots=True)
class AppendLayers:
    """Append one item for each layer, each with one write; an item that is stored stays as it is."""

    append: AppendItem

    def __call__(
        self, loaded: LoadedRun, report: AnnouncedReport, found: Mapping[Layer, ExtendedValidation]
    ) -> ExtendedRun:
        """Return the outcome of a run.

        Raises:
            DependencyUnavailableError: the store did not answer; a repetition appends the rest.
        """
        key, statuses = loaded.run.key, list[ValidationStatus]()
        try:
            for layer in loaded.due(report):
                if layer in found:
                    stored = self._stored(loaded, entry_id(report, layer), found[layer])
                    if stored is not None:
                        loaded = LoadedRun(stored.items, stored.run)
                        statuses += [found[layer].status] if stored.appended else []
        except CAUGHT as error:
            return ExtendedRun(key, FAILURES[type(error)], str(error), tuple(statuses))
        outcome = RunOutcome.APPENDED if statuses else RunOutcome.REPEATED
        if set(loaded.due(report)) - found.keys():
            detail = "not all runs of its evaluation are stored"
            return ExtendedRun(key, RunOutcome.COHORT_INCOMPLETE, detail, tuple(statuses))
        return ExtendedRun(key, outcome, statuses=tuple(statuses))

    def _stored(self, loaded: LoadedRun, entry: str, validation: ExtendedValidation) -> AppendedItem | None:
        """Return the stored item; None if another delivery of the event stored one with other content."""
        draft = ItemDraft(loaded.run.key, entry, SUBJECT, validation)
        try:
            return self.append.onto(loaded.items, loaded.run, draft)
        except EntryConflictError:
            return None
