"""Strategies on the local stage: policy put and activated, 32 strategies evaluated, runs read back."""

import json
import random
from typing import Any

from infra.local.bring_up import RunningStage
from infra.names import table_name
from tests.fakes.calls import Answer, call
from tests.fakes.evaluating import INCREMENTAL, SHARPE, evaluation, policy, strategy
from tests.local_stage.caller import Caller, new_world, small_body
from tests.local_stage.test_evaluation_policies import tokens, wait_until_accepted

__all__ = ["tokens"]

PERIODS = 300
STRATEGIES = 32


class Curl:
    """Requests of people with a token each."""

    def __init__(self, stage: RunningStage, given: dict[str, str]) -> None:
        self.url, self.tokens = f"{stage.hub.url}/risk-hub", given

    def __call__(self, subject: str, method: str, path: str, body: Any = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.tokens[subject]}", "Content-Type": "application/json"}
        return call(
            method, f"{self.url}/{path}", headers, None if body is None else json.dumps(body).encode()
        )


def test_32_strategies_are_evaluated_by_an_activated_policy_and_read_back(
    stage: RunningStage,
    tokens: dict[str, str],
) -> None:
    wait_until_accepted(stage, tokens.values())
    curl, world = Curl(stage, tokens), new_world()
    document = policy(sharpe=SHARPE, var=INCREMENTAL) | {"policy_id": f"policy-{world}"}
    reference = {"policy_id": document["policy_id"], "version": "1", "reason": "first policy"}
    assert curl("kim", "PUT", f"policies/{document['policy_id']}/versions/1", document).status == 201
    assert curl("kim", "PUT", f"worlds/{world}/policy", reference).status == 403
    assert curl("lee", "PUT", f"worlds/{world}/policy", reference).status == 201
    source = random.Random(7)
    series = {name: [source.gauss(0.0, 0.01) for _ in range(PERIODS)] for name in ("AAPL", "MSFT")}
    assert Caller(stage.hub).post(world, small_body(realized_returns=series)).status == 201
    request = evaluation(
        strategy("AAPL"), *(strategy(f"s{place:02}", place / 10) for place in range(STRATEGIES - 1))
    )
    answer = curl("kim", "POST", f"worlds/{world}/evaluate", request)
    assert answer.status == 201, answer.body
    found = answer.document()
    assert found["selected"] == ["AAPL"]
    assert [each["strategy_id"] for each in found["strategies"] if not each["unresolved"]] == ["AAPL"]
    again = curl("kim", "POST", f"worlds/{world}/evaluate", request)
    assert (again.status, again.document()) == (200, found)
    rows = stage.aws.client("dynamodb").scan(
        TableName=table_name("local", "evaluation_runs"),
        FilterExpression="begins_with(run_key, :world)",
        ExpressionAttributeValues={":world": {"S": f"{world}/"}},
    )["Items"]
    # An item and a list entry for each strategy, and the marker.
    assert len(rows) == 2 * STRATEGIES + 1
