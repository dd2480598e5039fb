"""One suite for every RunStore: an item and its list entry are stored together, once per sequence."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Protocol

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.append_item import AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns, EvaluationExistsError, RunDraft
from functions.evaluation.runs.evaluation_marker import EvaluationMarker
from functions.evaluation.runs.ports import (
    ChainWrite,
    MovedHeads,
    RefusedAppend,
    RunsOfSnapshots,
    RunStore,
)
from functions.evaluation.runs.read_chain import load_run
from functions.evaluation.runs.run_head import RunHead, snapshot_key
from functions.evaluation.runs.run_query import RunQuery
from functions.evaluation.runs.verify_runs import VerifyRuns
from functions.hub.ports import DependencyUnavailableError
from risk_hub_contracts.runs.anchor import hour_of
from risk_hub_contracts.runs.chain import ChainHead
from risk_hub_contracts.runs.fold import fold
from risk_hub_contracts.runs.payloads import Payload, SnapshotReference
from risk_hub_contracts.runs.run_item import SealedItem, seal, unseal
from risk_hub_contracts.runs.run_key import RunKey
from tests.adapters.conftest import create_table
from tests.adapters.counting import Requests
from tests.fakes.clock import START, FrozenClock
from tests.fakes.runs import HASH, MemoryAnchors, MemoryRuns, created, draft, run_key, validation
from tests.fakes.samples import WORLD

ODD_NAMES = [
    "mean/reversion",
    "a/r1/b",
    "a|b#c%20d",
    "모멘텀 전략",
    "momentum 🚀 \U0001d510",
    "'quoted' \"twice\" \\",
    "é",
    "x" * 128,
    "a:b@c+d=e&f?g",
    "..",
    "{}[]()<>*~`$^",
]


class Store(RunStore, RunsOfSnapshots, MovedHeads, Protocol):
    """The three ports, which one adapter implements."""


@pytest.fixture(params=["memory", "dynamodb"])
def runs(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryRuns()
        return
    with mock_aws():
        yield DynamoDBRuns(boto3.client("dynamodb"), create_table("evaluation_runs"))


def create(runs: RunStore, *drafts: RunDraft, clock: FrozenClock | None = None) -> list[RunKey]:
    assert {run.outcome for run in CreateRuns(runs, clock or FrozenClock())(drafts)} == {"created"}
    return [each.key for each in drafts]


def append(
    runs: RunStore, key: RunKey, entry_id: str, payload: Payload | None = None, **clock: float
) -> None:
    use_case = AppendItem(runs, FrozenClock(START + timedelta(**clock)))
    assert use_case(ItemDraft(key, entry_id, "worker", payload or validation())).appended


def next_write(runs: RunStore, key: RunKey, **members: Any) -> ChainWrite:
    """Return the write of the item that follows the stored ones, with changed members."""
    items, run = load_run(runs, key)
    following = {"sequence": run.sequence + 1, "previous_sha256": run.sha256, "entry_id": "next"}
    item = seal(items[-1].item.model_copy(update={**following, "kind": "extended_validation", **members}))
    return ChainWrite(item, RunHead.of(fold([*items, item])))


def test_items_come_back_byte_for_byte_in_order_with_the_list_entry(runs: Store) -> None:
    (key,) = create(runs, draft())
    append(runs, key, "e1")
    append(runs, key, "e2", validation("cohort", "fail"))
    chain = runs.chain(key)
    sealed = [unseal(item.data) for item in chain.items]
    assert [item.sequence for item in chain.items] == [1, 2, 3]
    assert [item.sha256 for item in chain.items] == [each.sha256 for each in sealed]
    assert chain.head == RunHead.of(fold(sealed))
    assert (chain.head.sequence, chain.head.status) == (3, "fail")


def test_an_unknown_run_has_no_rows(runs: Store) -> None:
    chain = runs.chain(run_key("unknown"))
    assert (chain.items, chain.head) == ((), None)
    assert list(runs.items(run_key("unknown"), 0, 10)) == []


def test_a_taken_sequence_refuses_the_item_and_returns_the_stored_one(runs: Store) -> None:
    (key,) = create(runs, draft())
    first, second = next_write(runs, key), next_write(runs, key, subject="other")
    assert runs.append([first]) is None
    before = runs.chain(key)
    refused = runs.append([second])
    assert refused == RefusedAppend({key: before.items[1]})
    assert runs.chain(key) == before


def test_a_sequence_that_does_not_follow_the_list_entry_is_refused(runs: Store) -> None:
    (key,) = create(runs, draft())
    write = next_write(runs, key, sequence=3)
    assert runs.append([write]) == RefusedAppend({})
    assert len(runs.chain(key).items) == 1


def test_one_refused_item_of_a_batch_refuses_the_whole_batch(runs: Store) -> None:
    (taken,) = create(runs, draft(run_key("taken")))
    free = run_key("free")
    items = [
        seal(first_item(runs, taken).item.model_copy(update={"strategy_id": n})) for n in ("taken", "free")
    ]
    refused = runs.append([ChainWrite(item, RunHead.of(fold([item]))) for item in items])
    assert refused is not None
    assert list(refused.existing) == [taken]
    assert runs.chain(free).items == ()


def first_item(runs: RunStore, key: RunKey) -> SealedItem:
    return unseal(runs.chain(key).items[0].data)


@pytest.mark.parametrize("strategy", ODD_NAMES)
def test_a_strategy_with_odd_characters_is_stored_listed_and_read_as_named(
    runs: Store, strategy: str
) -> None:
    key, other = run_key(strategy), run_key(strategy[:-1] + "_")
    create(runs, draft(key), draft(other))
    append(runs, key, "e1")
    assert [len(runs.chain(each).items) for each in (key, other)] == [2, 1]
    page = runs.page(RunQuery(WORLD, strategy_id=strategy, limit=10))
    assert [head.key for head in page.heads] == [key]
    assert key in [chain.key for chain in runs.chains()]


def test_keys_whose_parts_join_alike_are_different_runs(runs: Store) -> None:
    keys = [run_key("r2/a", "r1"), run_key("a", "r1"), run_key("r1/a", "r2"), run_key("a", "r2")]
    create(runs, *map(draft, keys))
    append(runs, keys[0], "e1")
    assert [len(runs.chain(key).items) for key in keys] == [2, 1, 1, 1]


def test_history_pages_continue_behind_a_sequence(runs: Store) -> None:
    (key,) = create(runs, draft())
    for number in range(4):
        append(runs, key, f"e{number}")
    assert [item.sequence for item in runs.items(key, 0, 2)] == [1, 2]
    assert [item.sequence for item in runs.items(key, 2, 2)] == [3, 4]
    assert [item.sequence for item in runs.items(key, 4, 2)] == [5]
    assert list(runs.items(key, 5, 2)) == []


def listed(runs: RunStore, **query: Any) -> list[str]:
    """Return the strategies of all pages of a list, two runs on each."""
    found: list[str] = []
    after = None
    while True:
        page = runs.page(RunQuery(WORLD, after=after, limit=2, **query))
        found += [head.key.strategy_id for head in page.heads]
        if page.last is None:
            return found
        after = page.last


@pytest.fixture
def many(runs: Store) -> Store:
    """Return a store with runs created a minute apart, and one of another world."""
    stages = {"a": "paper", "b": "live", "c": "paper", "d": "live", "e": "paper"}
    for minute, (strategy, stage) in enumerate(stages.items()):
        clock = FrozenClock(START + timedelta(minutes=minute))
        create(runs, draft(run_key(strategy), stage=stage), clock=clock)
    create(runs, draft(run_key("z", world_id="other"), stage="paper"))
    for strategy in ("b", "c"):
        append(runs, run_key(strategy), "e1", validation("cohort", "fail"), hours=5)
    return runs


def test_a_world_is_listed_in_the_order_of_creation_in_both_directions(many: Store) -> None:
    assert listed(many) == ["e", "d", "c", "b", "a"]
    assert listed(many, newest_first=False) == ["a", "b", "c", "d", "e"]
    assert list(many.page(RunQuery("unknown")).heads) == []


def test_lists_select_stage_status_strategy_and_any_combination(many: Store) -> None:
    assert listed(many, stage="paper") == ["e", "c", "a"]
    assert listed(many, status="fail") == ["c", "b"]
    assert listed(many, status="pass", stage="paper") == ["e", "a"]
    assert listed(many, status="fail", stage="live") == ["b"]
    assert listed(many, status="warn") == []
    assert listed(many, strategy_id="c") == ["c"]
    assert listed(many, strategy_id="c", stage="live") == []
    assert listed(many, strategy_id="c", status="fail", stage="paper") == ["c"]


def test_a_list_since_an_instant_includes_it_and_omits_earlier_creations(many: Store) -> None:
    at = START + timedelta(minutes=3)
    assert listed(many, since=at) == ["e", "d"]
    assert listed(many, since=at + timedelta(microseconds=1)) == ["e"]
    assert listed(many, since=at, newest_first=False) == ["d", "e"]
    assert listed(many, since=at, stage="live") == ["d"]


def test_an_append_changes_the_status_in_every_list_and_no_position(many: Store) -> None:
    append(many, run_key("d"), "e2", validation("cohort", "warn"), hours=6)
    assert listed(many, status="pass") == ["e", "a"]
    assert listed(many, stage="live", status="warn") == ["d"]
    assert listed(many) == ["e", "d", "c", "b", "a"]
    (head,) = many.page(RunQuery(WORLD, strategy_id="d", limit=5)).heads
    assert (head.sequence, head.status) == (2, "warn")


def test_runs_are_found_by_their_snapshot_oldest_first_and_up_to_a_limit(runs: Store) -> None:
    used, other = (SnapshotReference(version=version, content_hash=HASH) for version in ("v1", "v2"))
    changed = SnapshotReference(version="v1", content_hash="sha256:" + "b" * 64)
    for minute, (name, snapshot) in enumerate([("b", used), ("x", other), ("y", changed), ("a", used)]):
        clock = FrozenClock(START + timedelta(minutes=minute))
        create(runs, draft(run_key(name), snapshot=snapshot), clock=clock)
    create(runs, draft(run_key("none"), snapshot=None), draft(run_key("z", world_id="other"), snapshot=used))
    append(runs, run_key("a"), "e1", validation("cohort", "fail"))

    def found(version: str, content_hash: str = HASH, limit: int = 10) -> list[tuple[str, int]]:
        heads = runs.computed_from(WORLD, snapshot_key(version, content_hash), limit)
        return [(head.key.strategy_id, head.sequence) for head in heads]

    assert found("v1") == [("b", 1), ("a", 2)]
    assert found("v1", limit=1) == [("b", 1)]
    assert found("v1", changed.content_hash) == [("y", 1)]
    assert found("v3") == []


def test_runs_created_at_one_instant_are_all_listed_once(runs: Store) -> None:
    names = [f"s{number}" for number in range(7)]
    create(runs, *(draft(run_key(name)) for name in names))
    assert sorted(listed(runs)) == names
    assert listed(runs) == listed(runs, newest_first=False)[::-1]


def test_runs_of_one_strategy_have_separate_chains(runs: Store) -> None:
    keys = [run_key("a", f"r{number}") for number in range(3)]
    create(runs, *map(draft, keys))
    append(runs, keys[1], "e1")
    assert [len(runs.chain(key).items) for key in keys] == [1, 2, 1]
    assert listed(runs, strategy_id="a") == ["a", "a", "a"]


def test_every_chain_is_scanned_whole_and_once(many: Store) -> None:
    chains = {chain.key: chain for chain in many.chains()}
    assert len(chains) == 6
    assert chains == {key: many.chain(key) for key in chains}


def test_items_are_found_by_the_hour_of_their_recording(many: Store) -> None:
    first = {head.key for head in many.recorded_in(hour_of(START))}
    assert first == {many.chain(key).key.text for key in map(run_key, "abcde")} | {
        run_key("z", world_id="other").text
    }
    later = sorted(many.recorded_in(hour_of(START + timedelta(hours=5))))
    expected = [many.chain(run_key(name)).items[1] for name in "bc"]
    assert later == [ChainHead(run_key(n).text, 2, i.sha256) for n, i in zip("bc", expected, strict=True)]
    assert list(many.recorded_in("2001-01-01T00")) == []
    every = sorted(ChainHead(c.key.text, i.sequence, i.sha256) for c in many.chains() for i in c.items)
    assert sorted(many.recorded()) == every


@pytest.fixture
def table() -> Iterator[DynamoDBRuns]:
    with mock_aws():
        yield DynamoDBRuns(boto3.client("dynamodb"), create_table("evaluation_runs"))


@pytest.fixture
def requests(table: DynamoDBRuns) -> Requests:
    requests = Requests()
    requests.watch(table.dynamodb)
    return requests


def test_the_largest_batch_is_one_request_and_a_replay_of_half_of_it_two(
    table: DynamoDBRuns, requests: Requests
) -> None:
    drafts = [draft(run_key(f"s{number}")) for number in range(25)]
    create(table, *drafts[:12])
    requests.clear()
    outcomes = [run.outcome for run in CreateRuns(table, FrozenClock())(drafts)]
    assert outcomes == ["replayed"] * 12 + ["created"] * 13
    writes = [name for name in requests.operations if name != "GetItem"]
    assert writes == ["TransactWriteItems"] * 2


def test_an_append_costs_one_read_and_one_write(table: DynamoDBRuns, requests: Requests) -> None:
    (key,) = create(table, draft())
    requests.clear()
    append(table, key, "e1")
    assert list(requests.operations) == ["Query", "TransactWriteItems"]


@pytest.mark.parametrize("count", [10, 300])
def test_record_history_and_each_list_are_one_query_for_any_number_of_runs(
    table: DynamoDBRuns, requests: Requests, count: int
) -> None:
    create(table, *(draft(run_key(f"s{number}")) for number in range(count)))
    queries: list[dict[str, Any]] = [{}, {"stage": "paper"}, {"status": "pass"}, {"strategy_id": "s1"}]
    queries += [{"stage": "paper", "status": "pass"}, {"since": START}]
    for query in queries:
        requests.clear()
        found = table.page(RunQuery(WORLD, limit=5, **query)).heads
        assert len(found) == (1 if "strategy_id" in query else 5)
        assert list(requests.operations) == ["Query"]
    for snapshot in (snapshot_key("v1", HASH), snapshot_key("v2", HASH)):
        requests.clear()
        table.computed_from(WORLD, snapshot, 1_000)
        assert list(requests.operations) == ["Query"]
    requests.clear()
    assert len(table.chain(run_key("s1")).items) == len(table.items(run_key("s1"), 0, 5)) == 1
    assert list(requests.operations) == ["Query", "Query"]


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_transaction_raises_unavailable_error(
    table: DynamoDBRuns, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(table.dynamodb, "transact_write_items", canceled(code))
    with pytest.raises(DependencyUnavailableError, match=f"the run store is unavailable.*{code}"):
        create(table, draft())


def test_a_transaction_that_meets_another_one_is_a_refusal(
    table: DynamoDBRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    (key,) = create(table, draft())
    write = next_write(table, key)
    monkeypatch.setattr(table.dynamodb, "transact_write_items", canceled("TransactionConflict"))
    assert table.append([write]) == RefusedAppend({})


def canceled(code: str) -> Any:
    def transact(**_: Any) -> None:
        response: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": code}, {"Code": "None"}],
        }
        raise ClientError(response, "TransactWriteItems")

    return transact


DAMAGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a body that cannot be decompressed": ("000001", "SET body = :v", {":v": {"B": b"damaged"}}),
    "a body of another type": ("000001", "SET body = :v", {":v": {"S": "text"}}),
    "no body": ("000001", "REMOVE body", {}),
    "no digest": ("000001", "REMOVE sha256", {}),
    "a sort key that is not a sequence": ("1", "SET body = :v", {":v": {"B": b""}}),
    "a list entry that is not JSON": ("000000", "SET entry = :v", {":v": {"S": "{"}}),
    "a list entry without a member": ("000000", "SET entry = :v", {":v": {"S": "{}"}}),
    "a list entry that is not an object": ("000000", "SET entry = :v", {":v": {"S": "[]"}}),
    "no list entry": ("000000", "REMOVE entry", {}),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_row_is_found_by_verification_and_stops_no_scan(table: DynamoDBRuns, name: str) -> None:
    keys = create(table, draft(), draft(run_key("other")))
    verify = VerifyRuns(table, MemoryAnchors(), FrozenClock())
    assert verify().broken == ()
    sequence, expression, values = DAMAGES[name]
    request: dict[str, Any] = {"UpdateExpression": expression}
    if values:
        request["ExpressionAttributeValues"] = values
    key = {"run_key": {"S": keys[0].text}, "run_sequence": {"S": sequence}}
    table.dynamodb.update_item(TableName=table.table, Key=key, **request)
    assert [each.chain for each in verify().broken] == [keys[0].text]


def test_the_status_of_a_strategy_is_selected_beyond_the_first_entries(table: DynamoDBRuns) -> None:
    keys = [run_key("a", f"r{number:02}") for number in range(30)]
    create(table, draft(keys[0], status="fail"))
    clock = FrozenClock(START + timedelta(minutes=1))
    create(table, *map(draft, keys[1:]), clock=clock)
    page = table.page(RunQuery(WORLD, strategy_id="a", status="fail", limit=5))
    assert [head.key for head in page.heads] == [keys[0]]
    assert page.last is None


def test_only_the_list_entry_has_keys_of_lists_and_only_items_have_an_hour(table: DynamoDBRuns) -> None:
    create(table, draft())
    item, entry = sorted(
        table.dynamodb.scan(TableName=table.table)["Items"],
        key=lambda row: row["run_sequence"]["S"],
        reverse=True,
    )
    assert set(item) == {"run_key", "run_sequence", "body", "sha256", "recorded_hour"}
    assert {name for name in entry if name.startswith("list_")} == {
        "list_world",
        "list_strategy",
        "list_stage",
        "list_status",
        "list_stage_status",
        "list_snapshot",
    }
    assert created().stage in entry["list_stage"]["S"]


def marker(**changed: str) -> EvaluationMarker:
    members: dict[str, Any] = {
        "world_id": WORLD,
        "evaluation_id": "nightly-1",
        "request_hash": "sha256:" + "b" * 64,
        "policy_id": "core",
        "policy_version": "v7",
        "policy_hash": "sha256:" + "c" * 64,
        "snapshot_version": "v1",
        "snapshot_hash": "sha256:" + "d" * 64,
        "decider": "hub",
        "rollout_sequence": 12,
    }
    return EvaluationMarker(**{**members, **changed})


def test_marker_is_stored_with_the_first_runs_and_read_back(runs: Store) -> None:
    assert runs.marker(WORLD, "nightly-1") is None
    found = CreateRuns(runs, FrozenClock())([draft(run_key("a")), draft(run_key("b"))], marker())
    assert [each.outcome for each in found] == ["created", "created"]
    assert runs.marker(WORLD, "nightly-1") == marker()
    assert runs.marker("w2", "nightly-1") is None


def test_evaluation_with_a_marker_is_not_begun_again_and_stores_nothing(runs: Store) -> None:
    CreateRuns(runs, FrozenClock())([draft(run_key("a"))], marker())
    with pytest.raises(EvaluationExistsError) as raised:
        CreateRuns(runs, FrozenClock())([draft(run_key("b"))], marker(request_hash="sha256:" + "e" * 64))
    assert raised.value.marker == marker()
    assert runs.chain(run_key("b")).items == ()


def test_marker_is_stored_with_the_runs_that_do_not_exist_yet(runs: Store) -> None:
    create(runs, draft(run_key("a")))
    found = CreateRuns(runs, FrozenClock())([draft(run_key("a")), draft(run_key("b"))], marker())
    assert [each.outcome for each in found] == ["replayed", "created"]
    assert runs.marker(WORLD, "nightly-1") == marker()


def test_marker_is_in_no_list_and_in_no_chain(runs: Store) -> None:
    CreateRuns(runs, FrozenClock())([draft(run_key("a"))], marker())
    assert [chain.key for chain in runs.chains()] == [run_key("a")]
    assert [head.key for head in runs.page(RunQuery(WORLD, limit=10)).heads] == [run_key("a")]
    assert [each.key for each in runs.recorded()] == [run_key("a").text]


def test_first_items_are_those_of_the_runs_that_exist(runs: Store) -> None:
    keys = create(runs, *(draft(run_key(name)) for name in ODD_NAMES))
    append(runs, keys[0], "e1")
    found = runs.first_items([*keys, run_key("unknown")])
    assert found == {key: runs.chain(key).items[0] for key in keys}
