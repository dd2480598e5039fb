"""The hub behind its HTTP handlers, with its relay and its engines: POST, evaluation, GET."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from events.envelope import CloudEvent
from functions.announcing.announce_commits import AnnounceCommits, Commit
from functions.evaluation.exits.emit_exit_signals import EmitExitSignals
from functions.evaluation.risk.evaluate import EvaluateRisk
from functions.evaluation.risk.policy import NO_POLICY, RiskPolicy
from functions.evaluation.risk.verify import Verification, VerifyRisk
from functions.evaluation.stress.evaluate import EvaluateStress
from tests.fakes.bus_and_tokens import MemoryBus
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.stores import MemoryInputNotes
from tests.http.conftest import WORLD, Hub, book, post

RETENTION = timedelta(days=30)
SIGNALS = "/risk-hub/worlds/w1/exit-signals"
EXIT_POLICY = "/risk-hub/worlds/w1/exit-policy"


@dataclass
class EvaluatingHub:
    """A hub whose engines run after each POST, in the order of the deployed rules."""

    hub: Hub = field(default_factory=Hub)
    policy: RiskPolicy = NO_POLICY
    api: Gateway = field(init=False)

    def __post_init__(self) -> None:
        self.api = self.hub.gateway()
        hub, notes = self.hub, MemoryInputNotes()
        stores = (hub.snapshots, hub.blobs, hub.evaluations)
        self._risk = EvaluateRisk(*stores, hub.forecasts, notes, hub.clock, RETENTION, self.policy)
        self._stress = EvaluateStress(*stores, hub.clock, RETENTION)
        self._exits = EmitExitSignals(hub.snapshots, hub.worlds, hub.evaluations, hub.clock, RETENTION)

    def publish(self, version: str = "v1", **fields: Any) -> Answer:
        """POST a book and run every engine on it; return the answer to the POST."""
        answer = post(self.api, book(version, **fields))
        if answer.status == 201:
            committed = self.hub.snapshots.get("w1", version)
            assert committed is not None
            announced = self._announce(committed)
            derived = set(self.hub.evaluations.rows)
            self._risk(announced)
            self._stress(announced)
            new = [row for key, row in self.hub.evaluations.rows.items() if key not in derived]
            for record in new:
                self._exits(self._announce(record))
        return answer

    def risk(self, version: str = "v1", **fields: Any) -> dict[str, Any]:
        """POST a book that the contract accepts; return its risk report as GET answers it."""
        return self._report("risk", version, fields)

    def stress(self, version: str = "v1", **fields: Any) -> dict[str, Any]:
        """POST a book that the contract accepts; return its stress report as GET answers it."""
        return self._report("stress", version, fields)

    def put_exit_policy(self, policy: dict[str, Any]) -> Answer:
        """PUT the exit policy of the world's stage; return the answer, which must be a success."""
        answer = self.api("PUT", f"{EXIT_POLICY}?stage=paper", policy)
        assert answer.status in {200, 201}, answer.body
        return answer

    def verify(self, version: str) -> Verification:
        """Compute the risk report of a version again from its receipt."""
        return VerifyRisk(self.hub.snapshots, self.hub.blobs, self.hub.evaluations)("w1", version)

    def signals(self) -> list[dict[str, Any]]:
        """Return the exit signals, newest first, as GET answers them."""
        answer = self.api("GET", SIGNALS)
        assert answer.status == 200, answer
        return list(answer.json["signals"])

    def _report(self, kind: str, version: str, fields: dict[str, Any]) -> dict[str, Any]:
        posted = self.publish(version, **fields)
        assert posted.status == 201, posted.body
        answer = self.api("GET", f"{WORLD}/{version}/{kind}")
        assert answer.status == 200, answer.body
        return dict(answer.json)

    def _announce(self, commit: Commit) -> CloudEvent:
        bus = MemoryBus()
        AnnounceCommits(self.hub.worlds, bus)([commit])
        (event,) = bus.taken
        return CloudEvent.model_validate_json(event.to_detail())


def measure(report: dict[str, Any], name: str, method: str, bps: int | None) -> float:
    """Return the value of one measure of a risk report."""
    (value,) = [
        each["value"]
        for each in report["measures"]
        if (each["measure"], each["method"], each["confidence_bps"]) == (name, method, bps)
    ]
    return float(value)


def tail(report: dict[str, Any], method: str, bps: int) -> dict[str, Any]:
    """Return one row of a risk report's tail measures."""
    (row,) = [each for each in report["tails"] if (each["method"], each["confidence_bps"]) == (method, bps)]
    return dict(row)


def warning_codes(report: dict[str, Any]) -> set[str]:
    """Return the codes of a report's warnings."""
    return {each["code"] for each in report["warnings"]}


def upper_covariance(ids: list[str], rows: list[list[float]]) -> dict[str, Any]:
    """Return a covariance as a producer sends it: ids, and the upper triangle by rows."""
    return {"ids": ids, "upper": [value for index, row in enumerate(rows) for value in row[index:]]}
