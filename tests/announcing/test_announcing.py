"""From committed item to announcement: order, isolation, retries, and the content of an event."""

import base64
from datetime import timedelta

import orjson
import pytest

from events.risk_snapshot_updated import risk_snapshot_updated
from functions.announcing.announce_commits import PUBLISH_MAX_ATTEMPTS, AnnounceCommits
from functions.announcing.relay_records import RelayRecords, RelayResult
from functions.announcing.stream_records import StreamRecordDecoder
from functions.hub.adapters.body_store import BodyStore
from functions.hub.ports import DependencyUnavailableError
from risk_hub_contracts.api.routes import path_of
from risk_hub_contracts.base.limits import EVENT_ENTRY_MAX_BYTES
from tests.fakes.bus_and_tokens import MemoryBus, MemoryFailures
from tests.fakes.clients import as_client
from tests.fakes.clock import START
from tests.fakes.samples import stored
from tests.fakes.stores import MemoryWorlds
from tools.event_samples.emitted import stream_record


class Relay:
    def __init__(self) -> None:
        self.worlds, self.bus, self.failures = MemoryWorlds(), MemoryBus(), MemoryFailures()
        decoder = StreamRecordDecoder(BodyStore(as_client(None), "unused"))
        self.run = RelayRecords(decoder, AnnounceCommits(self.worlds, self.bus), self.failures)


@pytest.fixture
def relay() -> Relay:
    return Relay()


def test_a_committed_snapshot_is_announced_as_a_cloud_event(relay: Relay) -> None:
    snapshot = stored(correlation_id="c-1", trace_header="Root=1")
    assert relay.run([stream_record(snapshot)]) == RelayResult(announced=1, isolated=0)
    (event,) = relay.bus.taken
    detail = orjson.loads(event.to_detail())
    assert detail["type"] == "risk_snapshot_updated"
    assert (detail["subject"], detail["correlationid"], detail["tracecontext"]) == ("w1", "c-1", "Root=1")
    assert detail["islatest"] is True
    assert detail["data"] == snapshot.to_announcement()
    assert not set(detail) & set(detail["data"])


def test_head_is_advanced_even_when_publishing_the_event_fails(relay: Relay) -> None:
    relay.bus.refusals = 99
    with pytest.raises(DependencyUnavailableError):
        relay.run([stream_record(stored())])
    assert relay.bus.taken == []
    assert relay.worlds.heads("w1")


def test_f3_a_backfill_is_announced_as_not_the_latest(relay: Relay) -> None:
    relay.run([stream_record(stored("v2")), stream_record(stored("v1", as_of=START - timedelta(hours=1)))])
    assert [event.islatest for event in relay.bus.taken] == [True, False]


def test_f6_a_batch_delivered_twice_gives_the_same_events_twice(relay: Relay) -> None:
    batch = [stream_record(stored("v1")), stream_record(stored("v2", as_of=START + timedelta(minutes=1)))]
    relay.run(batch)
    first = list(relay.bus.taken)
    relay.bus.taken.clear()
    relay.run(batch)
    assert [event.id for event in relay.bus.taken] == [event.id for event in first]
    assert relay.bus.taken[1] == first[1]
    assert len({event.id for event in first}) == 2


def test_removals_and_changes_are_not_announced(relay: Relay) -> None:
    assert relay.run([stream_record(stored(), "REMOVE"), stream_record(stored(), "MODIFY")]) == RelayResult(
        0, 0
    )


def test_f9_undecodable_record_is_isolated_and_the_rest_of_the_batch_is_announced(relay: Relay) -> None:
    poison = stream_record(stored("bad"))
    poison["dynamodb"]["NewImage"]["body"] = {"B": base64.b64encode(b"no zstd").decode()}
    relayed = relay.run(
        [stream_record(stored("v1")), poison, stream_record(stored("v2", as_of=START + timedelta(minutes=1)))]
    )
    assert relayed == RelayResult(announced=2, isolated=1)
    assert [event.data["version"] for event in relay.bus.taken] == ["v1", "v2"]
    ((isolated, reason),) = relay.failures.isolated
    assert isolated["dynamodb"]["Keys"]["version"] == {"S": "bad"}
    assert "Zstd" in reason


def test_f8_entries_rejected_by_the_bus_are_retried(relay: Relay) -> None:
    relay.bus.refusals = 1
    batch = [stream_record(stored(f"v{i}", as_of=START + timedelta(minutes=i))) for i in range(3)]
    relay.run(batch)
    assert sorted(event.data["version"] for event in relay.bus.taken) == ["v0", "v1", "v2"]


def test_inv_04_batch_fails_after_the_last_publish_attempt_is_rejected(relay: Relay) -> None:
    relay.bus.refusals = PUBLISH_MAX_ATTEMPTS
    with pytest.raises(DependencyUnavailableError, match="refused 1 of 1"):
        relay.run([stream_record(stored())])


def test_oversized_snapshot_is_announced_with_a_claim_check() -> None:
    announcement = stored(constraints={"note": "x" * EVENT_ENTRY_MAX_BYTES}).to_announcement()
    event = risk_snapshot_updated(announcement, time=START, is_latest=True)
    assert len(event.to_detail()) < 4096
    lookup = path_of("lookup_snapshot", world_id="w1")
    assert event.data["claim_check"] == f"{lookup}?version=v1&include_expired=true"
    assert event.data["content_hash"] == announcement["content_hash"]
    small = risk_snapshot_updated(stored().to_announcement(), time=START, is_latest=True)
    assert small.id == event.id
