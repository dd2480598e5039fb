"""The observer: record all effects, and immediately check the invariants that must hold at every moment."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from events.envelope import CloudEvent
from functions.evaluation.derived_record import AnyDerivedRecord as EvaluationRecord
from functions.hub.domain.snapshot_record import SnapshotRecord
from tools.simulator.model import Commit, Content, Order
from tools.simulator.tasks import Task
from tools.simulator.trace import BrokenInvariantError

Key = tuple[str, str]
# Outcomes of the exit engine that do not depend on the expiry.
NOT_JUDGED = frozenset({"replay", "superseded"})


def as_stored(snapshot: SnapshotRecord) -> str:
    """Return a row as text, so that a later change of it is detected."""
    return orjson.dumps(snapshot, option=orjson.OPT_SORT_KEYS).decode()


@dataclass
class Ledger:
    """All effects of the simulated calls so far.

    Attributes:
        commits: accepted snapshots in the order of their commit.
        heads: the greatest order announced to each (world, stage).
        reports: each record as first stored, by (world, evaluation id).
        documents: the same as JSON.
        announced: how often the bus took the event about a (world, version) or (world, evaluation id).
        handlings: the outcomes of each worker on each (world, version) and type of event.
        effects: how often the second worker's effect took place, by event id.
        damaged: digests of blobs that were damaged at some time.
        committers: the processes that committed something.
        moves: how many segments were committed, and how many snapshots the table forgot.
    """

    commits: list[Commit] = field(default_factory=list)
    by_key: dict[Key, Commit] = field(default_factory=dict)
    heads: dict[Key, Order] = field(default_factory=dict)
    reports: dict[Key, EvaluationRecord] = field(default_factory=dict)
    documents: dict[Key, dict[str, Any]] = field(default_factory=dict)
    announced: Counter[Key] = field(default_factory=Counter)
    handlings: dict[tuple[str, Key, str], list[str]] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    damaged: set[str] = field(default_factory=set)
    committers: list[Task] = field(default_factory=list)
    moves: Counter[str] = field(default_factory=Counter)

    def record_commit(self, task: Task | None, stored: SnapshotRecord) -> None:
        """Record a new row; its expected content is known from the producer's intent and its process's clock."""
        require(
            task is not None, "INV-09", f"{stored.version} was committed by no known task", stored.version
        )
        if task is None:
            return
        content: Content = task.subject.content
        commit = Commit(content, task.readings[0], stored.content_hash, as_stored(stored))
        require(
            task.subject.violation is None,
            "INV-09",
            f"a bad snapshot ({task.subject.violation}) was stored",
            content.version,
        )
        require(commit.key not in self.by_key, "INV-01", f"{commit.key} was committed twice", content.version)
        require_shown(commit, stored.to_answer(self.instant(task)), self.instant(task))
        self.commits.append(commit)
        self.committers.append(task)
        self.by_key[commit.key] = commit

    def record_head(self, snapshot: SnapshotRecord, *, is_head: bool, before: Any, after: Any) -> None:
        """Record a call of advance_head and its effect on the row."""
        commit = self.commit_of(snapshot.world_id, snapshot.version)
        slot = (snapshot.world_id, snapshot.stage)
        greatest = max(self.heads.get(slot, commit.order), commit.order)
        self.heads[slot] = greatest
        require(
            is_head == (commit.order == greatest),
            "INV-03",
            f"{snapshot.version} was answered with is_latest={is_head}",
            snapshot.version,
        )
        old, new = self._order_in(snapshot.world_id, before), self._order_in(snapshot.world_id, after)
        require(
            old is None or (new is not None and new >= old),
            "INV-03",
            f"the head of {slot} moved backwards",
            snapshot.version,
        )
        require(new == greatest, "INV-03", f"the head of {slot} is not the greatest order", snapshot.version)

    def record_event(self, event: CloudEvent) -> None:
        """Record an event that the bus accepted."""
        if event.type == "risk_snapshot_updated":
            self._snapshot_announced(event)
            return
        keys = [key for key, document in self.documents.items() if document == event.data]
        version = event.data["version"]
        require(len(keys) == 1, "INV-04", f"{event.type} of {version} is not what is stored", version)
        self.announced[keys[0]] += 1

    def _snapshot_announced(self, event: CloudEvent) -> None:
        version = event.data["version"]
        commit = self.commit_of(event.subject, version)
        head = self.heads.get((commit.key[0], commit.content.stage))
        require(
            head is not None and head >= commit.order,
            "INV-04",
            f"{version} went out before its head moved",
            version,
        )
        shown = {**event.data, "expired": commit.expires_at <= commit.created_at}
        require_shown(commit, shown, commit.created_at)
        self.announced[commit.key] += 1

    def record_report(self, evaluation: EvaluationRecord) -> None:
        """Record a stored evaluation."""
        key = (evaluation.report.world_id, evaluation.evaluation_id)
        require(key not in self.reports, "INV-05", f"{key} was stored twice", evaluation.report.version)
        self.reports[key] = evaluation
        self.documents[key] = evaluation.report.model_dump(mode="json")

    def record_handling(self, worker: str, event: CloudEvent, outcome: str, at: datetime) -> None:
        """Record that a worker has completed an event; `at` is its clock reading."""
        commit = self.commit_of(event.subject, event.data["version"])
        if event.history:
            known = {"history"} if worker == "exit_engine" else {"evaluated", "repeated"}
            version = commit.content.version
            require(outcome in known, "INV-15", f"{worker} handled the past as {outcome}", version)
        elif outcome not in NOT_JUDGED:
            self._refused_if_expired(commit, outcome, at)
        self.handlings.setdefault((worker, commit.key, event.type), []).append(outcome)

    def _refused_if_expired(self, commit: Commit, outcome: str, at: datetime) -> None:
        require(
            (outcome == "expired") == (commit.expires_at <= at),
            "INV-07",
            f"{commit.key} handled as {outcome} at {at}, expires {commit.expires_at}",
            commit.content.version,
        )

    def outcomes(self, worker: str, key: Key, event_type: str) -> list[str]:
        return self.handlings.get((worker, key, event_type), [])

    def commit_of(self, world_id: str, version: str) -> Commit:
        commit = self.by_key.get((world_id, version))
        if commit is None:
            raise BrokenInvariantError("INV-04", f"{version} was announced and is not committed", version)
        return commit

    def instant(self, task: Task) -> datetime:
        return task.readings[-1]

    def _order_in(self, world_id: str, head: Any) -> Order | None:
        return None if head is None else self.commit_of(world_id, head.order.rpartition("|")[2]).order


def require(holds: bool, invariant: str, detail: str, about: str = "") -> None:  # noqa: FBT001
    if not holds:
        raise BrokenInvariantError(invariant, detail, about)


def require_shown(commit: Commit, shown: dict[str, Any], at: datetime) -> None:
    """Check a shown commit against its producer's intent."""
    expected = commit.shown(at)
    wrong = differences(expected, shown)
    require(
        not wrong, "INV-01", f"{commit.key} is shown with other {', '.join(wrong)}", commit.content.version
    )


def differences(expected: dict[str, Any], shown: dict[str, Any]) -> Iterable[str]:
    return [name for name, value in expected.items() if shown.get(name) != value]
