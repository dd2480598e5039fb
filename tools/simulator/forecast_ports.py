"""Data that the risk engine stores in addition to its reports, on the wire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.evaluation.input_note import InputNote
from risk_hub_contracts.reports.forecast import Forecast
from tests.fakes.stores import MemoryForecasts, MemoryInputNotes
from tools.simulator.wire import Wire


@dataclass
class WiredForecasts:
    wire: Wire
    store: MemoryForecasts

    def put_once(self, forecast: Forecast, retain_until: datetime) -> bool:
        return self.wire.call("forecasts.put_once", lambda: self.store.put_once(forecast, retain_until))

    def newest_ids(
        self, world_id: str, stage: str, start: datetime, end: datetime, *, limit: int
    ) -> Sequence[str]:
        ids = self.store.newest_ids
        return self.wire.call("forecasts.newest_ids", lambda: ids(world_id, stage, start, end, limit=limit))

    def count(
        self, world_id: str, stage: str, start: datetime, end: datetime, *, max_pages: int
    ) -> int | None:
        count = self.store.count
        return self.wire.call(
            "forecasts.count", lambda: count(world_id, stage, start, end, max_pages=max_pages)
        )

    def load(self, world_id: str, ids: Sequence[str]) -> Sequence[Forecast]:
        return self.wire.call("forecasts.load", lambda: self.store.load(world_id, ids))


@dataclass
class WiredInputNotes:
    wire: Wire
    store: MemoryInputNotes

    def get(self, world_id: str, note_id: str) -> InputNote | None:
        return self.wire.call("notes.get", lambda: self.store.get(world_id, note_id))

    def put_once(self, world_id: str, note_id: str, note: InputNote, retain_until: datetime) -> InputNote:
        put = self.store.put_once
        return self.wire.call("notes.put_once", lambda: put(world_id, note_id, note, retain_until))
