"""`risk-hub evaluate` and `evaluate()` of both clients, against the hub's own handlers."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from risk_hub_client import AsyncRiskHubClient, InvalidSnapshotError, NotFoundError, RiskHubClient
from risk_hub_client.cli.app import REFUSED, build_app, run
from tests.client.server import Server
from tests.fakes.evaluating import Evaluating, evaluation, strategy
from tests.fakes.samples import WORLD

BODY = evaluation(strategy("momentum"), strategy("carry", 0.25))


@pytest.fixture
def world(server: Server, monkeypatch: pytest.MonkeyPatch) -> Evaluating:
    found = Evaluating(server.hub)
    found.activate()
    found.publish()
    token = server.hub.tokens.issue(["evaluations:write"], subject="kim")
    monkeypatch.setenv("RISK_HUB_URL", server.url)
    monkeypatch.setenv("RISK_HUB_TOKEN", token)
    return found


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = run(build_app(), ["evaluate", *arguments])
    out, err = capsys.readouterr()
    return status, "\n".join(line for line in out.splitlines() if not line.startswith('{"')), err


def file_of(folder: Path, document: Any) -> str:
    path = folder / "evaluation.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def test_both_clients_answer_the_same_stored_verdicts(world: Evaluating) -> None:
    async def ask() -> dict[str, Any]:
        async with AsyncRiskHubClient() as hub:
            return await hub.evaluate(WORLD, BODY)

    with RiskHubClient() as hub:
        first = hub.evaluate(WORLD, BODY)
    assert first["selected"] == ["momentum"]
    assert asyncio.run(ask()) == first
    assert len(world.hub.runs.rows) == 2


def test_request_that_violates_the_contract_is_not_sent(world: Evaluating) -> None:
    invalid = evaluation(strategy(metrics={"risk": {"incremental_var_99": 0.1}}))
    with RiskHubClient() as hub, pytest.raises(InvalidSnapshotError, match="incremental_var_99"):
        hub.evaluate(WORLD, invalid)
    assert not world.hub.runs.rows


@pytest.mark.usefixtures("world")
def test_world_without_a_policy_is_named() -> None:
    with RiskHubClient() as hub, pytest.raises(NotFoundError, match="no evaluation policy"):
        hub.evaluate("w2", BODY)


@pytest.mark.usefixtures("world")
def test_command_prints_each_verdict_with_the_rules_that_do_not_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = shown(capsys, file_of(tmp_path, BODY), "--world", WORLD)
    assert status == 0
    head, *lines = out.splitlines()
    assert head.startswith("evaluation nightly-1: us-core 1 (sha256:")
    assert lines == [
        "carry: fail, not selected, recommended stage backtest, run nightly-1",
        "  sharpe: fail, below_minimum, observed 0.25, limit 0.5",
        "momentum: pass, selected, recommended stage live, run nightly-1",
    ]


@pytest.mark.usefixtures("world")
def test_command_with_json_prints_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(build_app(), ["evaluate", file_of(tmp_path, BODY), "--world", WORLD, "--json"]) == 0
    out = capsys.readouterr().out
    answer = json.loads(out[out.index("{\n") :] if "{\n" in out else out.splitlines()[-1])
    assert answer["selected"] == ["momentum"]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("document", [[], {**BODY, "rules": {}}, {"evaluation_id": "e1"}])
def test_command_names_what_is_wrong_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], document: Any
) -> None:
    status, _, err = shown(capsys, file_of(tmp_path, document), "--world", WORLD)
    assert status == REFUSED
    assert "evaluation.json" in err
