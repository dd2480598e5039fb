"""An upgrade, a rollback and the upgrade again, on a local stage under the released client's traffic.

Release 1.0 has another table of snapshots (ADR-0059). The data stack of this tree therefore keeps it, and the service
stack is upgraded after the snapshots were copied, while the producers are stopped and the readers continue.
"""

import base64
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from infra.local.bring_up import RunningStage
from infra.local.history_settings import HistorySettings
from infra.local.install import LocalRelease, install
from infra.names import stack_name
from tools.faults.dead_letters import DeadLetters
from tools.faults.effect_observer import STAGE, WORKERS, EffectObserver
from tools.faults.run import isolated
from tools.upgrades.checked_out_release import Release
from tools.upgrades.fixed_world import Answers, FixedWorld, changed
from tools.upgrades.old_table import Announcements, CopiesOfOldTable, waiting_messages
from tools.upgrades.traffic_process import Traffic

Part = Literal["data", "service"]
PARTS: tuple[Part, ...] = ("data", "service")
RISKY_RULE = "worst_stress.reduce"
DRAIN_DEADLINE_SECONDS = 180.0
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Phase:
    """A phase of the rehearsal.

    Attributes:
        name: which release runs, or which change is in progress.
        begins: start time, in seconds since 1970.
        differs: functions that do not run the release's code, and stacks that do not run its template; must
            be empty.
        changed: requests about the kept world whose answers differ from the first ones; must be empty.
        checked: whether deployment and answers were checked; they are not during a change.
    """

    name: str
    begins: float
    differs: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    checked: bool = False


@dataclass(frozen=True)
class Releases:
    """What the rehearsal deploys.

    Attributes:
        released: the last release.
        upgraded: this tree, with the old table kept in the data stack.
        final: this tree.
    """

    released: Release
    upgraded: LocalRelease
    final: LocalRelease


@dataclass(frozen=True)
class Outcome:
    """The counts of a rehearsal.

    Attributes:
        phases: in order.
        answered: (request, seconds since 1970, duration in seconds) of every request with the expected
            answer.
        failed: (request, seconds since 1970, error); must be empty.
        published: snapshots whose storage was confirmed to a producer.
        lost: published but not in the table; must be empty.
        unannounced: in the table but never announced; must be empty.
        announced_again: announced by release 1.0 and again by this tree; must be empty.
        repeated_by_release: number of snapshots that release 1.0 announced again after the rollback, with the same
            event ids.
        copies: number of copies that each run of the copy put.
        missing: effects of workers that were not stored or not announced; must be empty.
        duplicated: effects that happened twice; must be empty.
        effects: how many effects each worker has stored.
        dead_letters: messages in the workers' dead-letter queues and records in the relay's failure queue; must be 0.
    """

    phases: list[Phase]
    answered: list[tuple[str, float, float]]
    failed: list[tuple[str, float, str]]
    published: int
    lost: list[str]
    unannounced: list[str]
    announced_again: list[str]
    repeated_by_release: int
    copies: list[int]
    missing: list[str]
    duplicated: list[str]
    effects: dict[str, int]
    dead_letters: int

    @property
    def passed(self) -> bool:
        """Return whether every check passed."""
        wrong = (
            *(self.failed, self.lost, self.unannounced, self.announced_again),
            *(self.missing, self.duplicated, self.dead_letters),
        )
        return not any(wrong) and not any(phase.differs or phase.changed for phase in self.phases)

    def within(self, phase: Phase) -> tuple[Counter[str], float]:
        """Return the number of answers to each request in a phase, and the longest duration in seconds."""
        later = [each.begins for each in self.phases if each.begins > phase.begins]
        end = min(later, default=float("inf"))
        found = [(name, seconds) for name, at, seconds in self.answered if phase.begins <= at < end]
        return Counter(name for name, _ in found), max((seconds for _, seconds in found), default=0.0)


