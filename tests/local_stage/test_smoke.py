"""The smoke test of a deployed stage, against the local one."""

from types import SimpleNamespace

import pytest

from infra.errors import DeployError
from infra.local.bring_up import RunningStage
from infra.ops.deploy.smoke import VOLATILITY, api_url, smoke, temporary_token, wait_for_volatility
from infra.tokens.register import TokenRegister
from risk_hub_client import DeniedError, HubError, NotFoundError


def test_smoke_runs_every_step_on_the_local_stage(stage: RunningStage) -> None:
    reported: list[str] = []
    smoke(stage.hub.url, stage.hub.token, "local", reported.append)
    assert [line.split()[0] for line in reported] == ["health", "contract", "publish", "latest", "risk"]


def test_smoke_token_exists_only_during_the_test(stage: RunningStage) -> None:
    register = TokenRegister(stage.aws.client("secretsmanager"), "risk-hub-local-tokens")
    before = register.tokens()
    with temporary_token(stage.aws, "local"):
        (added,) = [each for each in register.tokens() if each not in before]
        assert (added.scopes, added.actors) == (["snapshots:read", "snapshots:write"], ["smoke"])
    assert register.tokens() == before


def test_smoke_finds_the_stage_url_by_its_stack_name(stage: RunningStage) -> None:
    assert api_url(stage.aws, "local").endswith("/v1")
    with pytest.raises(DeployError, match="RiskHub-prod-service cannot be read"):
        api_url(stage.aws, "prod")


def test_smoke_fails_on_an_unexpected_contract_version(
    stage: RunningStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.ops.deploy.smoke.CONTRACT_VERSION", "v9")
    with pytest.raises(DeployError, match="answers contract version v1, but v9 is expected"):
        smoke(stage.hub.url, stage.hub.token, "local", lambda _: None)


def test_smoke_fails_on_a_wrong_volatility() -> None:
    report = {"status": "complete", "measures": [{"measure": "volatility", "value": 0.015}]}
    hub = SimpleNamespace(risk=lambda *_: report)
    with pytest.raises(DeployError, match=r"computes volatility 0\.015, but 0\.0141421356"):
        wait_for_volatility(hub, "w", "v1")  # type: ignore[arg-type]


def test_smoke_retries_when_an_instance_has_a_stale_token_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each instance reads the list separately: the last request may reach one that has not read it yet."""
    monkeypatch.setattr("infra.ops.deploy.smoke.POLL_SECONDS", 0)
    refused, early = DeniedError(401, {}, "r"), NotFoundError(404, {}, "r")
    report = {"status": "complete", "measures": [{"measure": "volatility", "value": VOLATILITY}]}
    answers = iter([refused, early, refused, report])

    def risk(*_: str) -> object:
        answer = next(answers)
        if isinstance(answer, HubError):
            raise answer
        return answer

    hub = SimpleNamespace(risk=risk)
    assert wait_for_volatility(hub, "w", "v1") == VOLATILITY  # type: ignore[arg-type]


def test_smoke_fails_without_risk_numbers() -> None:
    hub = SimpleNamespace(risk=lambda *_: {"status": "insufficient", "measures": []})
    with pytest.raises(DeployError, match="computes no volatility: insufficient"):
        wait_for_volatility(hub, "w", "v1")  # type: ignore[arg-type]


def test_smoke_fails_for_an_unknown_token(stage: RunningStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.ops.deploy.smoke.TOKEN_CACHE_MAX_AGE_SECONDS", 0)
    with pytest.raises(DeployError, match="The smoke test failed"):
        smoke(stage.hub.url, "nobody", "local", lambda _: None)
