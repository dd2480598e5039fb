"""`risk-hub worlds`, from the command line to the registry's own handlers over HTTP."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from risk_hub_client import AsyncRiskHubClient, NotFoundError, RiskHubClient
from risk_hub_client.cli.app import REFUSED, USAGE, build_app, run
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY
from tests.client.server import Server
from tests.fakes.clock import START
from tests.fakes.samples import stored

EXPECT = ("worlds", "expect", "w1", "--stage", "paper", "--owner", "desk-a")
OF_W1 = ("w1", "--stage", "paper")


@dataclass
class Shell:
    """A shell in which the hub's own handlers print to the same output."""

    captured: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> tuple[int, str]:
        self.captured.readouterr()
        status = run(build_app(), list(arguments))
        out, err = self.captured.readouterr()
        printed = [line for line in out.splitlines() if not line.startswith('{"')]
        return status, "\n".join([*printed, err]).strip()


@pytest.fixture
def shell(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("RISK_HUB_URL", server.url)
    monkeypatch.setenv("RISK_HUB_TOKEN", server.token)
    return Shell(capsys)


def test_expect_show_and_forget_manage_a_world_expectation(shell: Shell) -> None:
    reported = "w1 at paper: late after 10 min, stale after 15 min, owner desk-a, quiet 22:00-06:00 UTC"
    assert shell(*EXPECT, "--critical-seconds", "900", "--quiet", "22:00-06:00") == (0, reported)
    assert shell("worlds", "show", *OF_W1) == (0, reported)
    assert shell("worlds", "forget", *OF_W1)[0] == 0
    status, output = shell("worlds", "show", *OF_W1)
    assert status == REFUSED
    assert output == "There is no expectation for world 'w1' at stage 'paper'. Expected worlds: none."


def test_rejected_expectation_prints_the_violation_pointer(shell: Shell) -> None:
    status, output = shell(*EXPECT, "--warn-seconds", "0")
    assert status == REFUSED
    assert "/warn_seconds" in output
    assert shell(*EXPECT, "--quiet", "at night")[0] == USAGE


def test_worlds_list_shows_late_worlds_first_and_exits_with_status_1(shell: Shell, server: Server) -> None:
    server.hub.worlds.advance_head(stored("v1", as_of=START))
    server.hub.worlds.advance_head(stored("v1", world_id="a-fresh-one", as_of=START))
    shell("worlds", "expect", "a-fresh-one", "--stage", "paper", "--owner", "desk-b")
    shell(*EXPECT)
    assert shell("worlds", "list")[0] == 0
    server.hub.clock.advance(seconds=601)
    server.hub.worlds.advance_head(stored("v2", world_id="a-fresh-one", as_of=server.hub.clock.now))
    status, output = shell("worlds", "list")
    assert status == REFUSED
    late, fresh = output.splitlines()
    assert late == "late: w1 at paper: v1 is 10 min 1 s old (desk-a)"
    assert fresh.startswith("fresh: a-fresh-one")
    assert shell("worlds", "list", "--late")[1] == late


def test_empty_list_of_worlds_says_what_is_missing(shell: Shell) -> None:
    assert shell("worlds", "list") == (0, "No world is registered or has a snapshot.")
    shell(*EXPECT)
    at_live = "No world at stage live is registered or has a snapshot."
    assert shell("worlds", "list", "--stage", "live") == (0, at_live)


def test_list_of_late_worlds_says_that_none_is_late(shell: Shell, server: Server) -> None:
    server.hub.worlds.advance_head(stored("v1", as_of=START))
    shell(*EXPECT)
    assert shell("worlds", "list", "--late") == (0, "No world is late, stale or missing.")


def test_exit_policy_can_be_put_and_dropped(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(
        DEFAULT_POLICY.model_copy(update={"version": "p2"}).model_dump_json(exclude_none=True),
        encoding="utf-8",
    )
    status, output = shell("worlds", "policy", *OF_W1, "--put", str(file))
    assert status == 0
    assert (json.loads(output)["policy"]["version"], json.loads(output)["stored"]) == ("p2", True)
    assert json.loads(shell("worlds", "policy", *OF_W1, "--drop")[1])["stored"] is False
    old = json.loads(shell("worlds", "policy", *OF_W1, "--version", "p2")[1])
    assert (old["policy"]["version"], old["in_force"]) == ("p2", False)
    assert shell("worlds", "policy", *OF_W1, "--version", "p2", "--drop")[0] == USAGE
    file.write_text("{", encoding="utf-8")
    assert shell("worlds", "policy", *OF_W1, "--put", str(file))[0] == USAGE


def test_put_of_a_policy_shows_limits_that_may_never_apply(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    stress = [{"scenario": "crahs", "max_loss": 0.4}]
    file.write_text(
        json.dumps({"version": "p1", "cool_down_seconds": 60, "stress": stress}), encoding="utf-8"
    )
    status, output = shell("worlds", "policy", *OF_W1, "--put", str(file))
    assert status == 0
    assert json.loads(output)["warnings"][0]["pointer"] == "/stress/0/scenario"


def test_both_clients_list_worlds_across_all_pages(client: RiskHubClient, server: Server) -> None:
    for number in range(120):
        server.hub.worlds.advance_head(stored(world_id=f"w{number:03}"))

    async def all_worlds() -> list[dict[str, Any]]:
        async with AsyncRiskHubClient(server.url, server.token) as hub:
            return [world async for world in hub.worlds()]

    seen = list(client.worlds())
    assert [world["world_id"] for world in seen] == [f"w{number:03}" for number in range(120)]
    assert asyncio.run(all_worlds()) == seen


def test_async_client_manages_expectation_and_exit_policy(server: Server) -> None:
    async def reported() -> None:
        async with AsyncRiskHubClient(server.url, server.token) as hub:
            assert (await hub.expect("w1", "paper", owner="desk-a"))["expectation"]["warn_seconds"] == 600
            assert (await hub.expectation("w1", "paper"))["set_by"]
            await hub.forget("w1", "paper")
            with pytest.raises(NotFoundError):
                await hub.expectation("w1", "paper")
            policy = json.loads(DEFAULT_POLICY.model_dump_json(exclude_none=True))
            assert (await hub.set_exit_policy("w1", "paper", policy))["stored"]
            await hub.drop_exit_policy("w1", "paper")
            assert not (await hub.exit_policy("w1", "paper"))["stored"]
            assert (await hub.exit_policy("w1", "paper", "default_v1"))["policy"]["version"] == "default_v1"

    asyncio.run(reported())


def test_world_lateness_is_judged_by_the_hubs_clock(client: RiskHubClient, server: Server) -> None:
    client.expect("w1", "paper", owner="desk-a", warn_seconds=60)
    server.hub.worlds.advance_head(stored("v1", as_of=server.hub.clock.now - timedelta(seconds=61)))
    (world,) = client.worlds()
    assert (world["state"], world["lag_seconds"]) == ("late", 61)
