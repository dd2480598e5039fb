"""A late, a stale, a recovering and a missing world, rehearsed on a local stage with minutes of ten seconds."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from infra.local.bring_up import RunningStage
from infra.names import physical_name
from tests.fakes.calls import call
from tests.local_stage.caller import Caller, small_body
from tests.local_stage.subscriber import Subscriber

SPEED: Final = 6
MINUTE_SECONDS: Final = 60 / SPEED
WARN_SECONDS, CRITICAL_SECONDS = 20, 40
DEADLINE_SECONDS: Final = 120.0
SILENT, ABSENT = "desk-a", "desk-b"
LIVE: Final = {"X-Stage": "live"}
UPPER: Final = (0.0009, 0.0004, 0.0006)
POLICY: Final = {
    "version": "p1",
    "cool_down_seconds": 10,
    "measures": [
        {"measure": "value_at_risk", "method": "parametric_normal", "confidence_bps": 9900, "max_loss": 0.1}
    ],
}


@dataclass(frozen=True)
class Note:
    """One line of the transcript."""

    at: float
    source: str
    event_text: str


@dataclass
class Rehearsal:
    """Run the rehearsal and record what happens; the subscriber accepts only signed notifications."""

    stage: RunningStage
    subscriber: Subscriber
    actions: list[Note] = field(default_factory=list)
    began: float = field(default_factory=time.time)
    ended: float = 0.0

    def __post_init__(self) -> None:
        self._hub = Caller(self.stage.hub)
        self._versions = (f"v{number}" for number in itertools.count(1))
        self._finished = threading.Event()

    @property
    def notes(self) -> list[Note]:
        """The actions and notifications, in order of time."""
        notifications = [
            Note(at, "subscriber", _notification_text(envelope))
            for at, envelope in zip(self.subscriber.arrivals, self.subscriber.envelopes, strict=True)
        ]
        return sorted([*self.actions, *notifications], key=lambda note: note.at)

    def run(self) -> None:
        """Run the whole rehearsal; raise AssertionError if a notification does not come."""
        clock = threading.Thread(target=self._repeat, args=(MINUTE_SECONDS, self._run_monitor))
        traffic = threading.Thread(target=self._repeat, args=(2.0, self._send_other_traffic))
        clock.start()
        try:
            self._begin()
            traffic.start()
            self._silence_and_recovery()
            self._absence_and_arrival()
            time.sleep(2 * MINUTE_SECONDS)
        finally:
            self._finished.set()
            clock.join()
            if traffic.is_alive():
                traffic.join()
        self.ended = time.time()

    def _begin(self) -> None:
        self._register(SILENT, WARN_SECONDS, CRITICAL_SECONDS)
        self._register(ABSENT, WARN_SECONDS, CRITICAL_SECONDS)
        for world in ("desk-c", "desk-d"):
            self._put(f"{world}/expectations", {"owner": "desk"})
            self._put(f"{world}/exit-policy", POLICY)
        self._publish(SILENT)
        self._note("producer", f"{SILENT} publishes once and then stops")

    def _silence_and_recovery(self) -> None:
        self._wait("snapshot-lag-warn-live", "ALARM")
        self._wait("snapshot-lag-critical-live", "ALARM")
        self._publish(SILENT)
        self._note("producer", f"{SILENT} publishes again")
        self._wait("snapshot-lag-critical-live", "OK")

    def _absence_and_arrival(self) -> None:
        self._wait("snapshot-missing-live", "ALARM")
        self._put(f"{SILENT}/expectations", {"owner": "desk", "warn_seconds": 600, "critical_seconds": 1800})
        self._publish(ABSENT)
        self._put(f"{ABSENT}/expectations", {"owner": "desk", "warn_seconds": 600, "critical_seconds": 1800})
        self._note(
            "producer", f"{ABSENT} publishes for the first time; both worlds get their ordinary limits again"
        )
        self._wait("snapshot-missing-live", "OK")
        self._wait("snapshot-lag-warn-live", "OK")

    def _register(self, world: str, warn: int, critical: int) -> None:
        self._put(
            f"{world}/expectations", {"owner": "desk", "warn_seconds": warn, "critical_seconds": critical}
        )
        self._note("owner", f"{world} (live) is registered: warn after {warn} s, critical after {critical} s")

    def _wait(self, alarm: str, state: str) -> None:
        self.subscriber.wait_for(lambda: self.subscriber.states(alarm)[-1:] == [state], DEADLINE_SECONDS)

    def _repeat(self, every_seconds: float, action: Callable[[], None]) -> None:
        while not self._finished.is_set():
            action()
            self._finished.wait(every_seconds)

    def _run_monitor(self) -> None:
        """Replace the schedule, whose minute lasts sixty seconds."""
        self.stage.aws.client("lambda").invoke(FunctionName=physical_name("local", "freshness_monitor"))

    def _send_other_traffic(self) -> None:
        """Ordinary traffic: two worlds with risk numbers, a repetition, a refusal, an unauthenticated caller,
        readers.
        """
        for world, scale in (("desk-c", 1.0), ("desk-d", 6.0)):
            covariance = {"ids": ["AAPL", "MSFT"], "upper": [scale * each for each in UPPER]}
            body = small_body(next(self._versions), covariance=covariance)
            self._hub.post(world, body, **LIVE)
        self._hub.post("desk-d", body, **LIVE)
        self._hub.post("desk-c", {**body, "version": next(self._versions), "weights": {"AAPL": 0.2}}, **LIVE)
        self._hub.get("/risk-hub/worlds/desk-c/snapshots/latest")
        self._hub.get("/risk-hub/worlds/desk-c/snapshots/latest", Authorization="Bearer nobody")

    def _publish(self, world: str) -> None:
        covariance = {"ids": ["AAPL", "MSFT"], "upper": [*UPPER]}
        status = self._hub.post(world, small_body(next(self._versions), covariance=covariance), **LIVE).status
        assert status == 201, status

    def _put(self, path: str, body: Mapping[str, Any]) -> None:
        headers = {**self.stage.hub.headers(), "Content-Type": "application/json"}
        url = f"{self.stage.hub.url}/risk-hub/worlds/{path}?stage=live"
        answer = call("PUT", url, headers, json.dumps(body).encode())
        assert answer.status in {200, 201}, answer.body

    def _note(self, source: str, event_text: str) -> None:
        self.actions.append(Note(time.time(), source, event_text))


def _notification_text(envelope: Mapping[str, str]) -> str:
    message = json.loads(envelope["Message"])
    topic = envelope["TopicArn"].rpartition("-")[2]
    name = message["AlarmName"].removeprefix(physical_name("local", ""))
    return f"{message['NewStateValue']:<5} {name} ({topic})"
