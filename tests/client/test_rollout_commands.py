"""`risk-hub rollout set`, `show`, `history` and `rollback`, and the same calls of both clients."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from risk_hub_client import (
    AsyncRiskHubClient,
    ConflictError,
    DeniedError,
    InvalidSnapshotError,
    RiskHubClient,
)
from risk_hub_client.cli.app import REFUSED, USAGE, build_app, run
from risk_hub_contracts.base.tokens import Scope
from tests.client.server import Server

SCOPES: Sequence[Scope] = ("governance:approve", "evaluations:read")


class Shell:
    """A shell of one person, in which the hub's own handlers print to the same output."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._captured.readouterr()
        status = run(build_app(), ["rollout", *arguments])
        out, err = self._captured.readouterr()
        printed = [line for line in out.splitlines() if not line.startswith('{"')]
        return status, "\n".join(printed), err

    def document(self, *arguments: str, status: int = 0) -> Any:
        found, out, err = self(*arguments, "--json")
        assert found == status, err
        return json.loads(out)


@pytest.fixture
def shell(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("RISK_HUB_URL", server.url)
    monkeypatch.setenv("RISK_HUB_TOKEN", server.hub.tokens.issue(SCOPES, subject="kim"))
    return Shell(capsys)


def set_flag(shell: Shell, stage: str, decider: str = "hub") -> tuple[int, str, str]:
    return shell("set", "w1", stage, decider, "--reason", "both agree")


def test_show_prints_the_flag_of_each_stage(shell: Shell) -> None:
    status, out, _ = shell("show", "w1")
    assert status == 0
    stages = ("backtest", "paper", "live")
    assert out.splitlines() == [f"w1 {stage}: caller_precheck, never set" for stage in stages]
    set_flag(shell, "backtest")
    first = shell("show", "w1")[1].splitlines()[0]
    assert first.startswith("w1 backtest: hub, since 20")
    assert first.endswith(" by kim")
    assert shell.document("show", "w1")["stages"]["backtest"]["decider"] == "hub"


def test_history_of_a_world_without_changes_says_so(shell: Shell) -> None:
    says = "w1: no change was recorded; the caller's own check decides in every stage"
    assert shell("history", "w1")[:2] == (0, says)


def test_set_and_rollback_print_the_change_and_history_prints_all_of_them(shell: Shell) -> None:
    status, first, _ = set_flag(shell, "backtest")
    assert status == 0
    assert first.startswith("w1 1: backtest from caller_precheck to hub (set), at ")
    assert first.endswith(" by kim: both agree")
    status, second, _ = shell("rollback", "w1", "backtest", "--reason", "12 strategies differ")
    assert status == 0
    assert second.startswith("w1 2: backtest from hub to caller_precheck (rollback), at ")
    assert shell("rollback", "w1", "backtest", "--reason", "again")[:2] == (0, second)
    assert shell("history", "w1")[1].splitlines() == [second, first]
    assert [each["sequence"] for each in shell.document("history", "w1")] == [2, 1]


def test_refusals_say_what_to_send_first(shell: Shell) -> None:
    status, _, err = set_flag(shell, "live")
    assert status == REFUSED
    assert "set 'paper' to 'hub' first" in err
    status, _, err = shell("rollback", "w1", "live", "--reason", "x")
    assert status == REFUSED
    assert "nobody set the flag of stage 'live'" in err
    assert shell.document("rollback", "w1", "live", "--reason", "x", status=REFUSED)["error"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "w1", "night", "hub", "--reason", "x"),
        ("set", "w1", "live", "both", "--reason", "x"),
        ("set", "w1", "live", "hub"),
        ("rollback", "w1", "live"),
        ("rollback", "w1"),
    ],
)
def test_unknown_stage_or_decider_or_a_missing_reason_is_a_usage_error_without_a_request(
    shell: Shell, server: Server, arguments: tuple[str, ...]
) -> None:
    assert shell(*arguments)[0] == USAGE
    assert not server.seen


def test_both_clients_change_and_read_the_flags(server: Server) -> None:
    token = server.hub.tokens.issue(SCOPES, subject="kim")
    with RiskHubClient(server.url, token) as hub:
        first = hub.set_decider("w1", "backtest", "hub", "both agree")
        with pytest.raises(ConflictError):
            hub.set_decider("w1", "live", "hub", "too early")
        second = hub.roll_back("w1", "backtest", "they differ")
        flags, changes = hub.rollout("w1"), list(hub.rollout_changes("w1"))
    assert changes == [second, first]
    assert flags["stages"]["backtest"]["sequence"] == second["sequence"]

    async def read() -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
        async with AsyncRiskHubClient(server.url, token) as hub:
            repeated = await hub.roll_back("w1", "backtest", "once more")
            return repeated, await hub.rollout("w1"), [each async for each in hub.rollout_changes("w1")]

    assert asyncio.run(read()) == (second, flags, changes)


def test_both_clients_read_changes_across_all_pages(server: Server) -> None:
    token = server.hub.tokens.issue(SCOPES, subject="kim")

    async def change_and_read() -> list[int]:
        async with AsyncRiskHubClient(server.url, token) as hub:
            for _ in range(51):
                await hub.set_decider("w1", "backtest", "hub", "on")
                await hub.set_decider("w1", "backtest", "caller_precheck", "off")
            return [each["sequence"] async for each in hub.rollout_changes("w1")]

    expected = list(range(102, 0, -1))
    assert asyncio.run(change_and_read()) == expected
    with RiskHubClient(server.url, token) as hub:
        assert [each["sequence"] for each in hub.rollout_changes("w1")] == expected


def test_clients_refuse_a_malformed_world_without_a_request(server: Server) -> None:
    with RiskHubClient(server.url, server.token) as hub, pytest.raises(InvalidSnapshotError):
        hub.rollout("w 1")
    assert not server.seen


def test_a_token_without_the_scope_cannot_change_a_flag(server: Server) -> None:
    token = server.hub.tokens.issue(["evaluations:read"], subject="mia")
    with RiskHubClient(server.url, token) as hub:
        with pytest.raises(DeniedError):
            hub.set_decider("w1", "backtest", "hub", "x")
        with pytest.raises(DeniedError):
            hub.roll_back("w1", "backtest", "x")
        assert hub.rollout("w1")["stages"]["backtest"]["sequence"] == 0
