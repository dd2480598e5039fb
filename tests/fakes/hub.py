"""The one in-memory hub of the tests: real handlers, relay and engines on in-memory ports.

The clock changes only when a test sets it. The relay and the engines run only when a test asks:

    hub = Hub()
    hub.put_policy(drain={"assets": ["AAPL"]})
    report = hub.risk(covariance=...)  # POST, relay, engines, exit engine, GET
    signal = hub.only()
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from events.envelope import CloudEvent
from functions.announcing.announce_commits import AnnounceCommits, Commit
from functions.announcing.replay_snapshots import ReplaySnapshots
from functions.evaluation.derived_record import ReportKind
from functions.evaluation.exits.emit_exit_signals import EmitExitSignals
from functions.evaluation.risk.evaluate import EvaluateRisk
from functions.evaluation.risk.verify import VerifyRisk
from functions.evaluation.stress.evaluate import EvaluateStress
from functions.evaluation.worker_steps import Outcome
from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.blob.write import digest
from tests.fakes.clock import START
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.handlers import gateway
from tests.fakes.memory_ports import RETENTION, MemoryPorts
from tests.fakes.samples import WORLD

SNAPSHOTS = f"/risk-hub/worlds/{WORLD}/snapshots"
SIGNALS = f"/risk-hub/worlds/{WORLD}/exit-signals"
EXIT_POLICY = f"/risk-hub/worlds/{WORLD}/exit-policy?stage=paper"


def at(minutes: float) -> datetime:
    """Return an instant this many minutes after the start."""
    return START + timedelta(minutes=minutes)


def book(version: str = "v1", **fields: Any) -> dict[str, Any]:
    """Return a small valid body; a field set to None is left out."""
    body = {
        "as_of": "2026-01-05T11:59:00Z",
        "version": version,
        "weights": {"AAPL": 0.6, "MSFT": 0.4},
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


def post(api: Gateway, body: Any = None, **request: Any) -> Answer:
    """POST a body, or the small valid one, to world w1."""
    return api("POST", SNAPSHOTS, book() if body is None else body, **request)


@dataclass
class Hub(MemoryPorts):
    """One hub whose relay and engines run when a test asks.

    Attributes:
        outcomes: what the exit engine answered, in order.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    _relayed: set[tuple[str, str]] = field(default_factory=set)

    @cached_property
    def api(self) -> Gateway:
        """The handlers, composed at the first request."""
        return self.gateway()

    @cached_property
    def announce(self) -> AnnounceCommits:
        """The relay's use case."""
        return AnnounceCommits(self.worlds, self.bus)

    @cached_property
    def replay(self) -> ReplaySnapshots:
        """The operator's replay."""
        reports = self.evaluations
        return ReplaySnapshots(self.snapshots, reports, reports, self.announce, self.clock)

    @cached_property
    def evaluate_risk(self) -> EvaluateRisk:
        """The risk engine."""
        stores = (self.snapshots, self.blobs, self.evaluations, self.forecasts, self.notes)
        return EvaluateRisk(*stores, self.clock, RETENTION, self.risk_policy)

    @cached_property
    def evaluate_stress(self) -> EvaluateStress:
        """The stress engine."""
        return EvaluateStress(self.snapshots, self.blobs, self.evaluations, self.clock, RETENTION)

    @cached_property
    def emit_signals(self) -> EmitExitSignals:
        """The exit engine."""
        return EmitExitSignals(self.snapshots, self.worlds, self.evaluations, self.clock, RETENTION)

    @cached_property
    def verify(self) -> VerifyRisk:
        """The verification of a risk report from its receipt."""
        return VerifyRisk(self.snapshots, self.blobs, self.evaluations)

    def gateway(self) -> Gateway:
        """Return the handlers with a new token and the present settings."""
        return gateway(self)

    def post(self, version: str = "v1", minute: float | None = None, **fields: Any) -> Answer:
        """POST a book; given a minute, its as_of is that far after the start and the clock is not behind it."""
        if minute is not None:
            self.clock.now = max(self.clock.now, at(minute))
            fields["as_of"] = format_instant(at(minute))
        return post(self.api, book(version, **fields))

    def commit(self, version: str = "v1", minute: float | None = None, **fields: Any) -> None:
        """POST a book that the contract accepts, and announce it."""
        answer = self.post(version, minute, **fields)
        assert answer.status == 201, answer
        self.relay()

    def store(self, *snapshots: SnapshotRecord) -> None:
        """Store snapshots without a POST, and announce each."""
        for snapshot in snapshots:
            self.snapshots.put_once(snapshot, snapshot.retain_until(RETENTION))
            self.relay()

    def blob(self, kind: BlobKind, data: bytes) -> dict[str, Any]:
        """Store a blob as an upload does; return its reference."""
        return self.blobs.put(WORLD, kind, digest(data), data).document()

    def taken(self) -> list[CloudEvent]:
        """Return and forget the events of the bus, as consumers receive them."""
        events, self.bus.taken = self.bus.taken, []
        return [CloudEvent.model_validate_json(event.to_detail()) for event in events]

    def relay(self) -> None:
        """Announce the snapshots, reports and signals that are not announced yet."""
        rows: dict[tuple[str, str], Commit] = {**self.snapshots.rows, **self.evaluations.rows}
        self.announce([record for key, record in rows.items() if key not in self._relayed])
        self._relayed |= set(rows)

    def deliver(self, event: CloudEvent) -> None:
        """Deliver one event to its workers."""
        if event.type == "risk_snapshot_updated":
            self.evaluate_risk(event)
            self.evaluate_stress(event)
        elif event.type in {"risk_evaluated", "stress_evaluated"}:
            self.outcomes.append(self.judge(event))

    def judge(self, event: CloudEvent) -> Outcome:
        """Let the exit engine process the event of a report."""
        return self.emit_signals(event)

    def work(self) -> None:
        """Relay every new record, and deliver every event, until nothing is left."""
        self.relay()
        while events := self.taken():
            for event in events:
                self.deliver(event)
            self.relay()

    def publish(self, version: str = "v1", minute: float | None = None, **fields: Any) -> None:
        """POST a book that the contract accepts, and let relay and engines work."""
        self.commit(version, minute, **fields)
        self.work()

    def get_report(self, kind: ReportKind, version: str = "v1") -> dict[str, Any]:
        """GET a report of a version."""
        answer = self.api("GET", f"{SNAPSHOTS}/{version}/{kind}")
        assert answer.status == 200, answer
        return dict(answer.json)

    def risk(self, version: str = "v1", **fields: Any) -> dict[str, Any]:
        """Publish a book; GET its risk report."""
        self.publish(version, **fields)
        return self.get_report("risk", version)

    def stress(self, version: str = "v1", **fields: Any) -> dict[str, Any]:
        """Publish a book; GET its stress report."""
        self.publish(version, **fields)
        return self.get_report("stress", version)

    def put_policy(self, **policy: Any) -> Answer:
        """PUT an exit policy for stage paper; return the answer."""
        return self.api("PUT", EXIT_POLICY, {"version": "p1", "cool_down_seconds": 3_600, **policy})

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