class Rehearsal:
    """A stage opened with the released code, and the release to deploy on it."""

    def __init__(self, stage: RunningStage, releases: Releases, phase_requests: int) -> None:
        """Prepare a rehearsal; each phase lasts until `phase_requests` requests were made in it."""
        self._stage = stage
        self._releases = releases
        self._old, self._new = f"release {releases.released.version}", "this tree"
        self._deployed = dict.fromkeys(PARTS, pinned(releases.released.local()))
        self._services = {self._old: self._deployed["service"], self._new: pinned(releases.upgraded)}
        self._phase_requests = phase_requests
        self._phases: list[Phase] = []
        self._first: Answers = {}
        self._copies = CopiesOfOldTable(stage.aws)

    def run(self) -> Outcome:
        """Run all phases; return the counts."""
        observer = EffectObserver(self._stage.aws)
        fixed_world = FixedWorld(self._stage.hub, datetime.now(UTC))
        self._first = fixed_world.answers()
        announcements = Announcements(observer)
        with self._traffic() as traffic:
            self._run_traffic_on(self._old, fixed_world, traffic)
            self._deploy("→ data stack of this tree, first copy", "data", pinned(self._releases.upgraded))
            self._copies.copy_under_traffic()
            self._upgrade(traffic, announcements)
            self._run_traffic_on(f"{self._new}, producers stopped", fixed_world, traffic)
            announcements.end()
            self._deploy(f"→ {self._old}", "service", self._services[self._old])
            traffic.resume_producers()
            self._run_traffic_on(self._old, fixed_world, traffic)
            self._upgrade(traffic, announcements)
            traffic.resume_producers()
            self._run_traffic_on(self._new, fixed_world, traffic)
            self._deploy("→ without the old table", "data", pinned(self._releases.final))
            self._run_traffic_on("this tree without the old table", fixed_world, traffic)
            report = traffic.finish()
        return self._outcome(report, observer, announcements)

    def _upgrade(self, traffic: Traffic, announcements: Announcements) -> None:
        """Stop the producers, copy what the release wrote, and deploy the service stack of this tree."""
        self._phases.append(Phase("producers stop, copy", time.time()))
        traffic.pause_producers()
        announcements.begin(self._copies.snapshots(), lambda: waiting_messages(self._stage.aws))
        self._copies.copy_all()
        self._copies.copy_all()
        self._deploy(f"→ {self._new}", "service", self._services[self._new])

    def _deploy(self, phase: str, part: Part, release: LocalRelease) -> None:
        """Deploy one stack of a release."""
        self._phases.append(Phase(phase, time.time()))
        name = stack_name(STAGE, part)
        templates = tuple(each for each in release.assembly.templates if each.stack_name == name)
        partial = replace(release, assembly=replace(release.assembly, templates=templates))
        install(self._stage.aws, partial, enforce_iam=False, history=HistorySettings({}))
        self._deployed[part] = release

    def _traffic(self) -> Traffic:
        hub = self._stage.hub
        environment = {"RISK_HUB_URL": hub.url, "RISK_HUB_TOKEN": hub.token}
        return Traffic(self._releases.released.environment() | environment)

    def _run_traffic_on(self, name: str, fixed_world: FixedWorld, traffic: Traffic) -> None:
        """Run traffic on a release; check that this release is deployed and its answers have not changed."""
        begins = time.time()
        differs = [each for part, release in self._deployed.items() for each in self._differs(part, release)]
        lost = changed(self._first, fixed_world.answers())
        self._phases.append(Phase(name, begins, tuple(differs), tuple(lost), checked=True))
        traffic.wait_for(self._phase_requests)

    def _differs(self, part: Part, release: LocalRelease) -> list[str]:
        """Return the stack and the functions that differ from this part of the release."""
        cloudformation: Any = self._stage.aws.client("cloudformation")
        functions: Any = self._stage.aws.client("lambda")
        digests = {
            key: _digest(release.code_zip(group)) for group, key in release.assembly.asset_keys.items()
        }
        found = []
        for template in release.assembly.templates:
            if template.stack_name != stack_name(STAGE, part):
                continue
            body = cloudformation.get_template(StackName=template.stack_name)["TemplateBody"]
            if (body if isinstance(body, dict) else json.loads(body)) != json.loads(template.body):
                found.append(template.stack_name)
            found += [
                function["FunctionName"]
                for function in template.resources("AWS::Lambda::Function").values()
                if _deployed_digest(functions, function["FunctionName"]) != digests[function["Code"]["S3Key"]]
            ]
        return found

    def _outcome(
        self, report: dict[str, Any], observer: EffectObserver, announcements: Announcements
    ) -> Outcome:
        published = {f"{world}/{v}" for world, versions in report["published"].items() for v in versions}
        _wait_until(lambda: not _missing(observer, report))
        observer.stop()
        announcements.end()
        committed = observer.committed()
        stored = observer.effects()
        return Outcome(
            phases=self._phases,
            answered=[(name, at, seconds) for name, at, seconds in report["answered"]],
            failed=[(name, at, reported) for name, at, reported in report["failed"]],
            published=len(published),
            lost=sorted(published - committed),
            unannounced=sorted(committed - set(observer.announced)),
            announced_again=announcements.again,
            repeated_by_release=announcements.repeated_by_release,
            copies=self._copies.puts,
            missing=_missing(observer, report),
            duplicated=[
                n
                for announced_effects in observer.announced_effects.values()
                for n, instants in announced_effects.items()
                if len(instants) > 1
            ],
            effects={worker: len(names) for worker, names in stored.items()},
            dead_letters=isolated(self._stage.aws) + sum(DeadLetters(self._stage.aws).waiting().values()),
        )


def pinned(release: LocalRelease) -> LocalRelease:
    """Return a copy of a release whose code stays as it is, even if files change during the rehearsal."""
    zips = {group: release.code_zip(group) for group in release.assembly.asset_keys}
    return LocalRelease(release.assembly, zips.__getitem__)


def _missing(observer: EffectObserver, report: dict[str, Any]) -> list[str]:
    """Return each required effect of the committed snapshots that is missing in the store or on the bus."""
    committed, stored = observer.committed(), observer.effects()
    expected = dict.fromkeys(WORKERS, committed)
    expected["exit_engine"] = {f"{name} {RISKY_RULE}" for name in report["risky"]}
    return [
        f"{worker} {name}"
        for worker in WORKERS
        for name in sorted(expected[worker] - (stored[worker] & set(observer.announced_effects[worker])))
    ]


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DRAIN_DEADLINE_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _digest(code: bytes) -> str:
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def _deployed_digest(functions: Any, name: str) -> str:
    return str(functions.get_function_configuration(FunctionName=name)["CodeSha256"])
