"""Evaluation runs on simulated ports; a test plants a bug by replacing one component."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Any

from functions.evaluation.evaluations.evaluate_strategies import EvaluateStrategies
from functions.evaluation.runs.anchor_runs import AnchorRuns
from functions.evaluation.runs.append_item import AppendItem
from functions.evaluation.runs.read_runs import ReadRuns
from functions.evaluation.runs.verify_runs import VerifyRuns
from tests.fakes.runs import MemoryAnchors, MemoryRuns
from tools.simulator.faults import Faults
from tools.simulator.runs.evaluating import SimulatedInputs
from tools.simulator.runs.ledger import Ledger
from tools.simulator.runs.ports import SteppingClock, WiredAnchors, WiredRuns
from tools.simulator.tasks import Tasks
from tools.simulator.trace import Trace
from tools.simulator.wire import Wire

MAX_RATES: Mapping[str, float] = MappingProxyType(
    {
        "crash": 0.08,
        "throttle": 0.12,
        "lost answer": 0.12,
        "dropped response": 0.25,
        "stale read": 0.30,
        "slow": 0.03,
        "clock error": 0.60,
        "clock jump": 0.04,
    }
)
SHARE_OF_KINDS = 0.6
PAUSE_RATES = (0.05, 0.3, 0.6)


@dataclass(frozen=True)
class RunsDependencies:
    """The components of the simulated hub."""

    runs: type[MemoryRuns] = MemoryRuns
    anchors: type[MemoryAnchors] = MemoryAnchors
    append: type[AppendItem] = AppendItem
    evaluate: type[EvaluateStrategies] = EvaluateStrategies
    anchor: type[AnchorRuns] = AnchorRuns


def drawn_faults(random: Random) -> Faults:
    """Return a mix of faults, another one for each history."""
    kinds = [kind for kind in MAX_RATES if random.random() < SHARE_OF_KINDS]
    return Faults(random, {kind: MAX_RATES[kind] * random.uniform(0.2, 1) for kind in kinds})


class RunsHub:
    """One table of runs with its anchors, the use cases, and the observer."""

    def __init__(self, random: Random, faults: Faults, dependencies: RunsDependencies) -> None:
        self.random, self.faults = random, faults
        self.ledger, self.trace = Ledger(), Trace()
        self.tasks = Tasks(random, random.choice(PAUSE_RATES))
        self.clock = SteppingClock(self.tasks, faults, random, self.ledger)
        self.wire = Wire(random, self.clock, self.tasks, faults, self.trace)
        self.runs = WiredRuns(self.wire, dependencies.runs(), self.ledger)
        self.anchors = WiredAnchors(self.wire, dependencies.anchors())
        self.append = dependencies.append(self.runs, self.clock)
        self.inputs = SimulatedInputs(self.wire)
        resolve: Any = self.inputs
        self.evaluate = dependencies.evaluate(resolve, self.runs, self.clock)
        self.anchor = dependencies.anchor(self.runs, self.anchors, self.clock)
        self.read = ReadRuns(self.runs.store)
        self.verify_runs = VerifyRuns(self.runs.store, self.anchors.store, self.clock)

    @property
    def counts(self) -> Counter[str]:
        return self.ledger.counts
