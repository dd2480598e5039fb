"""The checks at the end of a history: stored chains, records, lists and anchors against the model."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from functions.evaluation.runs.read_chain import BrokenChainError, RunNotFoundError
from functions.evaluation.runs.read_runs import RunFilter
from risk_hub_contracts.runs.anchor import decode_leaves, read_anchor
from risk_hub_contracts.runs.chain import StoredItem
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.payloads import CREATED
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.samples import WORLD
from tools.simulator.runs.evaluating import expected_status
from tools.simulator.runs.findings import Finding
from tools.simulator.runs.hub import RunsHub
from tools.simulator.runs.ledger import Acknowledged, Written
from tools.simulator.runs.model import Document
from tools.simulator.runs.requests import STAGES, STATUSES, STRATEGIES

PAGE = 2
DAMAGES = frozenset({"item changed", "item lost", "items swapped", "tail cut"})


@dataclass(frozen=True)
class Oracle:
    """Compare a hub at rest with everything that the ledger observed."""

    hub: RunsHub

    def findings(self) -> list[Finding]:
        """Return every violated rule."""
        return sorted({*self._of_chains(), *self._of_answers(), *self._of_lists(), *self._of_anchors()})

    @cached_property
    def stored(self) -> dict[RunKey, dict[int, StoredItem]]:
        return {
            chain.key: {item.sequence: item for item in chain.items} for chain in self.hub.runs.store.chains()
        }

    @cached_property
    def damages(self) -> list[Finding]:
        return [
            finding
            for key, written in self.hub.ledger.chains.items()
            for finding in _damages(key, written, self.stored.get(key, {}))
        ]

    def _of_chains(self) -> Iterator[Finding]:
        yield from self.damages
        for item in self.hub.ledger.unknown:
            yield Finding("unsent item", item.item.key.text, item.item.entry_id)
        inputs: dict[str, set[tuple[str, str]]] = {}
        for key, written in self.hub.ledger.chains.items():
            created = written[0].item.item.payload
            used = (created["policy_version"], created["snapshot"]["version"])
            inputs.setdefault(key.run_id, set()).add(used)
            yield from _content(key, written)
            yield from self._record(key)
        for evaluation_id, found in inputs.items():
            if len(found) > 1:
                yield Finding("evaluation with two inputs", evaluation_id, f"{sorted(found)}")

    def _record(self, key: RunKey) -> Iterator[Finding]:
        model = self.hub.ledger.model_of(key)
        try:
            run = self.hub.read.run(key)
        except (BrokenChainError, RunNotFoundError) as error:
            yield Finding("chain broken", key.text, str(error))
            return
        expected = None if model is None else model.document()
        if _document(run) != expected or run.unfolded:
            yield Finding("fold differs", key.text, f"{_document(run)}, not {expected}")

    def _of_answers(self) -> Iterator[Finding]:
        for each in self.hub.ledger.acknowledged:
            yield from self._acknowledged(each)
        for key, status in self.hub.ledger.verdicts.items():
            written = self.hub.ledger.chains.get(key)
            stored = None if written is None else written[0].item.item.payload["status"]
            if stored != status:
                yield Finding("verdict without a record", key.text, f"answered {status}, stored {stored}")

    def _acknowledged(self, answered: Acknowledged) -> Iterator[Finding]:
        intent = answered.intent
        written = [each for each in self.hub.ledger.chains.get(intent.key, ()) if each.intent == intent]
        stored = {item.sha256 for item in self.stored.get(intent.key, {}).values()}
        if written and written[0].item.sha256 in stored:
            return
        detail = f"{intent.entry_id} was acknowledged on attempt {answered.attempts}"
        yield Finding("acknowledged item lost", intent.key.text, detail)
        if intent.is_override:
            yield Finding("override lost", intent.key.text, detail)
        if intent.is_override and intent.key in self.hub.ledger.replaced:
            yield Finding("override replaced by a re-evaluation", intent.key.text, detail)
        if answered.attempts > 1 and not written:
            yield Finding("retry dropped", intent.key.text, detail)

    def _of_lists(self) -> Iterator[Finding]:
        heads = {key: self._expected_head(key) for key in self.hub.ledger.chains}
        choices = product((None, STRATEGIES[0]), (None, *STAGES), (None, *STATUSES), (True, False))
        for strategy, stage, status, newest_first in choices:
            wanted = RunFilter(WORLD, strategy, stage, status, None, newest_first)
            listed = self._listed(wanted)
            expected = {
                key: head
                for key, head in heads.items()
                if strategy in {None, key.strategy_id}
                and stage in {None, head[2]}
                and status in {None, head[3]}
            }
            if dict(listed) != expected or len(listed) != len(expected):
                text = f"{wanted.bound()}: {sorted(listed)}, not {sorted(expected.items())}"
                yield Finding("list entry differs", WORLD, text)

    def _expected_head(self, key: RunKey) -> tuple[int, str, str, str]:
        written = self.hub.ledger.chains[key]
        model = self.hub.ledger.model_of(key)
        stage, status = ("?", "?") if model is None else (model.stage, model.status)
        return len(written), written[-1].item.sha256, stage, status

    def _listed(self, wanted: RunFilter) -> list[tuple[RunKey, tuple[int, str, str, str]]]:
        found, cursor = [], None
        while True:
            page = self.hub.read.list(wanted, PAGE, cursor)
            found += [
                (each.key, (each.sequence, each.sha256, each.stage, each.status)) for each in page.heads
            ]
            cursor = page.next_cursor
            if cursor is None:
                return found

    def _of_anchors(self) -> Iterator[Finding]:
        """Require that anchors cover every item, and that verification reports what it must and no more."""
        covered = self._covered()
        reported = {each.chain: f"{each.position}: {each.kind}" for each in self.hub.verify_runs().broken}
        damaged = {each.run for each in self.damages}
        for key, written in self.hub.ledger.chains.items():
            bare = written[covered.get(key.text, 0) :]
            excused = self.hub.ledger.anchor_jumped or any(each.has_jumped_clock for each in written)
            if bare and not (excused and key.text in reported):
                items = [(each.intent.entry_id, each.item.item.recorded_at) for each in bare]
                yield Finding("anchors incomplete", key.text, f"no anchor covers {items}")
            self.hub.counts["reported after a clock jump"] += bool(bare and key.text in reported)
            if key.text in damaged and covered.get(key.text) and key.text not in reported:
                yield Finding("verification missed a damage", key.text, "an anchored run was damaged")
            if key.text in reported and key.text not in damaged and not bare:
                yield Finding("sound run reported", key.text, reported[key.text])
        if "anchors" in reported:
            yield Finding("chain broken", "anchors", reported["anchors"])

    def _covered(self) -> dict[str, int]:
        """Return, by run, the greatest sequence that a leaf states with the digest of that item."""
        digests = {
            (key.text, number, each.item.sha256)
            for key, written in self.hub.ledger.chains.items()
            for number, each in enumerate(written, 1)
        }
        found: dict[str, int] = {}
        store = self.hub.anchors.store
        for anchor in store.anchors():
            for leaf in decode_leaves(store.leaves(read_anchor(anchor.data).root) or b""):
                if (leaf.key, leaf.sequence, leaf.sha256) in digests:
                    found[leaf.key] = max(found.get(leaf.key, 0), leaf.sequence)
        return found


def _damages(key: RunKey, written: list[Written], stored: dict[int, StoredItem]) -> Iterator[Finding]:
    """Yield how the stored items of a run differ from the accepted ones."""
    missing = [number for number in range(1, len(written) + 1) if number not in stored]
    if missing:
        is_tail = missing[-1] - missing[0] + 1 == len(missing) and missing[-1] == len(written)
        yield Finding("tail cut" if is_tail else "item lost", key.text, f"items {missing} are missing")
    bytes_written = {each.item.data for each in written}
    for number, item in stored.items():
        if number > len(written) or item.data != written[number - 1].item.data:
            rule = "items swapped" if item.data in bytes_written else "item changed"
            yield Finding(rule, key.text, f"item {number} has other bytes than those that were accepted")


def _content(key: RunKey, written: list[Written]) -> Iterator[Finding]:
    """Yield the accepted items that are doubled or differ from what the client sent."""
    seen: set[str] = set()
    for each in written:
        item, intent = each.item.item, each.intent
        if item.entry_id in seen:
            yield Finding("item doubled", key.text, f"{item.entry_id} is recorded twice")
        seen.add(item.entry_id)
        recorded = _sent_members(item.payload) if item.kind == CREATED else item.payload
        if (item.kind, recorded, item.subject) != (intent.kind, intent.payload, intent.subject):
            yield Finding("item changed", key.text, f"{item.entry_id} is not what the client sent")
    yield from _verdict(key, written[0])


def _sent_members(created: Document) -> Document:
    """Return what the client sent, from the record of an evaluation."""
    return {"stage": created["stage"], "sharpe": created["metrics"]["returns"]["sharpe"]}


def _verdict(key: RunKey, first: Written) -> Iterator[Finding]:
    """Yield a recorded status that the recorded version of the policy does not give."""
    created = first.item.item.payload
    expected = expected_status(created["policy_version"], first.intent.payload["sharpe"])
    if created["status"] != expected:
        detail = f"{created['status']}, not {expected} by {created['policy_version']}"
        yield Finding("verdict not by the policy", key.text, detail)


def _document(run: EvaluationRun) -> Document:
    """Return the members of a record that the model computes too."""
    return {
        "stage": run.stage,
        "status": run.status,
        "creation_status": run.creation_status,
        "validations": {name: each.status for name, each in run.validations.items()},
        "overrides": {
            name: each.model_dump(include={"state", "requested_by", "expires_at"})
            for name, each in run.overrides.items()
        },
        "failures": {name: each.state for name, each in run.failures.items()},
        "reviews": {name: each.outcome for name, each in run.reviews.items()},
    }
