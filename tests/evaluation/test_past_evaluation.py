"""Evaluation of the past: only on request, flagged, and without a signal (INV-15, ADR-0038)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.announcing.replay_snapshots import ReplayResult
from functions.hub.domain.past_snapshots import BACKFILL_AWAITED_MAX, EVALUATION_SETTLE, is_report_pending
from infra.cdk.constructs.worker_queue import DEAD_LETTER_RETENTION_DAYS
from infra.functions import FUNCTIONS
from risk_hub_contracts.base.limits import BACKFILL_AWAITED_MAX_SECONDS, REPORT_SETTLE_SECONDS
from risk_hub_contracts.base.times import format_instant
from tests.fakes.clock import START
from tests.fakes.hub import Hub
from tests.fakes.samples import WORLD, stored

HASH = "sha256:" + "0" * 64
CRASH = {"crash": {"shocks": {"AAPL": -0.9}}}
BACKFILLED = {"actor": "gateway", "stage": "paper", "source": "backfill"}
TICK = timedelta(microseconds=1)


class Pipeline(Hub):
    """A hub that reports the outcomes of its engines, and stores snapshots without a POST."""

    def store_one(self, version: str = "v1", **fields: Any) -> None:
        self.store(stored(version, **{"content_hash": HASH, "stress": CRASH, **fields}))

    def evaluate_taken(self) -> list[str]:
        """Let the engines process the announced snapshots; announce their reports; return the outcomes."""
        engines = (self.evaluate_risk, self.evaluate_stress)
        outcomes = [str(engine(event)) for event in self.taken() for engine in engines]
        self.relay()
        return outcomes

    def judge_taken(self) -> list[str]:
        """Let the exit engine process the announced reports; return the outcomes."""
        return [str(self.emit_signals(event)) for event in self.taken()]

    def evaluate_past(self, **requested: Any) -> ReplayResult:
        start, end = format_instant(START - timedelta(days=9)), format_instant(START + timedelta(days=9))
        return self.replay({"world_id": WORLD, "from": start, "to": end, "evaluate": True, **requested})

    def stored_signals(self) -> list[Any]:
        return [row for row in self.evaluations.rows.values() if row.kind == "exit"]


def test_inv_15_announcement_or_replay_of_an_expired_snapshot_stores_no_report() -> None:
    hub = Pipeline()
    hub.store_one(ttl_sec=1)
    hub.clock.advance(seconds=REPORT_SETTLE_SECONDS + 1)
    assert hub.evaluate_taken() == ["expired", "expired"]
    hub.replay(
        {"world_id": WORLD, "from": format_instant(START), "to": format_instant(START)},
    )
    assert hub.evaluate_taken() == ["expired", "expired"]
    assert hub.evaluations.rows == {}


def test_inv_15_missed_snapshot_is_evaluated_on_request_as_history_without_a_signal() -> None:
    hub = Pipeline()
    hub.store_one(ttl_sec=1)
    hub.clock.advance(seconds=REPORT_SETTLE_SECONDS + 1)
    hub.taken()
    assert hub.evaluate_past().announced == 1
    (event,) = hub.bus.taken
    assert (event.history, event.replay) == (True, True)
    assert hub.evaluate_taken() == ["evaluated", "evaluated"]
    assert [row.history for row in hub.evaluations.rows.values()] == [True, True]
    assert [event.history for event in hub.bus.taken] == [True, True]
    assert hub.judge_taken() == ["history", "history"]
    assert hub.stored_signals() == []


@pytest.mark.parametrize("late_seconds", [0, 2, 3 * 86_400])
def test_inv_15_backfilled_snapshot_is_evaluated_as_history_at_any_delivery_time(
    late_seconds: int,
) -> None:
    hub = Pipeline()
    hub.store_one(ttl_sec=1, provenance=BACKFILLED)
    hub.clock.advance(seconds=late_seconds)
    assert hub.evaluate_taken() == ["evaluated", "evaluated"]
    assert hub.judge_taken() == ["history", "history"]
    assert hub.stored_signals() == []


def test_latest_unexpired_backfilled_snapshot_gives_no_signal() -> None:
    hub = Pipeline()
    hub.store_one(ttl_sec=86_400, provenance=BACKFILLED)
    assert hub.evaluate_taken() == ["evaluated", "evaluated"]
    assert hub.judge_taken() == ["history", "history"]


def test_a_current_snapshot_is_evaluated_without_the_flag_and_signals() -> None:
    hub = Pipeline()
    hub.store_one()
    assert hub.evaluate_taken() == ["evaluated", "evaluated"]
    events = [event.model_dump() for event in hub.bus.taken]
    assert {(event["history"], event["islatest"]) for event in events} == {(None, True)}
    assert sorted(hub.judge_taken()) == ["evaluated", "no_signal"]
    assert len(hub.stored_signals()) == 1


def test_report_events_carry_the_islatest_flag_of_the_snapshot() -> None:
    hub = Pipeline()
    hub.store_one("new", as_of=START)
    hub.taken()
    hub.store_one("late", as_of=START - timedelta(minutes=1))
    hub.evaluate_taken()
    assert [event.islatest for event in hub.bus.taken] == [False, False]


def test_evaluating_the_past_twice_queues_nothing_the_second_time() -> None:
    hub = Pipeline()
    for number in range(3):
        hub.store_one(f"v{number}", as_of=START - timedelta(minutes=number), ttl_sec=1)
    hub.clock.advance(days=1)
    hub.taken()
    assert hub.evaluate_past(dry_run=True) == ReplayResult(
        found=3, announced=0, expired=3, reached=format_instant(START)
    )
    assert hub.evaluate_past().announced == 3
    hub.evaluate_taken()
    again = hub.evaluate_past()
    assert (again.found, again.announced, again.evaluated, again.awaited) == (3, 0, 3, 0)


def test_a_snapshot_with_one_of_its_two_reports_is_queued_again() -> None:
    hub = Pipeline()
    hub.store_one(ttl_sec=1)
    hub.clock.advance(days=1)
    hub.taken()
    hub.evaluate_past()
    (event,) = hub.taken()
    assert hub.evaluate_risk(event) == "evaluated"
    assert hub.evaluate_past().announced == 1
    assert hub.evaluate_taken() == ["repeated", "evaluated"]


def test_snapshot_still_awaited_by_the_engines_is_not_queued() -> None:
    hub = Pipeline()
    hub.store_one()
    hub.taken()
    hub.clock.advance(seconds=900 + REPORT_SETTLE_SECONDS)
    hub.clock.now -= TICK
    left = hub.evaluate_past()
    assert (left.found, left.announced, left.awaited) == (1, 0, 1)
    hub.clock.now += TICK
    assert hub.evaluate_past().announced == 1


def test_past_evaluation_queues_only_the_requested_stage() -> None:
    hub = Pipeline()
    hub.store_one("v1", ttl_sec=1)
    hub.store_one("v2", ttl_sec=1, stage="live")
    hub.clock.advance(days=1)
    hub.taken()
    assert hub.evaluate_past(stage="live").announced == 1
    assert [event.data["version"] for event in hub.taken()] == ["v2"]


def awaited_until(**fields: Any) -> datetime:
    snapshot = stored(**fields)
    backfilled = snapshot.document["provenance"].get("source") == "backfill"
    end = (
        snapshot.created_at + BACKFILL_AWAITED_MAX if backfilled else snapshot.expires_at + EVALUATION_SETTLE
    )
    assert is_report_pending(snapshot, end - TICK)
    assert not is_report_pending(snapshot, end)
    return end


def test_report_is_awaited_until_expiry_or_the_end_of_backfill_retention() -> None:
    assert awaited_until(ttl_sec=60) == START + timedelta(seconds=60) + EVALUATION_SETTLE
    assert awaited_until(ttl_sec=1, provenance=BACKFILLED) == START + BACKFILL_AWAITED_MAX


@pytest.mark.parametrize("engine", ["risk_engine", "stress_engine"])
def test_engine_timeout_is_shorter_than_the_evaluation_settle_time(engine: str) -> None:
    assert FUNCTIONS[engine].timeout_seconds < REPORT_SETTLE_SECONDS


def test_backfilled_snapshot_is_awaited_for_the_dead_letter_retention() -> None:
    assert timedelta(days=DEAD_LETTER_RETENTION_DAYS).total_seconds() == BACKFILL_AWAITED_MAX_SECONDS
