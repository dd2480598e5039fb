"""One history: clients and anchoring in the seed's order, then faults end and the oracle checks everything."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from functions.evaluation.runs.anchor_runs import ANCHOR_SETTLE, AnchorConflictError
from functions.hub.ports import DependencyUnavailableError
from tools.simulator.faults import Faults
from tools.simulator.runs.clients import Clients, clock_error_us
from tools.simulator.runs.evaluating import LEAST_SHARPE
from tools.simulator.runs.findings import Finding
from tools.simulator.runs.hub import RunsDependencies, RunsHub, drawn_faults
from tools.simulator.runs.oracle import Oracle
from tools.simulator.tasks import Crash, Task
from tools.simulator.trace import Trace

REQUESTS = (4, 16)
STEPS_MAX, DRAIN_STEPS_MAX = 300, 2_000
TASKS_MAX = 5
HOUR = timedelta(hours=1)
ANCHOR_SECONDS = 60
SHORT_WAITS_SECONDS = (0.001, 0.5, 2, 8)
LONG_WAITS_SECONDS = (60, 600, 1_500, 3_300)
# Longer than the greatest jump of a clock, so that no hour of an item or anchor is in the future at the end.
REST_HOURS_AFTER_JUMPS, REST_HOURS = 31, 3
DEFAULT_DEPENDENCIES = RunsDependencies()


@dataclass(frozen=True)
class RunsOutcome:
    """Result of a history: every violated rule, and what happened."""

    seed: int
    findings: tuple[Finding, ...]
    boundaries: int
    counts: Counter[str]
    faults: Counter[str]
    trace: Trace

    @property
    def rules(self) -> set[str]:
        return {finding.rule for finding in self.findings}

    def report(self) -> str:
        """Return the information needed to find the bug."""
        if not self.findings:
            counted = ", ".join(f"{name} {count}" for name, count in sorted(self.counts.items()))
            return f"seed {self.seed}: sound ({counted})"
        return "\n".join(
            [
                f"seed {self.seed} breaks {len(self.rules)} rules of evaluation runs",
                *(f"{each.rule}: {each.run}: {each.detail}" for each in self.findings),
                *self.trace.lines(),
                f"replay: python -m tools.simulator.runs --seed {self.seed}",
            ]
        )


def run_history(
    seed: int,
    dependencies: RunsDependencies = DEFAULT_DEPENDENCIES,
    *,
    faults: Callable[[Random], Faults] = drawn_faults,
) -> RunsOutcome:
    """Run the history of a seed and check it."""
    random = Random(seed)
    history = RunsHistory(random, faults(random), dependencies)
    try:
        findings = history.run()
    finally:
        history.hub.tasks.abort()
    hub = history.hub
    return RunsOutcome(seed, tuple(findings), hub.faults.boundaries, hub.counts, hub.faults.counts, hub.trace)


class RunsHistory:
    """The actors and the scheduler."""

    def __init__(self, random: Random, faults: Faults, dependencies: RunsDependencies) -> None:
        self.random = random
        self.hub = RunsHub(random, faults, dependencies)
        self.clients = Clients(self.hub, random.randint(*REQUESTS))
        self.findings: list[Finding] = []
        self._anchor_due = self.hub.clock.now + HOUR + ANCHOR_SETTLE
        self._menu: list[Callable[[], bool]] = [
            *[self._resume] * random.choice((2, 6)),
            *[self.clients.act] * 3,
            self.clients.repeat,
            self._replace_inputs,
            *[self._wait] * random.choice((1, 2)),
        ]

    def run(self) -> list[Finding]:
        for _ in range(STEPS_MAX):
            if not self.clients.planned:
                break
            full = len(self.hub.tasks.live) >= TASKS_MAX
            (self._resume if full else self.random.choice(self._menu))()
        self._drain()
        self._rest()
        return [*self.findings, *self.clients.findings, *Oracle(self.hub).findings()]

    def _resume(self) -> bool:
        if not self.hub.tasks.live:
            return False
        self.hub.tasks.resume_one()
        return True

    def _replace_inputs(self) -> bool:
        """Activate a version of the policy and publish a snapshot, also between two attempts of a request."""
        self.hub.inputs.replace(self.random.choice(sorted(LEAST_SHARPE)))
        return True

    def _wait(self) -> bool:
        """Let time pass, at most seconds while processes run, and anchor when an hour has settled."""
        waits = SHORT_WAITS_SECONDS if self.hub.tasks.live else LONG_WAITS_SECONDS
        self.hub.clock.advance(seconds=self.random.choice(waits))
        if self.hub.clock.now >= self._anchor_due:
            self._anchor_due = self.hub.clock.now.replace(minute=0, second=0) + HOUR + ANCHOR_SETTLE
            for _ in range(self.random.choice((1, 1, 2))):
                self._start_anchoring()
        return True

    def _start_anchoring(self) -> None:
        self.hub.tasks.start(
            Task(
                name="anchor",
                work=self.hub.anchor,
                done=self._anchored,
                deadline=self.hub.clock.now + timedelta(seconds=ANCHOR_SECONDS),
                skew_us=clock_error_us(self.hub),
            )
        )

    def _anchored(self, task: Task) -> None:
        """Check the end of an anchoring process; the next hour repeats a failed one."""
        error = task.error
        self.hub.counts["anchored"] += error is None
        if error is None or isinstance(error, (Crash, DependencyUnavailableError)):
            return
        if not (isinstance(error, AnchorConflictError) and self.hub.ledger.anchor_jumped):
            self.findings.append(Finding("chain broken", "anchors", f"{type(error).__name__}: {error}"))

    def _drain(self) -> None:
        """End all faults; resume every process and repeat every request until each has an answer."""
        self.hub.faults.on = False
        self.hub.trace.add(self.hub.clock.now, "-", "faults end")
        for _ in range(DRAIN_STEPS_MAX):
            if not (self._resume() or self.clients.retry()):
                return
        raise AssertionError("the clients do not come to rest")

    def _rest(self) -> None:
        """Anchor every hour up to one in which nothing happens any more."""
        jumped = self.hub.faults.counts["clock jump"]
        self.hub.clock.now += HOUR * (REST_HOURS_AFTER_JUMPS if jumped else REST_HOURS)
        # A process may have been made to die in the first of these.
        for _ in range(2):
            self._start_anchoring()
            while self._resume():
                pass
