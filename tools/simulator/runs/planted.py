"""Hubs of evaluation runs with one bug each, and the rule by whose name the oracle must report it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from functions.evaluation.evaluations.answers import evaluation_answer
from functions.evaluation.evaluations.evaluate_strategies import EvaluateStrategies, EvaluationResult
from functions.evaluation.evaluations.judge import ResolvedInputs, judge
from functions.evaluation.runs.anchor_runs import AnchorRuns
from functions.evaluation.runs.append_item import AppendedItem, AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns, RunDraft
from functions.evaluation.runs.evaluation_marker import EvaluationMarker
from functions.evaluation.runs.ports import ChainWrite, RefusedAppend
from functions.evaluation.runs.read_chain import load_run
from functions.evaluation.runs.run_head import RunHead
from functions.hub.ports import DependencyUnavailableError
from risk_hub_contracts.evaluations.request import EvaluationRequest
from risk_hub_contracts.runs.chain import ChainHead
from tests.fakes.runs import MemoryRuns
from tools.simulator.runs.hub import RunsDependencies

LONG_CHAIN = 4


class CutsTails(MemoryRuns):
    """A long chain loses its last item, and the list entry the trace of it."""

    def append(self, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        refused = super().append(writes)
        key = writes[0].item.item.key
        rows = self.rows.get(key, {})
        if refused is None and len(rows) == LONG_CHAIN:
            del rows[LONG_CHAIN]
            last = rows[LONG_CHAIN - 1]
            self.heads[key] = replace(self.heads[key], sequence=last.sequence, sha256=last.sha256)
        return refused


class SwapsItems(MemoryRuns):
    """The second and the third item of a long chain change places."""

    def append(self, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        refused = super().append(writes)
        rows = self.rows.get(writes[0].item.item.key, {})
        if refused is None and len(rows) == LONG_CHAIN:
            rows[2], rows[3] = replace(rows[3], sequence=2), replace(rows[2], sequence=3)
        return refused


class ForgetsListEntries(MemoryRuns):
    """The list entry states the new last item, and the status before it."""

    def append(self, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        before = dict(self.heads)
        refused = super().append(writes)
        for write in writes if refused is None else ():
            key = write.item.item.key
            if key in before:
                self.heads[key] = replace(write.head, status=before[key].status)
        return refused


class LosesOverrides(AppendItem):
    """An override that another writer overtook is acknowledged without a second attempt."""

    def __call__(self, draft: ItemDraft) -> AppendedItem:
        if not hasattr(draft.payload, "override_id"):
            return AppendItem.__call__(self, draft)
        _, run = load_run(self.store, draft.key)
        item, grown = self._next(run, draft)
        self.store.append([ChainWrite(item, RunHead.of(grown))])
        return AppendedItem(item, grown, appended=True)


class DropsRetries(AppendItem):
    """A request that was begun before counts as done, although its first attempt failed."""

    def __call__(self, draft: ItemDraft) -> AppendedItem:
        begun: set[object] = self.store.__dict__.setdefault("begun", set())
        if (draft.key, draft.entry_id) in begun:
            items, run = load_run(self.store, draft.key)
            return AppendedItem(items[-1], run, appended=False)
        begun.add((draft.key, draft.entry_id))
        return AppendItem.__call__(self, draft)


class DoublesRetries(AppendItem):
    """A repeated request is not recognised by its entry id."""

    def __call__(self, draft: ItemDraft) -> AppendedItem:
        _, run = load_run(self.store, draft.key)
        item, grown = self._next(run, draft)
        if self.store.append([ChainWrite(item, RunHead.of(grown))]) is None:
            return AppendedItem(item, grown, appended=True)
        return AppendItem.__call__(self, draft)


class AnswersBeforeStoring(EvaluateStrategies):
    """A verdict is answered although its run could not be stored."""

    def _stored(self, drafts: Sequence[RunDraft], marker: EvaluationMarker | None) -> EvaluationResult:
        try:
            return EvaluateStrategies._stored(self, drafts, marker)  # noqa: SLF001
        except DependencyUnavailableError:
            promised = CreateRuns(MemoryRuns(), self.clock)(drafts)
            return EvaluationResult(evaluation_answer([each.run for each in promised]))


class ReplacesRuns(EvaluateStrategies):
    """A repeated evaluation replaces its runs, with every later item of them."""

    def _completed(
        self, marker: EvaluationMarker, request: EvaluationRequest, subject: str
    ) -> EvaluationResult:
        result = EvaluateStrategies._completed(self, marker, request, subject)  # noqa: SLF001
        drafts = judge(marker.world_id, request, self.inputs.pinned(marker, request), subject)
        memory: MemoryRuns = self.runs.store  # type: ignore[attr-defined]
        for draft in drafts:
            memory.rows.pop(draft.key, None)
            memory.heads.pop(draft.key, None)
        self._stored(drafts, None)
        return result


class CompletesWithCurrentInputs(EvaluateStrategies):
    """The runs that a crash left out are judged by the policy that is active when the request is repeated."""

    def _pinned(self, marker: EvaluationMarker, request: EvaluationRequest) -> ResolvedInputs:
        return self.inputs.current(marker.world_id, request)


class SkipsAnItem(AnchorRuns):
    """The anchor of an hour leaves out its last item."""

    def _recorded_by(self, hour: str) -> Iterator[ChainHead]:
        heads = sorted(AnchorRuns._recorded_by(self, hour))  # noqa: SLF001
        yield from heads[:-1]


class AnchorsOneHour(AnchorRuns):
    """An anchor does not cover the hour before its own, whose late items then have no anchor."""

    def _recorded_by(self, hour: str) -> Iterator[ChainHead]:
        yield from self.moved.recorded_in(hour)


@dataclass(frozen=True)
class PlantedRunBug:
    """A bug, and the rule that the oracle must name."""

    dependencies: RunsDependencies
    rule: str


def _planted(rule: str, **parts: Any) -> PlantedRunBug:
    return PlantedRunBug(RunsDependencies(**parts), rule)


PLANTED_RUN_BUGS: Mapping[str, PlantedRunBug] = {
    "cut tail": _planted("tail cut", runs=CutsTails),
    "swapped items": _planted("items swapped", runs=SwapsItems),
    "lost override": _planted("override lost", append=LosesOverrides),
    "verdict without a record": _planted("verdict without a record", evaluate=AnswersBeforeStoring),
    "evaluation completed with other inputs": _planted(
        "evaluation with two inputs", evaluate=CompletesWithCurrentInputs
    ),
    "dropped retry": _planted("retry dropped", append=DropsRetries),
    "doubled retry": _planted("item doubled", append=DoublesRetries),
    "list entry not updated": _planted("list entry differs", runs=ForgetsListEntries),
    "anchor that skips an item": _planted("anchors incomplete", anchor=SkipsAnItem),
    "anchor without the hour before": _planted("anchors incomplete", anchor=AnchorsOneHour),
    "override replaced by a re-evaluation": _planted(
        "override replaced by a re-evaluation", evaluate=ReplacesRuns
    ),
}
