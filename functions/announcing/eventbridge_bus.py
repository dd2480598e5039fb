"""EventBus on EventBridge."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from events.envelope import CloudEvent
from functions.hub.adapters.aws import dependency
from functions.hub.ports import Dependency
from risk_hub_contracts.base.limits import EVENT_BATCH_MAX_ENTRIES, EVENT_ENTRY_MAX_BYTES

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

Entry: TypeAlias = "PutEventsRequestEntryTypeDef"


@dataclass(frozen=True, slots=True)
class EventBridgeBus:
    """The hub's own event bus."""

    events: "EventBridgeClient"
    bus_name: str

    def publish(self, events: Sequence[CloudEvent]) -> Sequence[CloudEvent]:
        """See EventBus."""
        refused: list[CloudEvent] = []
        for batch in _batches([(event, self._entry(event)) for event in events]):
            with dependency(Dependency.EVENT_BUS):
                answer = self.events.put_events(Entries=[entry for _, entry in batch])
            results = zip(batch, answer["Entries"], strict=True)
            refused += [event for (event, _), result in results if "ErrorCode" in result]
        return refused

    def _entry(self, event: CloudEvent) -> Entry:
        entry: PutEventsRequestEntryTypeDef = {
            "EventBusName": self.bus_name,
            "Source": event.source,
            "DetailType": event.type,
            "Detail": event.to_detail(),
        }
        if event.tracecontext is not None:
            entry["TraceHeader"] = event.tracecontext
        return entry


def _batches(entries: Sequence[tuple[CloudEvent, Entry]]) -> Iterator[list[tuple[CloudEvent, Entry]]]:
    """Yield the entries in order, in batches within PutEvents' limits on count and total size."""
    batch: list[tuple[CloudEvent, Entry]] = []
    batch_bytes = 0
    for event, entry in entries:
        entry_bytes = sum(len(str(text).encode()) for text in entry.values())
        full = len(batch) == EVENT_BATCH_MAX_ENTRIES or batch_bytes + entry_bytes > EVENT_ENTRY_MAX_BYTES
        if batch and full:
            yield batch
            batch, batch_bytes = [], 0
        batch.append((event, entry))
        batch_bytes += entry_bytes
    if batch:
        yield batch
