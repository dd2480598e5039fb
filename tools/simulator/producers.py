"""Producers: publish, and publish again without an answer; every answer is checked against the store."""

from datetime import timedelta

from functions.hub.ports import DependencyUnavailableError
from functions.hub.use_cases.publish_snapshot import PublishResult
from risk_hub_contracts.base.problems import ProblemError
from tools.simulator.hub import Hub
from tools.simulator.intents import Intent, IntentGenerator
from tools.simulator.ledger import as_stored, require
from tools.simulator.tasks import Crash, Task

GIVE_UP_SHARE = 0.15


class Producers:
    """All producers of a history.

    Attributes:
        planned: publications still to begin.
        unanswered: publications whose answer was lost; sent again later.
    """

    def __init__(self, hub: Hub, planned: int) -> None:
        self.hub, self.planned = hub, planned
        self.unanswered: list[Intent] = []
        self._intentions = IntentGenerator(hub.random)
        self._posts = 0

    def act(self) -> bool:
        """Send one publication; return whether there was one to send."""
        random = self.hub.random
        if self.unanswered and (not self.planned or random.random() < 0.5):
            self._post(self.unanswered.pop(random.randrange(len(self.unanswered))))
        elif self.planned:
            self.planned -= 1
            self._post(self._intentions.draw(self.hub.clock.now))
        else:
            return False
        return True

    def _post(self, intent: Intent) -> None:
        self._posts += 1
        intent.upload(self.hub.blobs.store)
        publication = intent.publication()
        what = f"{intent.content.version} ttl {intent.content.ttl_sec} {intent.violation or ''}"
        self.hub.start(
            f"post-{self._posts}",
            lambda: self.hub.publish(publication),
            self._handle_result,
            timedelta(seconds=self.hub.dependencies.writer_timeout_seconds),
            subject=intent,
            what=what,
        )

    def _handle_result(self, task: Task) -> None:
        intent: Intent = task.subject
        if isinstance(task.error, Crash | DependencyUnavailableError):
            self._resend_later(intent)
            return
        if isinstance(task.error, ProblemError):
            self._check_rejected(intent, task, task.error)
        elif task.error is not None:
            raise task.error
        else:
            self._check_accepted(intent, task, task.value)
        if self.hub.faults.occurs("dropped response"):
            self._resend_later(intent)

    def _resend_later(self, intent: Intent) -> None:
        if not self.hub.faults.on or self.hub.random.random() >= GIVE_UP_SHARE:
            self.unanswered.append(intent)

    def _check_accepted(self, intent: Intent, task: Task, published: PublishResult) -> None:
        version = intent.content.version
        self.hub.trace.add(self.hub.clock.now, task.name, f"-> {'201' if published.created else '200'}")
        require(
            intent.violation is None,
            "INV-09",
            f"{version} with a bad {intent.violation} was accepted",
            version,
        )
        commit = self.hub.ledger.by_key.get((intent.content.world_id, version))
        require(commit is not None, "INV-01", f"{version} was acknowledged and is not stored", version)
        if commit is None:
            return
        require(commit.content == intent.content, "INV-01", f"{version}: another content stands", version)
        committed = task in self.hub.ledger.committers
        require(published.created == committed, "INV-02", f"{version}: created={published.created}", version)
        same = as_stored(published.stored) == commit.stored
        require(same, "INV-02", f"{version}: the answer is not the first record", version)

    def _check_rejected(self, intent: Intent, task: Task, problem: ProblemError) -> None:
        version, slug = intent.content.version, problem.type.slug
        self.hub.trace.add(self.hub.clock.now, task.name, f"-> {slug}")
        was_committed = task in self.hub.ledger.committers
        require(not was_committed, "INV-09", f"{version} was refused ({slug}) and is stored", version)
        if slug == "version-conflict":
            commit = self.hub.ledger.by_key.get((intent.content.world_id, version))
            differs = commit is not None and commit.content != intent.content
            require(differs, "INV-02", f"{version}: a conflict with nothing or with itself", version)
            stored_hash = None if commit is None else commit.content_hash
            require(problem.extra["stored_hash"] == stored_hash, "INV-01", "a conflict names another hash")
            return
        damaged = intent.by_ref and any(p.sha256 in self.hub.ledger.damaged for p in intent.components())
        excused = intent.violation is not None or damaged
        require(excused, "INV-09", f"the sound {version} was refused: {problem.detail}", version)
