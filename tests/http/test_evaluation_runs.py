"""Evaluation runs over HTTP: lists, one record and its history, for strategies with any name."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from functions.evaluation.runs.append_item import AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns
from functions.evaluation.runs.read_chain import load_run
from functions.hub.domain.cursor import encode_cursor
from risk_hub_contracts.base import limits
from risk_hub_contracts.base.canonical import canonical_json, sha256_hex
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.runs.metric_blocks import MetricBlocks
from risk_hub_contracts.runs.run_key import RunKey
from tests.adapters.test_run_store import ODD_NAMES
from tests.fakes.clock import START, FrozenClock
from tests.fakes.gateway import Gateway
from tests.fakes.hub import Hub
from tests.fakes.runs import created, draft, run_key, validation
from tests.fakes.samples import WORLD

RUNS = f"/risk-hub/worlds/{WORLD}/evaluation-runs"


def store(hub: Hub, *keys: RunKey, minute: int = 0, **changed: Any) -> None:
    clock = FrozenClock(START + timedelta(minutes=minute))
    CreateRuns(hub.runs, clock)([draft(key, **changed) for key in keys])


def append(hub: Hub, key: RunKey, entry_id: str = "e1", **changed: Any) -> None:
    clock = FrozenClock(START + timedelta(hours=1))
    AppendItem(hub.runs, clock)(ItemDraft(key, entry_id, "worker", validation("cohort", **changed)))


def get(api: Gateway, url: str, status: int = 200) -> Mapping[str, Any]:
    answer = api("GET", url)
    assert answer.status == status, answer
    found: Mapping[str, Any] = answer.json
    return found


def address(key: RunKey, part: str = "", **query: str) -> str:
    parameters = urlencode({"strategy_id": key.strategy_id, **query}, quote_via=quote, safe="")
    return f"/risk-hub/worlds/{key.world_id}/evaluation-runs/{key.run_id}{part}?{parameters}"


def listed(api: Gateway, query: str = "") -> list[str]:
    """Return the strategies of all pages of a list, two runs on each."""
    found: list[str] = []
    cursor = ""
    while True:
        page = get(api, f"{RUNS}?limit=2{query}{cursor}")
        found += [each["strategy_id"] for each in page["runs"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.fixture
def many(hub: Hub) -> Hub:
    for minute, (strategy, stage) in enumerate(
        {"a": "paper", "b": "live", "c": "paper", "d": "live"}.items()
    ):
        store(hub, run_key(strategy), minute=minute, stage=stage)
    store(hub, run_key("z", world_id="other"))
    append(hub, run_key("b"), status="fail")
    return hub


def test_runs_of_a_world_are_listed_newest_first_with_their_state(many: Hub, api: Gateway) -> None:
    assert listed(api) == ["d", "c", "b", "a"]
    assert listed(api, "&order=asc") == ["a", "b", "c", "d"]
    entry = get(api, f"{RUNS}?strategy_id=b")["runs"][0]
    run = load_run(many.runs, run_key("b"))[1]
    assert entry == {
        "world_id": WORLD,
        "strategy_id": "b",
        "run_id": "r1",
        "stage": "live",
        "status": "fail",
        "sequence": 2,
        "sha256": run.sha256,
        "created_at": format_instant(START + timedelta(minutes=1)),
        "updated_at": format_instant(START + timedelta(hours=1)),
    }


@pytest.mark.usefixtures("many")
def test_lists_select_strategy_stage_status_and_time(api: Gateway) -> None:
    assert listed(api, "&stage=live") == ["d", "b"]
    assert listed(api, "&status=fail") == ["b"]
    assert listed(api, "&stage=live&status=pass") == ["d"]
    assert listed(api, "&strategy_id=a&status=fail") == []
    since = quote(format_instant(START + timedelta(minutes=2)))
    assert listed(api, f"&since={since}") == ["d", "c"]
    assert listed(api, f"&since={since}&order=asc&stage=paper") == ["c"]


@pytest.mark.usefixtures("many")
def test_a_world_without_runs_has_an_empty_list(api: Gateway) -> None:
    assert get(api, "/risk-hub/worlds/unknown/evaluation-runs") == {"runs": [], "next_cursor": None}


@pytest.mark.parametrize("strategy", ODD_NAMES)
def test_a_strategy_with_odd_characters_is_listed_and_read_by_its_name(
    hub: Hub, api: Gateway, strategy: str
) -> None:
    key = run_key(strategy)
    store(hub, key, run_key("other"))
    append(hub, key)
    (entry,) = get(api, f"{RUNS}?strategy_id={quote(strategy, safe='')}")["runs"]
    assert (entry["strategy_id"], entry["sequence"]) == (strategy, 2)
    assert get(api, address(key))["strategy_id"] == strategy
    assert [each["item"]["strategy_id"] for each in get(api, address(key, "/history"))["items"]] == [
        strategy
    ] * 2


def test_a_record_is_the_fold_of_the_chain(hub: Hub, api: Gateway) -> None:
    key = run_key()
    store(hub, key)
    append(hub, key, status="fail")
    record = get(api, address(key))
    assert record == load_run(hub.runs, key)[1].model_dump(mode="json")
    assert (record["status"], record["creation_status"], record["sequence"]) == ("fail", "pass", 2)
    assert record["validations"]["cohort"]["subject"] == "worker"
    assert record["metrics"] == created().metrics.document()


def test_a_history_has_every_item_with_the_digest_of_its_canonical_form(hub: Hub, api: Gateway) -> None:
    key = run_key()
    store(hub, key)
    for number in range(4):
        append(hub, key, f"e{number}")
    first = get(api, address(key, "/history", limit="3"))
    rest = get(api, address(key, "/history", limit="3", cursor=first["next_cursor"]))
    items = [*first["items"], *rest["items"]]
    assert [each["item"]["sequence"] for each in items] == [1, 2, 3, 4, 5]
    assert rest["next_cursor"] is None
    assert [sha256_hex(canonical_json(each["item"])) for each in items] == [each["sha256"] for each in items]
    assert [each["item"]["previous_sha256"] for each in items] == [None, *(i["sha256"] for i in items[:-1])]


def test_a_page_of_a_history_ends_before_it_exceeds_the_size_of_an_answer(
    hub: Hub, api: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = run_key()
    store(hub, key)
    for number in range(3):
        append(hub, key, f"e{number}")
    sizes = [len(item.data) for item in hub.runs.items(key, 0, 9)]
    monkeypatch.setattr(
        "functions.evaluation.runs.answer_runs.RUN_HISTORY_PAGE_MAX_BYTES", sizes[1] + sizes[2]
    )
    sequences: list[list[int]] = []
    cursor: dict[str, str] = {}
    while not sequences or cursor:
        page = get(api, address(key, "/history", **cursor))
        sequences.append([each["item"]["sequence"] for each in page["items"]])
        cursor = {} if page["next_cursor"] is None else {"cursor": page["next_cursor"]}
    assert [sequence for page in sequences for sequence in page] == [1, 2, 3, 4]
    assert len(sequences) > 1


def test_the_largest_page_of_a_history_fits_into_an_answer_of_lambda() -> None:
    digests = limits.LIST_LIMIT_MAX * 200
    assert limits.RUN_HISTORY_PAGE_MAX_BYTES + limits.RUN_ITEM_MAX_BYTES + digests < 6_000_000


@pytest.mark.parametrize("part", ["", "/history"])
def test_an_unknown_run_or_strategy_is_404(many: Hub, api: Gateway, part: str) -> None:
    for key in (run_key("a", "r2"), run_key("e"), run_key("a", world_id="other")):
        assert key not in many.runs.rows
        assert get(api, address(key, part), 404)["type"].endswith(":run-not-found")


@pytest.mark.parametrize("part", ["", "/history"])
def test_a_damaged_item_is_424_and_its_content_is_not_answered(hub: Hub, api: Gateway, part: str) -> None:
    key = run_key()
    store(hub, key)
    append(hub, key)
    item = hub.runs.rows[key][2]
    hub.runs.rows[key][2] = replace(item, data=item.data.replace(b'"pass"', b'"fail"', 1))
    refused = get(api, address(key, part), 424)
    assert refused["type"].endswith(":document-unavailable")
    assert "item" in refused["detail"]
    assert "risk-hub runs verify" in refused["remedy"]


def test_a_run_whose_tail_was_cut_is_424(hub: Hub, api: Gateway) -> None:
    key = run_key()
    store(hub, key)
    append(hub, key)
    del hub.runs.rows[key][2]
    assert "tail_cut" in get(api, address(key), 424)["detail"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("strategy=a", "/strategy"),
        ("status=ok", "/status"),
        ("stage=nights", "/stage"),
        ("since=yesterday", "/since"),
        ("limit=0", "/limit"),
        ("order=up", "/order"),
        ("strategy_id=", "/strategy_id"),
        ("strategy_id=%20a", "/strategy_id"),
        ("strategy_id=a%00b", "/strategy_id"),
        ("strategy_id=e%CC%81", "/strategy_id"),
        (f"strategy_id={'x' * 129}", "/strategy_id"),
        ("status=pass&status=fail", "/status"),
    ],
)
def test_a_list_refuses_unknown_parameters_and_values(api: Gateway, query: str, pointer: str) -> None:
    refused = api("GET", f"{RUNS}?{query}")
    assert (refused.status, refused.slug, refused.pointers) == (400, "invalid-query", [pointer])


@pytest.mark.parametrize("part", ["", "/history"])
def test_a_run_is_named_by_its_strategy_too(api: Gateway, part: str) -> None:
    refused = api("GET", f"{RUNS}/r1{part}")
    assert (refused.status, refused.slug, refused.pointers) == (400, "invalid-query", ["/strategy_id"])


@pytest.mark.parametrize("run_id", ["a%20b", "%2e%2e%2f", "-a", "x" * 129])
def test_a_run_id_outside_the_grammar_is_a_contract_violation(api: Gateway, run_id: str) -> None:
    refused = api("GET", f"{RUNS}/{run_id}?strategy_id=a")
    assert (refused.status, refused.slug, refused.pointers) == (422, "contract-violation", ["/run_id"])


@pytest.mark.usefixtures("many")
def test_a_cursor_is_accepted_only_by_the_list_that_issued_it(api: Gateway) -> None:
    cursor = get(api, f"{RUNS}?limit=1&stage=live")["next_cursor"]
    for query in ("stage=paper", "order=asc&stage=live", "stage=live&status=pass", ""):
        refused = get(api, f"{RUNS}?limit=1&{query}&cursor={cursor}", 400)
        assert refused["type"].endswith(":cursor-invalid")
    other = get(api, f"/risk-hub/worlds/other/evaluation-runs?cursor={cursor}", 400)
    assert other["type"].endswith(":cursor-invalid")


@pytest.mark.parametrize("position", ["0", "-1", "1.5", "x", "1" * 9, "00001"])
def test_a_history_refuses_a_forged_cursor(hub: Hub, api: Gateway, position: str) -> None:
    store(hub, run_key())
    forged = encode_cursor({"run_history": run_key().text}, position)
    for cursor in (forged, forged[:-1], "AAAA"):
        refused = get(api, address(run_key(), "/history", cursor=cursor), 400)
        assert refused["type"].endswith(":cursor-invalid")


def test_a_cursor_of_the_history_of_another_run_is_refused(hub: Hub, api: Gateway) -> None:
    store(hub, run_key("a"), run_key("b"))
    append(hub, run_key("a"))
    cursor = get(api, address(run_key("a"), "/history", limit="1"))["next_cursor"]
    refused = get(api, address(run_key("b"), "/history", cursor=cursor), 400)
    assert refused["type"].endswith(":cursor-invalid")


def test_a_record_of_every_size_that_storage_accepts_is_answered(hub: Hub, api: Gateway) -> None:
    metrics = MetricBlocks(diagnostics={f"m{number}": float(number) for number in range(500)})
    store(hub, run_key(), metrics=metrics)
    assert get(api, address(run_key()))["metrics"] == metrics.document()
