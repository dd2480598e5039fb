"""What became of one run of an event."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from risk_hub_contracts.runs.rule_result import ValidationStatus
from risk_hub_contracts.runs.run_key import RunKey

NAMED_MAX_COUNT: Final = 5
"""Most runs that the text of an error names."""


class RunOutcome(StrEnum):
    """Result of the extended validation of one run.

    `appended`: at least one item was stored. `repeated`: all items were stored before. `run_missing`: the run
    has a list entry but no items: it left the table. `run_full`: the run has its maximum of items.
    The event is handled again after: `policy_missing`, `policy_damaged`: the policy of the run is not stored or not
    the one that judged it. `run_broken`: the chain of the run is broken. `run_contended`: other writers were always
    faster. `cohort_incomplete`: not all runs of the evaluation are stored yet.
    """

    APPENDED = "appended"
    REPEATED = "repeated"
    RUN_MISSING = "run_missing"
    RUN_FULL = "run_full"
    POLICY_MISSING = "policy_missing"
    POLICY_DAMAGED = "policy_damaged"
    RUN_BROKEN = "run_broken"
    RUN_CONTENDED = "run_contended"
    COHORT_INCOMPLETE = "cohort_incomplete"


FINAL: Final = frozenset(
    {RunOutcome.APPENDED, RunOutcome.REPEATED, RunOutcome.RUN_MISSING, RunOutcome.RUN_FULL}
)
"""Outcomes that a repetition of the event cannot change."""


@dataclass(frozen=True, slots=True)
class ExtendedRun:
    """The outcome of one run.

    Attributes:
        detail: what is wrong, for an outcome that is neither `appended` nor `repeated`.
        statuses: the statuses of the items that were appended, also before a failure.
    """

    key: RunKey
    outcome: RunOutcome
    detail: str = ""
    statuses: tuple[ValidationStatus, ...] = ()

    def __str__(self) -> str:
        """Return the run and its outcome as a sentence of an error."""
        return f"run {self.key.text!r}: {self.outcome}: {self.detail}"


class RunsNotExtendedError(Exception):
    """Some runs of an event did not get their items; the others did. The event can be handled again.

    Attributes:
        failures: the outcomes of these runs.
    """

    def __init__(self, failures: Sequence[ExtendedRun]) -> None:
        named = "; ".join(str(each) for each in failures[:NAMED_MAX_COUNT])
        super().__init__(f"{len(failures)} runs did not get their extended validation: {named}")
        self.failures = tuple(failures)


class TooManyRunsError(Exception):
    """A snapshot has more runs than one event extends; the oldest ones have their items."""
