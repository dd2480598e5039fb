"""Ports of the derived reports: their stores, and the count of their outcomes.

Every adapter and every fake of a port passes the same test suite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from events.envelope import CloudEvent
    from functions.evaluation.derived_record import AnyDerivedRecord, DerivedRecord, ReportKind
    from functions.evaluation.exit_state import ExitState
    from functions.evaluation.input_note import InputNote
    from functions.evaluation.signal_query import SignalPage, SignalQuery
    from risk_hub_contracts.reports.exit_signal import ExitSignal
    from risk_hub_contracts.reports.forecast import Forecast
    from risk_hub_contracts.reports.risk import RiskStatus


class Tally(Protocol):
    """Counts an evaluation by its status."""

    def __call__(self, event: CloudEvent, stage: str, status: RiskStatus) -> None:
        """Count an evaluation that `event` caused, of a snapshot of `stage`."""


def no_tally(event: CloudEvent, stage: str, status: RiskStatus) -> None:
    """Count nothing: the default where no metrics are wanted."""


class ReportStore(Protocol):
    """Append-only evaluation records. Every method may raise UnavailableError."""

    def put_once(self, evaluation: AnyDerivedRecord, retain_until: datetime) -> bool:
        """Store the record if its key is free (INV-05); return whether it was stored."""


@dataclass(frozen=True, slots=True)
class StateWrite:
    """A new state of one strategy's exit rules; its `revision` is the one that was read."""

    world_id: str
    stage: str
    strategy: str
    state: ExitState


@dataclass(frozen=True, slots=True)
class RefusedWrite:
    """A write that changed nothing: another one came first, or signals with the same keys exist."""

    existing: tuple[ExitSignal, ...] = ()


class ExitJournal(Protocol):
    """Exit signals, and the state that led to them. Every method may raise DependencyUnavailableError."""

    def state(self, world_id: str, stage: str, strategy: str) -> ExitState:
        """Return the state of one strategy, empty at first; strongly consistent."""

    def commit(
        self, write: StateWrite, signals: Sequence[DerivedRecord[ExitSignal]], retain_until: datetime
    ) -> RefusedWrite | None:
        """Store the state and at most 99 signals, all or nothing.

        The write is refused if the stored state has another revision or if a signal's key is taken.
        """


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as a JSON document, and whether its snapshot was past and evaluated on purpose."""

    document: dict[str, Any]
    history: bool


class Reports(Protocol):
    """The reports on snapshots. May raise UnavailableError."""

    def newest_report(
        self, kind: ReportKind, world_id: str, version: str, known_at: datetime | None = None
    ) -> StoredReport | None:
        """Return the report of the newest engine version on a snapshot, or None; strongly consistent.

        With `known_at` only reports that were evaluated by then count.
        """


class Signals(Protocol):
    """The exit signals in the order of their emission. May raise UnavailableError."""

    def signals(self, query: SignalQuery) -> SignalPage:
        """Return one page with one request; it may miss signals emitted within about the last second.

        A page of one stage may hold fewer signals than `limit` and still have a next page.
        """


class StoredRecords(Protocol):
    """The evaluation records by their keys. May raise UnavailableError."""

    def get(self, world_id: str, evaluation_id: str) -> AnyDerivedRecord | None:
        """Return one record, or None; strongly consistent.

        Raises:
            ValueError, KeyError: the item under this key is not a record of this hub.
        """


class Forecasts(Protocol):
    """Forecasts and the returns known to them, in time order.

    Every method may raise UnavailableError, and `load` DocumentError.
    """

    def put_once(self, forecast: Forecast, retain_until: datetime) -> bool:
        """Store the forecast if its snapshot has none (INV-05); return whether it was stored."""

    def newest_ids(
        self, world_id: str, stage: str, start: datetime, end: datetime, *, limit: int
    ) -> Sequence[str]:
        """Return the `forecast_id` of each forecast with `start <= as_of <= end`, newest first.

        Strongly consistent. At most `limit`; fewer mean that there are no more.
        """

    def count(
        self, world_id: str, stage: str, start: datetime, end: datetime, *, max_pages: int
    ) -> int | None:
        """Return the number of forecasts with `start <= as_of <= end`; eventually consistent.

        Return None if they take more than `max_pages` pages of the store to count.
        """

    def load(self, world_id: str, ids: Sequence[str]) -> Sequence[Forecast]:
        """Return the forecasts of these distinct ids, in their order; removed forecasts are left out."""


class InputNotes(Protocol):
    """Notes on the blobs of the worlds. Every method may raise UnavailableError."""

    def get(self, world_id: str, note_id: str) -> InputNote | None:
        """Return the note under a key, or None.

        Eventually consistent: `put_once` returns a note that this read misses.
        """

    def put_once(self, world_id: str, note_id: str, note: InputNote, retain_until: datetime) -> InputNote:
        """Store the note if its key is free; return the note that is then stored."""
