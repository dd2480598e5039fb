"""Replay: the same events, flagged; heads stay, and no worker computes anything a second time."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from events.envelope import CloudEvent
from functions.announcing.announce_commits import PUBLISH_MAX_ATTEMPTS
from functions.announcing.replay_snapshots import (
    NAMED_MAX_RECORDS,
    REPLAY_PAGE_MAX_SNAPSHOTS,
    ReplayResult,
)
from functions.evaluation.derived_record import DerivedRecord
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Dependency, DependencyUnavailableError
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.reports.stress import StressReport
from tests.fakes.clock import START
from tests.fakes.hub import Hub
from tests.fakes.memory_ports import RETENTION
from tests.fakes.samples import WORLD, series, stored
from tests.fakes.stores import MemorySnapshots
from tools.event_samples.emitted import emitted

DAY_SECONDS = 86_400
HASH = "sha256:" + "0" * 64
STRESS = StressReport.model_validate(
    {**emitted()["samples/stress_evaluated.json"]["data"], "world_id": WORLD, "version": "v1"}
)


class DamagedSnapshots(MemorySnapshots):
    """A store whose version `damaged` is not a valid snapshot."""

    def get(self, world_id: str, version: str) -> SnapshotRecord | None:
        if version == "damaged":
            raise KeyError("created_at")
        return super().get(world_id, version)


def hub_with(*snapshots: SnapshotRecord) -> Hub:
    """Return a hub that has stored and announced the snapshots."""
    hub = Hub(snapshots=DamagedSnapshots())
    hub.store(*snapshots)
    return hub


def all_pages(hub: Hub, **requested: Any) -> list[ReplayResult]:
    pages = [hub.replay(period(**requested))]
    while cursor := pages[-1].next_cursor:
        pages.append(hub.replay(period(**requested, cursor=cursor)))
    return pages


def period(first_minute: int = 0, last_minute: int = 60, **requested: Any) -> dict[str, Any]:
    minutes = (START + timedelta(minutes=each) for each in (first_minute, last_minute))
    start, end = map(format_instant, minutes)
    return {"world_id": WORLD, "from": start, "to": end, **requested}


def versions(events: Sequence[CloudEvent]) -> list[str]:
    return [event.data["version"] for event in events]


def test_f28_replay_publishes_the_same_events_with_the_replay_flag() -> None:
    hub = hub_with(*series(3, ttl_sec=DAY_SECONDS, correlation_id="c-1", trace_header="Root=1"))
    first = hub.taken()
    assert hub.replay(period()).announced == 3
    assert all(event.replay is None for event in first)
    assert all(orjson.loads(event.to_detail())["replay"] is True for event in hub.bus.taken)
    unflagged = [event.model_copy(update={"replay": None, "islatest": True}) for event in hub.bus.taken]
    assert unflagged == first


def test_first_announcement_has_no_replay_flag() -> None:
    assert "replay" not in orjson.loads(hub_with(stored()).bus.taken[0].to_detail())


def test_inv_03_replay_keeps_the_head_and_marks_the_current_latest() -> None:
    hub = hub_with(*series(3, ttl_sec=DAY_SECONDS))
    hub.taken()
    before = hub.worlds.heads(WORLD)
    hub.replay(period())
    assert hub.worlds.heads(WORLD) == before
    assert [event.islatest for event in hub.bus.taken] == [False, False, True]


def test_replay_restores_a_lost_head() -> None:
    hub = hub_with(*series(3, ttl_sec=DAY_SECONDS))
    before = hub.worlds.heads(WORLD)
    hub.worlds.rows.clear()
    hub.replay(period())
    assert hub.worlds.heads(WORLD) == before


def test_pages_cover_the_period_once_oldest_first() -> None:
    hub = hub_with(*series(7, ttl_sec=DAY_SECONDS), stored("same", as_of=START + timedelta(minutes=3)))
    hub.taken()
    pages = all_pages(hub, first_minute=1, last_minute=5, limit=2)
    assert versions(hub.bus.taken) == ["v001", "v002", "same", "v003", "v004", "v005"]
    assert [page.announced for page in pages] == [2, 2, 2, 0]
    assert pages[0].reached == format_instant(START + timedelta(minutes=2))
    assert pages[-1].next_cursor is None


def test_replay_of_an_empty_period_returns_one_empty_page() -> None:
    assert hub_with(stored()).replay(period(10, 20)) == ReplayResult(found=0, announced=0, expired=0)


def test_replay_does_not_announce_other_worlds() -> None:
    hub = hub_with(stored(), stored("theirs", world_id="w2"))
    hub.taken()
    hub.replay(period())
    assert versions(hub.bus.taken) == ["v1"]


def test_replay_announces_and_counts_expired_snapshots() -> None:
    hub = hub_with(
        stored("old", ttl_sec=60), stored("live", as_of=START + timedelta(minutes=1), ttl_sec=DAY_SECONDS)
    )
    hub.taken()
    hub.clock.advance(hours=1)
    assert hub.replay(period()).expired == 1
    assert versions(hub.bus.taken) == ["old", "live"]


def test_dry_run_counts_snapshots_without_announcing_them() -> None:
    hub = hub_with(*series(3, ttl_sec=DAY_SECONDS))
    hub.taken()
    pages = all_pages(hub, limit=2, dry_run=True)
    assert [(page.found, page.announced) for page in pages] == [(2, 0), (1, 0)]
    assert hub.bus.taken == []


def test_inv_05_replay_changes_no_stored_report() -> None:
    hub = hub_with(stored(ttl_sec=DAY_SECONDS, content_hash=HASH, stress={"crash": {"loss": 0.25}}))
    assert hub.evaluate_stress(hub.taken()[0]) == "evaluated"
    before = dict(hub.evaluations.rows)
    hub.clock.advance(minutes=5)
    hub.replay(period())
    assert hub.evaluate_stress(hub.bus.taken[0]) == "repeated"
    assert hub.evaluations.rows == before


def test_worker_skips_an_expired_snapshot_in_a_replay() -> None:
    hub = hub_with(stored(ttl_sec=60, stress={"crash": {"loss": 0.25}}))
    hub.taken()
    hub.clock.advance(minutes=5)
    hub.replay(period())
    assert hub.evaluate_stress(hub.bus.taken[0]) == "expired"
    assert hub.evaluations.rows == {}


def test_replay_cursor_is_refused_for_another_period() -> None:
    hub = hub_with(*series(3, ttl_sec=DAY_SECONDS))
    cursor = hub.replay(period(limit=1)).next_cursor
    with pytest.raises(ProblemError, match="cursor"):
        hub.replay(period(last_minute=61, cursor=cursor))


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"world_id": WORLD, "from": "2026-01-05T12:00:00Z"},
        {"versions": ["v1"]},
        {"world_id": WORLD, "versions": ["v1"], "surprise": 1},
        {"world_id": WORLD, "versions": ["v1"] * (NAMED_MAX_RECORDS + 1)},
        period(limit=0),
        period(limit=REPLAY_PAGE_MAX_SNAPSHOTS + 1),
        period(surprise=1),
    ],
)
def test_invalid_replay_request_announces_nothing(request_: dict[str, Any]) -> None:
    hub = hub_with(stored())
    hub.taken()
    with pytest.raises(ValidationError):
        hub.replay(request_)
    assert hub.bus.taken == []


@pytest.mark.parametrize("field", ["from", "to"])
def test_malformed_replay_instant_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        hub_with().replay({**period(), field: "yesterday"})


def test_f10_replay_announces_named_snapshots_and_reports() -> None:
    hub = hub_with(stored("v1"), stored("v2", as_of=START + timedelta(minutes=1)))
    first = {event.data["version"]: event.id for event in hub.taken()}
    evaluation = DerivedRecord(STRESS, "c-1", "e-1")
    hub.evaluations.put_once(evaluation, START + RETENTION)
    named = {"world_id": WORLD, "versions": ["v2"], "evaluations": [evaluation.evaluation_id]}
    assert hub.replay(named).announced == 2
    snapshot, report = hub.bus.taken
    assert (snapshot.id, snapshot.replay) == (first["v2"], True)
    assert (report.type, report.replay, report.causationid) == ("stress_evaluated", True, "e-1")


def test_replay_names_missing_and_damaged_records_and_announces_the_rest() -> None:
    hub = hub_with(stored("v1"))
    hub.taken()
    named = {"world_id": WORLD, "versions": ["gone", "damaged", "v1"], "evaluations": ["stress/gone/1"]}
    replayed = hub.replay(named)
    assert (replayed.announced, replayed.found) == (1, 1)
    assert replayed.missing == ("gone", "stress/gone/1")
    assert replayed.unreadable == ("damaged",)
    assert versions(hub.bus.taken) == ["v1"]


def test_replay_fails_when_the_bus_rejects_every_attempt_and_can_be_repeated() -> None:
    hub = hub_with(stored())
    hub.taken()
    hub.bus.refusals = PUBLISH_MAX_ATTEMPTS
    with pytest.raises(DependencyUnavailableError, match="refused 1 of 1"):
        hub.replay(period())
    assert hub.replay(period()).announced == 1


def test_replay_fails_when_the_snapshot_store_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise DependencyUnavailableError(Dependency.SNAPSHOT_STORE, "Throttling")

    hub = hub_with(stored())
    monkeypatch.setattr(hub.snapshots, "get", down)
    with pytest.raises(DependencyUnavailableError):
        hub.replay({"world_id": WORLD, "versions": ["v1"]})
