"""Extend the runs of a snapshot when a report on it is announced: one item for each run and layer, once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from events.envelope import CloudEvent
from functions.evaluation.extended.append_layers import AppendLayers, LoadedRun, load
from functions.evaluation.extended.cohort import cohort_results
from functions.evaluation.extended.judged_run import JudgedRun
from functions.evaluation.extended.layers import validations
from functions.evaluation.extended.outcomes import (
    FINAL,
    ExtendedRun,
    RunOutcome,
    RunsNotExtendedError,
    TooManyRunsError,
)
from functions.evaluation.extended.report_numbers import AnnouncedReport, announced_report
from functions.evaluation.extended.run_policies import RunPolicies
from functions.evaluation.policies.ports import PolicyStore
from functions.evaluation.runs.append_item import AppendItem
from functions.evaluation.runs.ports import RunsOfSnapshots, RunStore
from functions.evaluation.runs.run_head import snapshot_key
from functions.evaluation.worker_steps import Outcome
from functions.hub.ports import Clock
from risk_hub_contracts.runs.run_key import RunKey

RUNS_PER_EVENT_MAX_COUNT: Final = 2_000
"""Runs of one snapshot that one event extends, oldest first: two evaluations of the most strategies."""


class RunTally(Protocol):
    """Counts the outcomes of the runs of one event."""

    def __call__(self, runs: Sequence[ExtendedRun]) -> None:
        """Count the outcome of each run, and the items that were appended."""


def no_tally(runs: Sequence[ExtendedRun]) -> None:
    """Count nothing: the default where no metrics are wanted."""


@dataclass(frozen=True, slots=True)
class ExtendRuns:
    """Handles one `risk_evaluated` or `stress_evaluated` event for the runs of its snapshot (INV-21)."""

    listed: RunsOfSnapshots
    store: RunStore
    policies: PolicyStore
    clock: Clock
    tally: RunTally = no_tally

    def __call__(self, event: CloudEvent) -> Outcome:
        """Append the validations that are due; without a run of the snapshot, this is one query.

        Raises:
            RunsNotExtendedError: some runs did not get their items; the event can be handled again.
            TooManyRunsError: the snapshot has further runs.
            DependencyUnavailableError: a store did not answer; the event may be delivered again.
            NotAReportError, ValidationError: the event is not a report.
        """
        report = announced_report(event)
        snapshot = snapshot_key(report.version, report.content_hash)
        heads = self.listed.computed_from(report.world_id, snapshot, RUNS_PER_EVENT_MAX_COUNT + 1)
        keys = [head.key for head in heads[:RUNS_PER_EVENT_MAX_COUNT]]
        done = list(self._extended(report, keys))
        self.tally(done)
        failures = [each for each in done if each.outcome not in FINAL]
        if failures:
            raise RunsNotExtendedError(failures)
        if len(heads) > len(keys):
            raise TooManyRunsError(
                f"snapshot {report.version!r} of world {report.world_id!r} has more than {len(keys)} runs; "
                "the later ones have no extended validation"
            )
        return _outcome({each.outcome for each in done})

    def _extended(self, report: AnnouncedReport, keys: Sequence[RunKey]) -> Iterator[ExtendedRun]:
        """Yield the outcome of each run; one that fails does not stop the others."""
        loaded: dict[RunKey, LoadedRun] = {}
        for key in keys:
            found = load(self.store, key)
            if isinstance(found, LoadedRun):
                loaded[key] = found
            else:
                yield found
        pending = [key for key, each in loaded.items() if each.due(report)]
        yield from (ExtendedRun(key, RunOutcome.REPEATED) for key in loaded if key not in set(pending))
        if pending:
            yield from self._appended(report, loaded, pending)

    def _appended(
        self, report: AnnouncedReport, loaded: dict[RunKey, LoadedRun], pending: Sequence[RunKey]
    ) -> Iterator[ExtendedRun]:
        """Yield the outcome of each pending run; the cohort also contains the runs that have their items."""
        policies = RunPolicies(self.policies)
        read = {key: policies.judged(each.run) for key, each in loaded.items()}
        cohorts = cohort_results(
            [each for each in read.values() if isinstance(each, JudgedRun)], report.numbers
        )
        append = AppendLayers(AppendItem(self.store, self.clock))
        for key in pending:
            judged = read[key]
            if isinstance(judged, JudgedRun):
                yield append(loaded[key], report, validations(judged, report, cohorts))
            else:
                yield judged


def _outcome(outcomes: set[RunOutcome]) -> Outcome:
    """Return the outcome of an event without failures."""
    if not outcomes:
        return Outcome.NO_RUN
    if RunOutcome.APPENDED in outcomes:
        return Outcome.EVALUATED
    return Outcome.REPEATED if RunOutcome.REPEATED in outcomes else Outcome.SKIPPED
