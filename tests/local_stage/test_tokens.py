"""The list of tokens on a stage: operators' changes apply immediately, and a start revokes no token."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from infra.local.bring_up import RunningStage
from infra.local.token_issue import TOKEN_ID, register_token
from infra.tokens.issue import TokenRequest, issue, revoke
from infra.tokens.register import TokenRegister
from risk_hub_contracts.base.tokens import Token

OPERATORS = ("one", "two", "three")


@pytest.fixture
def secret_id(stage: RunningStage) -> str:
    return stage.deployment.outputs["TokensSecretArn"]


def test_concurrent_token_changes_by_operators_are_all_kept(stage: RunningStage, secret_id: str) -> None:
    all_have_read = Barrier(len(OPERATORS))

    def create(name: str) -> None:
        entry = Token(id=name, sha256="0" * 64, scopes=["snapshots:read"], actors=[name])
        first = iter([all_have_read.wait])

        def edit(listed: Sequence[Token]) -> Sequence[Token]:
            next(first, int)()
            return [*listed, entry]

        TokenRegister(stage.aws.client("secretsmanager"), secret_id).change(edit)

    register = TokenRegister(stage.aws.client("secretsmanager"), secret_id)
    with ThreadPoolExecutor(len(OPERATORS)) as pool:
        list(pool.map(create, OPERATORS))
    listed = {each.id for each in register.tokens()}
    revoke(register, OPERATORS)
    assert {TOKEN_ID, *OPERATORS} <= listed
    assert not {each.id for each in register.tokens()} & set(OPERATORS)


def test_new_run_replaces_only_the_token_of_the_previous_run(stage: RunningStage, secret_id: str) -> None:
    secrets = stage.aws.client("secretsmanager")
    register = TokenRegister(secrets, secret_id)
    order = TokenRequest("kept", ["snapshots:read"], ["kept"], timedelta(hours=1))
    issue(register, order, datetime.now(UTC))
    before = {each.id: each.sha256 for each in register.tokens()}
    register_token(secrets, secret_id, "the next run's")
    after = {each.id: each.sha256 for each in register.tokens()}
    register_token(secrets, secret_id, stage.hub.token)
    revoke(register, ["kept"])
    assert after.keys() == before.keys()
    assert after["kept"] == before["kept"]
    assert after[TOKEN_ID] != before[TOKEN_ID]
