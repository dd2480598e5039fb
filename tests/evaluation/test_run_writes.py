"""Creating runs and appending items: once each, never over another item, never on a broken chain."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.evaluation.runs import create_runs
from functions.evaluation.runs.append_item import (
    APPEND_MAX_ATTEMPTS,
    AppendedItem,
    AppendItem,
    EntryConflictError,
    ItemDraft,
    ItemRefusedError,
    StaleSequenceError,
)
from functions.evaluation.runs.create_runs import CREATE_MAX_ATTEMPTS, CreatedRun, CreateRuns, RunDraft
from functions.evaluation.runs.ports import ChainWrite, RefusedAppend, StoredChain
from functions.evaluation.runs.read_chain import (
    TAIL_READS_MAX_COUNT,
    BrokenChainError,
    RunNotFoundError,
    load_run,
)
from functions.hub.ports import DependencyUnavailableError
from risk_hub_contracts.base import limits
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.metric_blocks import MetricBlocks
from risk_hub_contracts.runs.payloads import OverrideApproved, OverrideRequested, Payload
from risk_hub_contracts.runs.run_item import RunItemError
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.clock import START, FrozenClock
from tests.fakes.runs import MemoryRuns, changed_item, draft, run_key, validation

KEY = run_key()
REQUEST = OverrideRequested(override_id="o1", reason="data vendor outage")


@pytest.fixture
def store() -> MemoryRuns:
    store = MemoryRuns()
    create(store, draft())
    return store


def create(store: MemoryRuns, *drafts: RunDraft, now: float = 0) -> list[CreatedRun]:
    return CreateRuns(store, FrozenClock(START + timedelta(seconds=now)))(drafts)


def append(
    store: MemoryRuns, entry_id: str, payload: Payload | None = None, *, now: float = 0, **members: Any
) -> AppendedItem:
    item = ItemDraft(KEY, entry_id, "worker", payload or validation())
    return AppendItem(store, FrozenClock(START + timedelta(seconds=now)))(replace(item, **members))


def record(store: MemoryRuns, key: RunKey = KEY) -> EvaluationRun:
    return load_run(store, key)[1]


def test_a_repeated_creation_by_another_subject_later_is_a_replay(store: MemoryRuns) -> None:
    first = record(store)
    (again,) = create(store, draft(subject="other"), now=60)
    assert again == CreatedRun("replayed", first)
    assert record(store) == first


def test_a_run_id_with_other_content_is_a_conflict_and_returns_the_stored_run(store: MemoryRuns) -> None:
    (other,) = create(store, draft(status="fail"))
    assert other == CreatedRun("conflict", record(store))
    assert record(store).status == "pass"


def test_a_replay_after_later_items_is_compared_with_the_creation_alone(store: MemoryRuns) -> None:
    created = record(store)
    append(store, "e1", validation("cohort", "fail"))
    (again,) = create(store, draft())
    assert again == CreatedRun("replayed", created)
    assert record(store).status == "fail"


def test_equal_numbers_written_differently_are_a_replay(store: MemoryRuns) -> None:
    key = run_key("numbers")
    for sharpe, outcome in ((1.0, "created"), (1, "replayed"), (1.5, "conflict")):
        metrics = MetricBlocks.model_validate({"returns": {"sharpe": float(sharpe)}})
        assert [run.outcome for run in create(store, draft(key, metrics=metrics))] == [outcome]


def test_each_draft_of_a_request_has_its_own_outcome_in_their_order(store: MemoryRuns) -> None:
    drafts = [draft(run_key("new")), draft(), draft(run_key("other"))]
    create(store, drafts[2])
    changed = [drafts[0], drafts[1], draft(run_key("other"), status="warn")]
    assert [run.outcome for run in create(store, *changed)] == ["created", "replayed", "conflict"]
    assert [run.run.key for run in create(store, *changed)] == [each.key for each in changed]


def test_two_drafts_with_one_key_are_refused_before_any_write(store: MemoryRuns) -> None:
    with pytest.raises(ValueError, match="must not have the same key"):
        create(store, draft(run_key("a")), draft(run_key("a"), status="warn"))
    assert run_key("a") not in store.rows


def test_no_draft_is_a_request_that_stores_nothing(store: MemoryRuns) -> None:
    assert create(store) == []


@pytest.mark.parametrize(("count", "calls"), [(1, 1), (25, 1), (26, 2), (100, 4)])
def test_25_runs_are_stored_with_one_call(count: int, calls: int) -> None:
    store = CountingRuns()
    runs = create(store, *(draft(run_key(f"s{number}")) for number in range(count)))
    assert {run.outcome for run in runs} == {"created"}
    assert store.appends == calls
    assert create(store, *(draft(run_key(f"s{number}")) for number in range(count)))[0].outcome == "replayed"
    assert store.appends == 2 * calls


def test_large_runs_share_a_call_only_up_to_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create_runs, "BATCH_MAX_BYTES", 2_000)
    store = CountingRuns()
    create(store, *(draft(run_key(f"s{number}")) for number in range(5)))
    assert store.appends == 3


class CountingRuns(MemoryRuns):
    """Count the writes."""

    def __init__(self) -> None:
        super().__init__()
        self.appends = 0

    def append(self, writes: Any) -> RefusedAppend | None:
        self.appends += 1
        return super().append(writes)


class BusyRuns(CountingRuns):
    """Refuse every write as if another transaction were in progress."""

    def append(self, writes: Any) -> RefusedAppend | None:
        assert writes
        self.appends += 1
        return RefusedAppend({})


def test_a_creation_that_is_always_refused_is_unavailable_and_no_success() -> None:
    store = BusyRuns()
    with pytest.raises(DependencyUnavailableError, match="the run store is unavailable"):
        create(store, draft())
    assert store.appends == CREATE_MAX_ATTEMPTS


def test_an_item_above_the_limit_is_refused_before_any_write(store: MemoryRuns) -> None:
    metrics = MetricBlocks(diagnostics={f"{'x' * 120}{number}": 1.0 for number in range(1_000)})
    assert create(store, draft(run_key("large"), metrics=metrics))[0].outcome == "created"
    text = "x" * limits.RUN_ITEM_MAX_BYTES
    unbounded = OverrideRequested.model_construct(override_id="o1", reason=text)
    with pytest.raises(RunItemError, match="at most"):
        append(store, "e1", unbounded)
    assert record(store).sequence == 1


def test_an_append_gives_the_record_of_the_longer_chain(store: MemoryRuns) -> None:
    appended = append(store, "e1", validation("cohort", "warn"))
    assert appended.appended
    assert appended.run == record(store)
    assert (appended.run.sequence, appended.run.status) == (2, "warn")
    assert appended.item.item.previous_sha256 == store.rows[KEY][1].sha256


def test_a_repeated_append_adds_no_second_item(store: MemoryRuns) -> None:
    first = append(store, "e1")
    append(store, "e2", validation("cohort"))
    again = append(store, "e1", now=60, subject="other")
    assert (again.appended, again.item, again.run) == (False, first.item, record(store))
    assert record(store).sequence == 3


def test_a_repeated_append_is_a_replay_with_any_expected_sequence(store: MemoryRuns) -> None:
    append(store, "e1", expected_sequence=1)
    assert not append(store, "e1", expected_sequence=1).appended


def test_an_entry_id_with_other_content_is_a_conflict(store: MemoryRuns) -> None:
    append(store, "e1")
    with pytest.raises(
        EntryConflictError, match=r"item 2 .* has the entry id 'e1' and other content"
    ) as found:
        append(store, "e1", validation("stress", "fail"))
    assert found.value.existing.item.sequence == 2
    with pytest.raises(EntryConflictError):
        append(store, KEY.run_id)


def test_an_expected_sequence_that_is_not_the_last_is_refused_with_the_current_one(store: MemoryRuns) -> None:
    append(store, "e1")
    for expected in (0, 1, 3):
        with pytest.raises(StaleSequenceError, match=r"the last item .* is 2") as found:
            append(store, "e2", expected_sequence=expected)
        assert found.value.current == 2
    assert append(store, "e2", expected_sequence=2).run.sequence == 3


class RivalRuns(MemoryRuns):
    """Another writer appends just before each of the first writes."""

    def __init__(self, rivals: int) -> None:
        super().__init__()
        self.rivals = rivals

    def append(self, writes: Any) -> RefusedAppend | None:
        if self.rivals and writes[0].head.sequence > 1:
            self.rivals -= 1
            entry_id, rivals, self.rivals = f"rival{self.rivals}", self.rivals, 0
            AppendItem(self, FrozenClock())(ItemDraft(KEY, entry_id, "rival", validation("cohort")))
            self.rivals = rivals
        return super().append(writes)


def test_an_append_that_loses_a_race_reads_again_and_follows_the_other_item() -> None:
    store = RivalRuns(APPEND_MAX_ATTEMPTS - 1)
    create(store, draft())
    appended = append(store, "e1")
    assert appended.run.sequence == APPEND_MAX_ATTEMPTS + 1
    assert appended.run == record(store)


def test_an_append_that_always_loses_names_the_current_sequence_and_stores_nothing() -> None:
    store = RivalRuns(APPEND_MAX_ATTEMPTS)
    create(store, draft())
    with pytest.raises(StaleSequenceError) as found:
        append(store, "e1")
    assert found.value.current == APPEND_MAX_ATTEMPTS + 1
    assert {item.entry_id for item in entries(store)} == {
        "r1",
        *(f"rival{n}" for n in range(APPEND_MAX_ATTEMPTS)),
    }


def test_an_append_with_an_expected_sequence_that_loses_a_race_is_refused_at_once() -> None:
    store = RivalRuns(1)
    create(store, draft())
    with pytest.raises(StaleSequenceError) as found:
        append(store, "e1", expected_sequence=1)
    assert found.value.current == 2


def entries(store: MemoryRuns) -> list[Any]:
    return [each.item for each in load_run(store, KEY)[0]]


def test_an_item_that_the_record_cannot_take_is_refused(store: MemoryRuns) -> None:
    approval = OverrideApproved(override_id="o1", expires_at="2026-02-01T00:00:00.000000Z")
    with pytest.raises(ItemRefusedError, match="kind 'override_approved' does not fit"):
        append(store, "e1", approval)
    append(store, "e2", REQUEST)
    assert append(store, "e1", approval).run.overrides["o1"].state == "approved"


def test_an_append_to_an_unknown_run_is_refused(store: MemoryRuns) -> None:
    with pytest.raises(RunNotFoundError):
        append(store, "e1", key=run_key("unknown"))


def test_a_run_of_the_greatest_length_takes_no_further_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.evaluation.runs.append_item.RUN_ITEMS_MAX_COUNT", 3)
    store = MemoryRuns()
    create(store, draft())
    append(store, "e1")
    append(store, "e2")
    with pytest.raises(ItemRefusedError, match="at most 3 items"):
        append(store, "e3")


def test_a_clock_that_runs_backwards_changes_no_order(store: MemoryRuns) -> None:
    append(store, "e1", REQUEST, now=-3_600)
    append(store, "e2", validation("cohort", "fail"), now=-7_200)
    run = record(store)
    assert [item.entry_id for item in entries(store)] == ["r1", "e1", "e2"]
    assert run.updated_at < run.overrides["o1"].recorded_at < run.created_at
    assert (run.sequence, run.status) == (3, "fail")


def test_nothing_is_appended_to_a_broken_chain(store: MemoryRuns) -> None:
    append(store, "e1")
    store.rows[KEY][1] = changed_item(store.rows[KEY][1], subject="forger")
    before = dict(store.rows[KEY])
    with pytest.raises(BrokenChainError, match="item 2: link_broken"):
        append(store, "e2")
    assert store.rows[KEY] == before


def test_nothing_is_appended_to_a_chain_whose_tail_is_missing(store: MemoryRuns) -> None:
    append(store, "e1", REQUEST)
    del store.rows[KEY][2]
    with pytest.raises(BrokenChainError, match="item 2: tail_cut"):
        append(store, "e2")
    assert list(store.rows[KEY]) == [1]


def test_a_run_whose_items_are_all_missing_is_broken_and_not_unknown(store: MemoryRuns) -> None:
    store.rows[KEY].clear()
    with pytest.raises(BrokenChainError, match="item 1: tail_cut"):
        record(store)


def test_a_run_whose_items_are_all_missing_cannot_be_created_again(store: MemoryRuns) -> None:
    store.rows[KEY].clear()
    with pytest.raises(BrokenChainError, match="item 1: tail_cut"):
        create(store, draft())
    assert store.rows[KEY] == {}


class LateRows(MemoryRuns):
    """Show the list entry of a transaction before its item, for some reads."""

    def __init__(self, late_reads: int) -> None:
        super().__init__()
        self.late_reads = late_reads

    def chain(self, key: RunKey) -> StoredChain:
        chain = super().chain(key)
        if self.late_reads:
            self.late_reads -= 1
            return replace(chain, items=chain.items[:-1])
        return chain


def test_a_chain_that_is_short_for_a_moment_is_read_again() -> None:
    store = LateRows(0)
    create(store, draft())
    append(store, "e1")
    store.late_reads = TAIL_READS_MAX_COUNT - 1
    assert record(store).sequence == 2
    store.late_reads = TAIL_READS_MAX_COUNT
    with pytest.raises(BrokenChainError, match="tail_cut"):
        record(store)


class WatchedRuns(MemoryRuns):
    """Note the writes."""

    def __init__(self, writes: list[ChainWrite]) -> None:
        super().__init__()
        self.writes = writes

    def append(self, writes: Any) -> RefusedAppend | None:
        self.writes += writes
        return super().append(writes)


def test_a_write_states_the_list_entry_that_follows_from_its_items() -> None:
    writes: list[ChainWrite] = []
    store = WatchedRuns(writes)
    create(store, draft())
    writes.clear()
    append(store, "e1", validation("cohort", "fail"))
    (write,) = writes
    assert (write.head.sequence, write.head.sha256) == (2, write.item.sha256)
    assert (write.head.status, write.head.stage) == ("fail", "paper")
    assert store.heads[KEY] == write.head
