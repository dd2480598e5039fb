"""`risk-hub runs list`, `show` and `history`, and the same calls of both clients."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from functions.evaluation.runs.append_item import AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns
from risk_hub_client import AsyncRiskHubClient, InvalidSnapshotError, NotFoundError, RiskHubClient
from risk_hub_client.cli.app import REFUSED, USAGE, build_app, run
from tests.adapters.test_run_store import ODD_NAMES
from tests.client.server import Server
from tests.fakes.clock import START, FrozenClock
from tests.fakes.runs import draft, run_key, validation
from tests.fakes.samples import WORLD

NAMES = [f"s{number:03}" for number in range(120)]


@pytest.fixture
def hub_url(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("RISK_HUB_URL", server.url)
    monkeypatch.setenv("RISK_HUB_TOKEN", server.hub.tokens.issue(["evaluations:read"]))
    return server.url


def store(server: Server, *strategies: str, minute: int = 0, **changed: Any) -> None:
    clock = FrozenClock(START + timedelta(minutes=minute))
    CreateRuns(server.hub.runs, clock)([draft(run_key(each), **changed) for each in strategies])


def append(server: Server, strategy: str, entry_id: str = "e1") -> None:
    item = ItemDraft(run_key(strategy), entry_id, "worker", validation("cohort", "fail"))
    AppendItem(server.hub.runs, FrozenClock(START + timedelta(hours=1)))(item)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    capsys.readouterr()
    assert run(build_app(), list(arguments)) == status
    lines = capsys.readouterr().out.splitlines()
    return "\n".join(line for line in lines if not line.startswith('{"'))


@pytest.mark.usefixtures("hub_url")
def test_list_prints_the_selected_runs_newest_first(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    for minute, strategy in enumerate("abc"):
        store(server, strategy, minute=minute, stage="live" if strategy == "b" else "paper")
    append(server, "b")
    names = [line.split()[1] for line in printed(capsys, "runs", "list", WORLD).splitlines()]
    assert names == ["c", "b", "a"]
    one = printed(capsys, "runs", "list", WORLD, "--status", "fail", "--stage", "live")
    assert "b r1: live fail, item 2 at " in one
    assert len(printed(capsys, "runs", "list", WORLD, "--limit", "2", "--oldest-first").splitlines()) == 2
    since = (START + timedelta(minutes=2)).isoformat()
    found = json.loads(printed(capsys, "runs", "list", WORLD, "--since", since, "--json"))
    assert [each["strategy_id"] for each in found] == ["c"]


@pytest.mark.usefixtures("hub_url")
def test_show_prints_the_record_with_every_result(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    store(server, "a")
    append(server, "a")
    out = printed(capsys, "runs", "show", WORLD, "a", "r1")
    assert "policy core v7 (sha256:" in out
    assert "pass sharpe_min (blocking): within_limit, 1.25 against 1.0 ratio" in out
    assert "cohort: fail at " in out
    assert json.loads(printed(capsys, "runs", "show", WORLD, "a", "r1", "--json"))["sequence"] == 2
    printed(capsys, "runs", "show", WORLD, "unknown", "r1", status=REFUSED)


@pytest.mark.usefixtures("hub_url")
def test_history_prints_every_item_with_its_digest(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    store(server, "a")
    for number in range(101):
        append(server, "a", f"e{number}")
    lines = printed(capsys, "runs", "history", WORLD, "a", "r1").splitlines()
    assert len(lines) == 102
    digests = [item.sha256 for item in server.hub.runs.chain(run_key("a")).items]
    assert [line.rpartition(" ")[2] for line in lines] == digests
    assert "102 extended_validation at " in lines[-1]


@pytest.mark.parametrize("arguments", [("--status", "ok"), ("--limit", "0")])
def test_list_refuses_an_unknown_status_and_an_empty_page(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, str]
) -> None:
    printed(capsys, "runs", "list", WORLD, *arguments, status=USAGE)


@pytest.mark.usefixtures("hub_url")
def test_clients_follow_the_pages_of_lists_and_histories(server: Server) -> None:
    store(server, *NAMES)
    append(server, "s000")

    async def everything() -> tuple[list[str], int, int]:
        async with AsyncRiskHubClient() as hub:
            listed = [each["strategy_id"] async for each in hub.runs(WORLD, order="asc")]
            record = await hub.run(WORLD, "s000", "r1")
            items = [each async for each in hub.run_history(WORLD, "s000", "r1")]
            return listed, record["sequence"], len(items)

    listed, sequence, items = asyncio.run(everything())
    assert sorted(listed) == NAMES
    assert (sequence, items) == (2, 2)
    with RiskHubClient() as hub:
        assert [each["strategy_id"] for each in hub.runs(WORLD, order="asc")] == listed
        assert len(list(hub.runs(WORLD, status="fail"))) == 1
        assert hub.run(WORLD, "s000", "r1")["sequence"] == 2
        assert len(list(hub.run_history(WORLD, "s000", "r1"))) == 2


@pytest.mark.usefixtures("hub_url")
@pytest.mark.parametrize("strategy", ODD_NAMES)
def test_client_reads_a_strategy_with_odd_characters(server: Server, strategy: str) -> None:
    store(server, strategy, "other")
    with RiskHubClient() as hub:
        assert [each["strategy_id"] for each in hub.runs(WORLD, strategy_id=strategy)] == [strategy]
        assert hub.run(WORLD, strategy, "r1")["strategy_id"] == strategy
        assert len(list(hub.run_history(WORLD, strategy, "r1"))) == 1


@pytest.mark.usefixtures("hub_url")
@pytest.mark.parametrize(("strategy", "run_id"), [("", "r1"), (" a", "r1"), ("a", "r 1"), ("a", "../b")])
def test_client_refuses_malformed_names_before_it_calls_the_hub(
    server: Server, strategy: str, run_id: str
) -> None:
    with RiskHubClient() as hub:
        with pytest.raises(InvalidSnapshotError):
            hub.run(WORLD, strategy, run_id)
        with pytest.raises(InvalidSnapshotError):
            list(hub.run_history(WORLD, strategy, run_id))
    assert not server.seen


@pytest.mark.usefixtures("hub_url")
def test_client_raises_not_found_for_an_unknown_run() -> None:
    with RiskHubClient() as hub, pytest.raises(NotFoundError):
        hub.run(WORLD, "a", "r1")
