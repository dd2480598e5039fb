"""One pass of the monitor: its metrics, which of them are capped, and its behaviour on failure."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from functions.freshness_monitor.pass_metrics import run_pass
from functions.hub.ports import Dependency, DependencyUnavailableError
from functions.hub.use_cases.watch_freshness import WatchFreshness
from functions.hub.world_ports import NoteWrite
from risk_hub_contracts.base.limits import PER_WORLD_METRICS_MAX_COUNT
from risk_hub_contracts.base.tokens import Token
from risk_hub_contracts.worlds.expectation import Expectation
from tests.fakes.clock import START, FrozenClock
from tests.fakes.registry import MemoryQueueDepths, MemoryRegistry
from tests.fakes.samples import stored
from tests.fakes.stores import MemoryWorlds

STAGES = frozenset({"paper", "live"})


@dataclass
class MemoryTokens:
    """A token store with the content set by a test."""

    held: list[Token] = field(default_factory=list)

    def tokens(self) -> list[Token]:
        return self.held


class Monitor:
    """One pass over in-memory rows, and the metrics that it writes."""

    def __init__(self) -> None:
        self.clock = FrozenClock()
        self.worlds = MemoryWorlds()
        self.registry = MemoryRegistry(self.worlds)
        self.queues = MemoryQueueDepths(risk_engine=3)
        self.tokens = MemoryTokens()
        self.watch = WatchFreshness(self.registry, self.clock, STAGES)

    def expect(self, world_id: str, **wanted: Any) -> None:
        text = Expectation.model_validate({"owner": "desk-a", **wanted}).model_dump_json(by_alias=True)
        self.registry.put(world_id, "paper", "expectation", NoteWrite(text, self.clock.now, "t1"))

    def run(self, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
        capsys.readouterr()
        run_pass(self.watch, self.queues, self.tokens)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Monitor:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub/local")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "freshness_monitor")
    return Monitor()


def by(lines: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """Return the lines that are written under exactly these dimensions."""
    return [line for line in lines if line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[*names]]]


def test_lag_grows_until_the_world_is_late_and_a_new_snapshot_resets_it(
    monitor: Monitor, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor.expect("w1", warn_seconds=60, critical_seconds=120)
    seen: list[tuple[list[float], list[float]]] = []
    for pause in (0, 50, 50, 100):
        monitor.clock.advance(seconds=pause)
        if not seen or pause == 100:
            monitor.worlds.advance_head(stored("v1", as_of=monitor.clock.now))
        (paper,) = [line for line in by(monitor.run(capsys), "stage") if line["stage"] == "paper"]
        seen.append((paper["risk_hub_snapshot_lag_seconds"], paper["risk_hub_worlds_late_total"]))
    assert seen == [([0], [0]), ([50], [0]), ([100], [1]), ([0], [0])]


def test_monitor_writes_stages_and_worlds_then_heartbeat_then_queues(
    monitor: Monitor, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor.expect("never-came", warn_seconds=60)
    monitor.clock.advance(seconds=61)
    lines = monitor.run(capsys)
    assert [(line["stage"], line["risk_hub_snapshot_missing_total"]) for line in by(lines, "stage")] == [
        ("live", [0]),
        ("paper", [1]),
    ]
    assert all("risk_hub_snapshot_lag_seconds" not in line for line in lines)
    (world,) = by(lines, "stage", "world_id")
    assert (world["world_id"], world["risk_hub_snapshot_missing_total"]) == ("never-came", [1])
    (queue,) = by(lines, "queue")
    assert (queue["queue"], queue["risk_hub_queue_depth_total"]) == ("risk_engine", [3])
    beat = lines[-2]
    assert (beat["worker"], beat["risk_hub_heartbeat_total"]) == ("freshness_monitor", [1])


def test_f30_metrics_of_single_worlds_are_capped(
    monitor: Monitor, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(PER_WORLD_METRICS_MAX_COUNT + 1):
        monitor.expect(f"w{number:03}", warn_seconds=60)
        late = START - timedelta(seconds=61 + number)
        monitor.worlds.advance_head(stored(world_id=f"w{number:03}", as_of=late))
    shown = [line["world_id"] for line in by(monitor.run(capsys), "stage", "world_id")]
    assert len(shown) == PER_WORLD_METRICS_MAX_COUNT
    assert "w000" not in shown
    assert shown[0] == f"w{PER_WORLD_METRICS_MAX_COUNT:03}"


def test_f30_unregistered_world_gets_no_per_world_metric(
    monitor: Monitor, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor.worlds.advance_head(stored(world_id="made-up-by-a-caller"))
    monitor.worlds.advance_head(stored(world_id="w1", stage="made-up"))
    lines = monitor.run(capsys)
    assert by(lines, "stage", "world_id") == []
    assert "made-up" not in json.dumps(lines)


def test_f23_a_pass_that_fails_has_no_heartbeat(
    monitor: Monitor, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise DependencyUnavailableError(Dependency.WORLD_STORE, "throttled")

    monkeypatch.setattr(monitor.registry, "rows", fail)
    with pytest.raises(DependencyUnavailableError):
        monitor.run(capsys)
    assert capsys.readouterr().out == ""


def test_f23_world_metrics_are_written_when_the_queues_are_unavailable(
    monitor: Monitor, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise DependencyUnavailableError(Dependency.QUEUES, "throttled")

    monitor.expect("w1")
    monkeypatch.setattr(monitor.queues, "depths", fail)
    with pytest.raises(DependencyUnavailableError):
        monitor.run(capsys)
    *worlds, beat = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert len(by(worlds, "stage")) == len(STAGES)
    assert beat["risk_hub_heartbeat_total"] == [1]


def test_monitor_writes_the_seconds_to_the_next_token_expiry_last(
    monitor: Monitor, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor.tokens.held = [
        Token(
            id="t1",
            sha256="a" * 64,
            scopes=["snapshots:read"],
            actors=["gateway"],
            not_after=START + timedelta(days=2),
        )
    ]
    line = monitor.run(capsys)[-1]
    assert (line["worker"], line["risk_hub_token_end_seconds"]) == ("freshness_monitor", [2 * 86_400])


def test_world_and_queue_metrics_are_written_when_the_token_store_is_unavailable(
    monitor: Monitor, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise DependencyUnavailableError(Dependency.TOKEN_STORE, "throttled")

    monitor.expect("w1")
    monkeypatch.setattr(monitor.tokens, "tokens", fail)
    with pytest.raises(DependencyUnavailableError):
        monitor.run(capsys)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert len(by(lines, "stage")) == len(STAGES)
    assert by(lines, "worker")
    assert by(lines, "queue")


def test_f24_repeated_pass_writes_the_same_metrics(
    monitor: Monitor, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor.expect("w1")
    first, second = monitor.run(capsys), monitor.run(capsys)
    for line in (*first, *second):
        del line["_aws"]
    assert first == second
