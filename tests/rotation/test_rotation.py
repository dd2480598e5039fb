"""A rotation by the guide fails no request; a hasty one does, so the rehearsal can detect it."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from moto import mock_aws

from infra.tokens.register import TokenRegister
from risk_hub_contracts.base.limits import TOKEN_CACHE_MAX_AGE_SECONDS
from tests.fakes.hub import Hub
from tests.fakes.secrets_manager import secrets_manager
from tools.rotation.instances import Instances
from tools.rotation.procedure import PROPAGATION_SECONDS, Rehearsal

GOOD = {200, 201}


@pytest.fixture
def secretsmanager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in (("SERVICE_NAME", "tests"), ("METRICS_NAMESPACE", "RiskSignalHub")):
        monkeypatch.setenv(f"POWERTOOLS_{name}", value)
    with mock_aws():
        secrets_manager().create_secret(Name="tokens", SecretString='{"tokens": []}')
        yield secrets_manager()


def rehearsal(instances: Instances) -> Rehearsal:
    register = TokenRegister(instances.secretsmanager, "tokens")
    return Rehearsal(register, instances, instances.hub.clock, instances.pause, calm_seconds=20)


def test_f21_token_rotation_by_the_guide_fails_no_request(secretsmanager: Any) -> None:
    instances = Instances(Hub(), secretsmanager, Random(21))
    accepted_seconds = rehearsal(instances).rotate()
    assert set(instances.answers) <= GOOD, instances.answers
    assert instances.answers.total() > 500
    assert 1 < accepted_seconds <= PROPAGATION_SECONDS


def test_token_rotation_without_the_full_cache_wait_returns_401(secretsmanager: Any) -> None:
    instances = Instances(Hub(), secretsmanager, Random(21))
    rehearsal(instances).rotate(wait_seconds=TOKEN_CACHE_MAX_AGE_SECONDS / 2)
    assert instances.answers[401] > 0
