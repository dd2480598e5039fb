"""Evaluation runs in memory: chains with their list entries, and anchors under a lock; sample runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from functions.evaluation.runs.create_runs import RunDraft
from functions.evaluation.runs.ports import WRITES_MAX_COUNT, ChainWrite, RefusedAppend, StoredChain
from functions.evaluation.runs.run_head import RunHead
from functions.evaluation.runs.run_query import RunPage, RunQuery
from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.runs.anchor import hour_of
from risk_hub_contracts.runs.chain import ChainHead, StoredItem
from risk_hub_contracts.runs.metric_blocks import MetricBlocks
from risk_hub_contracts.runs.payloads import ExtendedValidation, RunCreated, SnapshotReference
from risk_hub_contracts.runs.rule_result import RuleResult, RuleStatus
from risk_hub_contracts.runs.run_item import seal, unseal
from risk_hub_contracts.runs.run_key import RunKey
from risk_hub_contracts.runs.verification import StoredAnchor
from tests.fakes.samples import WORLD

if TYPE_CHECKING:
    from functions.evaluation.runs.evaluation_marker import EvaluationMarker

HASH = "sha256:" + "a" * 64


class MemoryRuns:
    """RunStore, RunsOfSnapshots and MovedHeads."""

    def __init__(self) -> None:
        self.rows: dict[RunKey, dict[int, StoredItem]] = {}
        self.heads: dict[RunKey, RunHead] = {}
        self.markers: dict[tuple[str, str], EvaluationMarker] = {}

    def append(self, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        keys = [write.item.item.key for write in writes]
        assert 1 <= len(writes) <= WRITES_MAX_COUNT
        assert len(set(keys)) == len(keys)
        existing = {
            write.item.item.key: found
            for write in writes
            if (found := self.rows.get(write.item.item.key, {}).get(write.item.item.sequence)) is not None
        }
        if existing or not all(self._follows(write) for write in writes):
            return RefusedAppend(existing)
        for write in writes:
            item = write.item
            stored = StoredItem(item.item.sequence, item.sha256, item.data)
            self.rows.setdefault(item.item.key, {})[stored.sequence] = stored
            self.heads[item.item.key] = write.head
        return None

    def _follows(self, write: ChainWrite) -> bool:
        head = self.heads.get(write.item.item.key)
        return (0 if head is None else head.sequence) == write.head.sequence - 1

    def begin(self, marker: "EvaluationMarker", writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        taken = self.marker(marker.world_id, marker.evaluation_id)
        refused = RefusedAppend({}, taken) if taken is not None else self.append(writes)
        if refused is None:
            self.markers[marker.world_id, marker.evaluation_id] = marker
        return refused

    def marker(self, world_id: str, evaluation_id: str) -> "EvaluationMarker | None":
        return self.markers.get((world_id, evaluation_id))

    def first_items(self, keys: Sequence[RunKey]) -> Mapping[RunKey, StoredItem]:
        return {key: self.rows[key][1] for key in keys if 1 in self.rows.get(key, {})}

    def chain(self, key: RunKey) -> StoredChain:
        return self._chain(key)

    def _chain(self, key: RunKey) -> StoredChain:
        items = tuple(item for _, item in sorted(self.rows.get(key, {}).items()))
        return StoredChain(key, items, self.heads.get(key))

    def items(self, key: RunKey, after: int, limit: int) -> Sequence[StoredItem]:
        return [item for item in self._chain(key).items if item.sequence > after][:limit]

    def page(self, query: RunQuery) -> RunPage:
        lower, upper = query.bounds()
        heads = sorted(
            (head for head in self.heads.values() if query.matches(head) and lower <= head.order <= upper),
            key=lambda head: head.order,
            reverse=query.newest_first,
        )
        page = heads[: query.limit]
        return RunPage(page, page[-1].order if len(heads) > query.limit else None)

    def computed_from(self, world_id: str, snapshot: str, limit: int) -> Sequence[RunHead]:
        found = [
            head for head in self.heads.values() if (head.key.world_id, head.snapshot) == (world_id, snapshot)
        ]
        return sorted(found, key=lambda head: head.order)[:limit]

    def chains(self) -> Iterator[StoredChain]:
        for key in sorted(self.rows.keys() | self.heads.keys()):
            yield self._chain(key)

    def recorded_in(self, hour: str) -> Iterator[ChainHead]:
        return self._recorded(hour)

    def recorded(self) -> Iterator[ChainHead]:
        return self._recorded(None)

    def _recorded(self, hour: str | None) -> Iterator[ChainHead]:
        for key, items in self.rows.items():
            for item in items.values():
                recorded_at = unseal(item.data).item.recorded_at
                if hour in {None, hour_of(parse_instant(recorded_at))}:
                    yield ChainHead(key.text, item.sequence, item.sha256)


class MemoryAnchors:
    """AnchorStore: each object is a list of versions, which only grows."""

    def __init__(self) -> None:
        self.first: str | None = None
        self.hours: dict[str, list[bytes | None]] = {}
        self.trees: dict[str, list[bytes | None]] = {}

    def newest(self) -> StoredAnchor | None:
        return self._anchor(max(self.hours)) if self.hours else None

    def first_hour(self, hour: str) -> str:
        self.first = self.first or hour
        return self.first

    def put_once(self, hour: str, data: bytes) -> bytes:
        put_once(self.hours, hour, data)
        return self._anchor(hour).data

    def put_leaves(self, root: str, data: bytes) -> None:
        put_once(self.trees, root, data)

    def anchors(self) -> Iterator[StoredAnchor]:
        return iter([self._anchor(hour) for hour in sorted(self.hours)])

    def leaves(self, root: str) -> bytes | None:
        versions = self.trees.get(root)
        return None if versions is None else versions[0]

    def _anchor(self, hour: str) -> StoredAnchor:
        versions = self.hours[hour]
        assert versions[0] is not None
        return StoredAnchor(hour, versions[0], is_overwritten=len(versions) > 1)


def put_once(objects: dict[str, list[bytes | None]], key: str, data: bytes) -> None:
    """Add a version to a key without versions or with a delete marker (None), as S3 does."""
    versions = objects.setdefault(key, [])
    if not versions or versions[-1] is None:
        versions.append(data)


def run_key(strategy: str = "momentum", run_id: str = "r1", world_id: str = WORLD) -> RunKey:
    return RunKey(world_id, strategy, run_id)


def created(**changed: Any) -> RunCreated:
    """Return the evaluation of a strategy that passes."""
    payload = RunCreated(
        stage="paper",
        risk_tier="medium",
        model_card_version="card-3",
        metrics=MetricBlocks(returns={"sharpe": 1.25, "max_drawdown": 0.11}, risk={"var_99": 0.021}),
        results=(rule_result(),),
        status="pass",
        recommended_stage="live",
        policy_id="core",
        policy_version="v7",
        policy_hash=HASH,
        engine_version="1",
        snapshot=SnapshotReference(version="v1", content_hash=HASH),
    )
    return payload.model_copy(update=changed)


def rule_result(status: RuleStatus = "pass", rule: str = "sharpe_min") -> RuleResult:
    return RuleResult(
        rule=rule,
        status=status,
        severity="blocking",
        owner="risk",
        tags=("performance",),
        reason_code="within_limit",
        metric="returns.sharpe",
        observed=1.25,
        limit=1.0,
        unit="ratio",
    )


def draft(key: RunKey | None = None, subject: str = "evaluator", **changed: Any) -> RunDraft:
    return RunDraft(run_key() if key is None else key, subject, created(**changed))


def validation(name: str = "stress", status: RuleStatus = "pass") -> ExtendedValidation:
    return ExtendedValidation(
        validation=name,
        status=status,
        engine_version="1",
        metrics=MetricBlocks(stress={"crash": {"loss": 0.2}}),
        results=(rule_result(status, "stress_crash"),),
    )


def changed_item(item: StoredItem, **members: Any) -> StoredItem:
    """Return an item whose content was changed, with the digest that its bytes now have."""
    sealed = seal(unseal(item.data).item.model_copy(update=members))
    return replace(item, data=sealed.data, sha256=sealed.sha256)
