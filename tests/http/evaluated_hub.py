"""The hub behind its HTTP handlers, with the relay and the engines: POST to GET of reports and signals."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from events.envelope import CloudEvent
from functions.announcing.announce_commits import AnnounceCommits
from functions.announcing.replay_snapshots import ReplaySnapshots
from functions.evaluation.exits.emit_exit_signals import EmitExitSignals
from functions.evaluation.risk.evaluate import EvaluateRisk
from functions.evaluation.stress.evaluate import EvaluateStress
from functions.evaluation.worker_steps import Outcome
from risk_hub_contracts.base.times import format_instant
from tests.fakes.bus_and_tokens import MemoryBus
from tests.fakes.clock import START
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.stores import MemoryInputNotes
from tests.http.conftest import WORLD, Hub, book

RETENTION = timedelta(days=30)
SIGNALS = "/risk-hub/worlds/w1/exit-signals"
EXIT_POLICY = "/risk-hub/worlds/w1/exit-policy?stage=paper"


class Crash(Exception):  # noqa: N818 - not an error of the hub
    """The process of a worker is killed; its message is delivered again."""


def at(minutes: float) -> datetime:
    """Return an instant this many minutes after the start."""
    return START + timedelta(minutes=minutes)


@dataclass
class EvaluatedHub:
    """One hub whose relay and engines run when a test asks.

    Attributes:
        outcomes: what the exit engine answered, in order.
    """

    hub: Hub = field(default_factory=Hub)
    bus: MemoryBus = field(default_factory=MemoryBus)
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        hub = self.hub
        self.api: Gateway = hub.gateway()
        self.announce = AnnounceCommits(hub.worlds, self.bus)
        reports = hub.evaluations
        self.replay = ReplaySnapshots(hub.snapshots, reports, reports, self.announce, hub.clock)
        stores = (hub.snapshots, hub.blobs, reports)
        self.engines = (
            EvaluateRisk(*stores, hub.forecasts, MemoryInputNotes(), hub.clock, RETENTION),
            EvaluateStress(*stores, hub.clock, RETENTION),
        )
        self.exits = EmitExitSignals(hub.snapshots, hub.worlds, reports, hub.clock, RETENTION)
        self._relayed: set[tuple[str, str]] = set()

    def put_policy(self, **policy: Any) -> Answer:
        """PUT a policy and return the answer."""
        return self.api("PUT", EXIT_POLICY, {"version": "p1", "cool_down_seconds": 3_600, **policy})

    def post(self, version: str = "v1", minute: float = 0, **fields: Any) -> None:
        """POST a snapshot whose as_of is this many minutes after the start; the clock moves there if it is behind."""
        self.hub.clock.now = max(self.hub.clock.now, at(minute))
        body = book(version, as_of=format_instant(at(minute)), **fields)
        answer = self.api("POST", WORLD, body)
        assert answer.status == 201, answer
        self.announce([self.hub.snapshots.rows["w1", version]])

    def work(self) -> None:
        """Deliver every event, and relay every new record, until nothing is left."""
        while events := self.taken():
            for event in events:
                self.deliver(event)
            self.relay()

    def deliver(self, event: CloudEvent) -> None:
        """Deliver one event to its workers."""
        if event.type == "risk_snapshot_updated":
            for engine in self.engines:
                engine(event)
        elif event.type in {"risk_evaluated", "stress_evaluated"}:
            self.outcomes.append(self._judge(event))

    def _judge(self, event: CloudEvent) -> Outcome:
        try:
            return self.exits(event)
        except Crash:
            return self._judge(event)

    def relay(self) -> None:
        """Announce the records that are not announced yet."""
        rows = self.hub.evaluations.rows
        self.announce([record for key, record in rows.items() if key not in self._relayed])
        self._relayed |= set(rows)

    def taken(self) -> list[CloudEvent]:
        """Return and forget the events of the bus, as consumers receive them."""
        events, self.bus.taken = self.bus.taken, []
        return [CloudEvent.model_validate_json(event.to_detail()) for event in events]

    def publish(self, version: str = "v1", minute: float = 0, **fields: Any) -> None:
        """POST a snapshot and let relay and engines work."""
        self.post(version, minute, **fields)
        self.work()

    def signals(self) -> list[dict[str, Any]]:
        """GET the signals, oldest first."""
        answer = self.api("GET", f"{SIGNALS}?order=asc&limit=100")
        assert answer.status == 200, answer
        signals: list[dict[str, Any]] = answer.json["signals"]
        return signals

    def only(self) -> dict[str, Any]:
        """GET the one signal."""
        (signal,) = self.signals()
        return signal
