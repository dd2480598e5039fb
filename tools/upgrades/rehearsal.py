"""An upgrade, a rollback and the upgrade again, on a local stage under the released client's traffic."""

import base64
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.local.bring_up import RunningStage
from infra.local.history_settings import HistorySettings
from infra.local.install import LocalRelease, install
from tools.faults.dead_letters import DeadLetters
from tools.faults.effect_observer import WORKERS, EffectObserver
from tools.faults.run import isolated
from tools.upgrades.checked_out_release import Release
from tools.upgrades.fixed_world import Answers, FixedWorld, changed
from tools.upgrades.traffic_process import Traffic

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
        changed: questions about the kept world whose answers differ from the first ones; must be empty.
    """

    name: str
    begins: float
    differs: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """The counts of a rehearsal.

    Attributes:
        phases: in order.
        answered: (question, seconds since 1970, duration in seconds) of every request with the expected
            answer.
        failed: (question, seconds since 1970, error); must be empty.
        published: snapshots whose storage was confirmed to a producer.
        lost: published but not in the table; must be empty.
        unannounced: in the table but never announced; must be empty.
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
    missing: list[str]
    duplicated: list[str]
    effects: dict[str, int]
    dead_letters: int

    @property
    def passed(self) -> bool:
        """Return whether every check passed."""
        wrong = (self.failed, self.lost, self.unannounced, self.missing, self.duplicated, self.dead_letters)
        return not any(wrong) and not any(phase.differs or phase.changed for phase in self.phases)

    def within(self, phase: Phase) -> tuple[Counter[str], float]:
        """Return the number of answers to each question in a phase, and the longest duration in seconds."""
        later = [each.begins for each in self.phases if each.begins > phase.begins]
        end = min(later, default=float("inf"))
        found = [(name, seconds) for name, at, seconds in self.answered if phase.begins <= at < end]
        return Counter(name for name, _ in found), max((seconds for _, seconds in found), default=0.0)


class Rehearsal:
    """A stage opened with the released code, and the release to deploy on it."""

    def __init__(
        self, stage: RunningStage, released: Release, upgraded: LocalRelease, phase_requests: int
    ) -> None:
        """Prepare a rehearsal; each phase lasts until `phase_requests` requests were made in it."""
        self._stage = stage
        self._released = released
        self._releases = {
            f"release {released.version}": pinned(released.local()),
            "this tree": pinned(upgraded),
        }
        self._phase_requests = phase_requests
        self._phases: list[Phase] = []
        self._first: Answers = {}

    def run(self) -> Outcome:
        """Run all phases; return the counts."""
        observer = EffectObserver(self._stage.aws)
        fixed_world = FixedWorld(self._stage.hub, datetime.now(UTC))
        self._first = fixed_world.answers()
        old, new = self._releases
        with self._traffic() as traffic:
            self._run_traffic_on(old, fixed_world, traffic)
            for name in (new, old, new):
                self._phases.append(Phase(f"→ {name}", time.time()))
                install(self._stage.aws, self._releases[name], enforce_iam=False, history=HistorySettings({}))
                self._run_traffic_on(name, fixed_world, traffic)
            report = traffic.finish()
        return self._outcome(report, observer)

    def _traffic(self) -> Traffic:
        hub = self._stage.hub
        environment = {"RISK_HUB_URL": hub.url, "RISK_HUB_TOKEN": hub.token}
        return Traffic(self._released.environment() | environment)

    def _run_traffic_on(self, name: str, fixed_world: FixedWorld, traffic: Traffic) -> None:
        """Run traffic on a release; check that this release is deployed and its answers have not changed."""
        begins = time.time()
        differs = self._differs(self._releases[name])
        lost = changed(self._first, fixed_world.answers())
        self._phases.append(Phase(name, begins, tuple(differs), tuple(lost)))
        traffic.wait_for(self._phase_requests)

    def _differs(self, release: LocalRelease) -> list[str]:
        """Return the stacks and functions that differ from the release."""
        cloudformation: Any = self._stage.aws.client("cloudformation")
        functions: Any = self._stage.aws.client("lambda")
        digests = {
            key: _digest(release.code_zip(group)) for group, key in release.assembly.asset_keys.items()
        }
        found = []
        for template in release.assembly.templates:
            body = cloudformation.get_template(StackName=template.stack_name)["TemplateBody"]
            if (body if isinstance(body, dict) else json.loads(body)) != json.loads(template.body):
                found.append(template.stack_name)
            found += [
                function["FunctionName"]
                for function in template.resources("AWS::Lambda::Function").values()
                if _deployed_digest(functions, function["FunctionName"]) != digests[function["Code"]["S3Key"]]
            ]
        return found

    def _outcome(self, report: dict[str, Any], observer: EffectObserver) -> Outcome:
        published = {f"{world}/{v}" for world, versions in report["published"].items() for v in versions}
        _wait_until(lambda: not _missing(observer, report))
        observer.stop()
        committed = observer.committed()
        stored = observer.effects()
        return Outcome(
            phases=self._phases,
            answered=[(name, at, seconds) for name, at, seconds in report["answered"]],
            failed=[(name, at, reported) for name, at, reported in report["failed"]],
            published=len(published),
            lost=sorted(published - committed),
            unannounced=sorted(committed - set(observer.announced)),
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
