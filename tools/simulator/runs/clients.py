"""Clients that send requests until they are acknowledged, and send acknowledged ones again at times."""

from datetime import timedelta

from functions.evaluation.evaluations.evaluate_strategies import EvaluationResult
from functions.evaluation.runs.append_item import EntryConflictError, ItemRefusedError, StaleSequenceError
from functions.evaluation.runs.read_chain import BrokenChainError
from functions.hub.ports import DependencyUnavailableError
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.samples import WORLD
from tools.simulator.runs.findings import Finding
from tools.simulator.runs.hub import RunsHub
from tools.simulator.runs.ledger import CLOCK_ERROR_MAX, Acknowledged
from tools.simulator.runs.requests import Request, addition, conflicting, evaluation, key_text
from tools.simulator.tasks import Crash, Task

WRITER_SECONDS = 30
REPEATS_MAX = 4
EVALUATION_SHARE, CONFLICT_SHARE = 0.3, 0.1
RETRIED = (Crash, DependencyUnavailableError, StaleSequenceError)


class Clients:
    """Several clients: each pending request is sent by one of them at a time, or by two at once."""

    def __init__(self, hub: RunsHub, planned: int) -> None:
        self.hub, self.planned = hub, planned
        self.findings: list[Finding] = []
        self.pending: list[Request] = []
        self.done: list[Request] = []
        self._number, self._repeats = 0, REPEATS_MAX

    def act(self) -> bool:
        """Send a new, a pending or an acknowledged request; return whether there was one."""
        if self.pending and self.hub.random.random() < 0.5:
            return self.retry()
        if self.planned:
            self.planned -= 1
            self._send(self._new())
            return True
        return self.retry()

    def retry(self) -> bool:
        if not self.pending:
            return False
        self._send(self.pending.pop(self.hub.random.randrange(len(self.pending))))
        return True

    def repeat(self) -> bool:
        """Send an acknowledged request again: its client may have lost the answer."""
        if not self.done or not self._repeats:
            return False
        self._repeats -= 1
        self._send(self.hub.random.choice(self.done))
        return True

    def _new(self) -> Request:
        random, ledger = self.hub.random, self.hub.ledger
        self._number += 1
        if not ledger.chains or random.random() < EVALUATION_SHARE:
            return evaluation(random, ledger, self._number)
        if random.random() < CONFLICT_SHARE:
            return conflicting(random, ledger)
        return addition(random, ledger, self._number)

    def _send(self, request: Request) -> None:
        hub, first = self.hub, request.first
        request.attempts += 1
        request.begun_at = len(hub.ledger.chains.get(first.key, ()))
        name = f"{first.kind} {first.entry_id}"
        hub.trace.add(hub.clock.now, name, f"{key_text(first.key)} attempt {request.attempts}")
        hub.tasks.start(
            Task(
                name=name,
                work=lambda: self._work(request),
                done=lambda task: self._ended(task, request),
                deadline=hub.clock.now + timedelta(seconds=WRITER_SECONDS),
                skew_us=clock_error_us(hub),
                subject=request,
            )
        )

    def _work(self, request: Request) -> object:
        if request.is_evaluation:
            return self.hub.evaluate(WORLD, request.evaluation(), request.first.subject)
        return self.hub.append(request.draft())

    def _ended(self, task: Task, request: Request) -> None:
        error = task.error
        if error is None:
            self._succeeded(task, request)
        elif isinstance(error, RETRIED):
            self._retry_later(error, request)
        elif isinstance(error, BrokenChainError):
            self._find("chain broken", request, str(error))
        elif isinstance(error, (EntryConflictError, ProblemError)):
            if not request.conflicts:
                self._find("sound request refused", request, str(error))
        elif not isinstance(error, ItemRefusedError) or not self._is_refused_rightly(request):
            self._find("sound request refused", request, f"{type(error).__name__}: {error}")

    def _succeeded(self, task: Task, request: Request) -> None:
        if request.conflicts:
            self._find("conflict acknowledged", request, "other content under a taken id")
            return
        if self.hub.faults.occurs("dropped response"):
            self.pending.append(request)
            return
        self.done.append(request)
        ledger = self.hub.ledger
        ledger.acknowledged += [Acknowledged(each, request.attempts) for each in request.intents]
        if request.is_evaluation:
            ledger.verdicts |= _verdicts(task.value)
        self.hub.counts["acknowledged"] += 1

    def _retry_later(self, error: BaseException, request: Request) -> None:
        self.pending.append(request)
        if isinstance(error, StaleSequenceError):
            self.hub.counts["stale sequence"] += 1
            if request.expected_sequence is not None:
                request.expected_sequence = error.current

    def _is_refused_rightly(self, request: Request) -> bool:
        """Return whether the item did not fit the run at some moment of the attempt."""
        ledger, intent = self.hub.ledger, request.first
        before = [each for each in ledger.intents_of(intent.key) if each != intent]
        moments = range(min(request.begun_at, len(before)), len(before) + 1)
        self.hub.counts["refused"] += 1
        return any(
            ledger.model_of(intent.key, [*before[:count], intent]) is None for count in moments if count
        )

    def _find(self, rule: str, request: Request, detail: str) -> None:
        self.findings.append(Finding(rule, request.first.key.text, f"{request.first.entry_id}: {detail}"))


def _verdicts(result: EvaluationResult) -> dict[RunKey, str]:
    """Return the status that an answer gives, by run."""
    answer = result.answer
    return {
        RunKey(answer["world_id"], each["strategy_id"], each["run_id"]): each["status"]
        for each in answer["strategies"]
    }


def clock_error_us(hub: RunsHub) -> int:
    """Return the error of a process's clock: another one for each process, so time runs backwards."""
    if not hub.faults.occurs("clock error"):
        return 0
    most = CLOCK_ERROR_MAX // timedelta(microseconds=1)
    return hub.random.randint(-most, most)
