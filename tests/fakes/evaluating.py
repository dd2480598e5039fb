"""A hub with an activated policy and a snapshot with returns, and requests that evaluate strategies."""

from typing import Any

from functions.evaluation.runs.read_chain import load_run
from risk_hub_contracts.policies.evaluation_policy import parse_policy
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.hub import Hub, book, post
from tests.fakes.samples import WORLD

EVALUATE = f"/risk-hub/worlds/{WORLD}/evaluate"
SHARPE = {
    "kind": "threshold",
    "severity": "blocking",
    "metric": "returns.sharpe",
    "fail": {"min": 0.5},
    "warn": {"min": 1.0},
}
INCREMENTAL = {
    "kind": "portfolio",
    "measure": "incremental_var_99",
    "severity": "blocking",
    "fail": {"max": 0.05},
}


def policy(version: str = "1", **rules: Any) -> dict[str, Any]:
    """Return a policy of the stages backtest and paper; without rules, with a limit on the Sharpe ratio."""
    return {
        "policy_id": "us-core",
        "version": version,
        "owner": "risk-desk",
        "stages": {"backtest": "all", "paper": "all"},
        "profiles": {"all": {"rules": rules or {"sharpe": SHARPE}}},
    }


def strategy(strategy_id: str = "momentum", sharpe: float = 1.25, **changed: Any) -> dict[str, Any]:
    metrics = {"returns": {"sharpe": sharpe}}
    return {"strategy_id": strategy_id, "risk_tier": "medium", "metrics": metrics, **changed}


def evaluation(*strategies: Any, **changed: Any) -> dict[str, Any]:
    return {
        "evaluation_id": "nightly-1",
        "stage": "paper",
        "strategies": list(strategies or [strategy()]),
        **changed,
    }


class Evaluating:
    """One hub, with callers for each task."""

    def __init__(self, hub: Hub | None = None) -> None:
        self.hub = hub or Hub()
        self.api: Gateway = self.hub.gateway()

    def activate(self, document: dict[str, Any] | None = None, *, world: str = WORLD) -> str:
        """Store a policy, activate it by another subject, and return its hash."""
        body = document or policy()
        key = f"/risk-hub/policies/{body['policy_id']}/versions/{body['version']}"
        assert self._write("author", key, body).status in {200, 201}
        reference = {"policy_id": body["policy_id"], "version": body["version"], "reason": "test"}
        answer = self._write("approver", f"/risk-hub/worlds/{world}/policy", reference)
        assert answer.status in {200, 201}, answer
        return parse_policy(body).policy_hash

    def store_policy(self, document: dict[str, Any]) -> None:
        key = f"/risk-hub/policies/{document['policy_id']}/versions/{document['version']}"
        assert self._write("author", key, document).status == 201

    def _write(self, subject: str, url: str, body: Any) -> Answer:
        token = self.hub.tokens.issue(["policies:write"], subject=subject)
        return self.api("PUT", url, body, headers={"Authorization": f"Bearer {token}"})

    def publish(self, version: str = "v1", **fields: Any) -> None:
        answer = post(self.api, book(version, **fields))
        assert answer.status == 201, answer

    def evaluate(self, body: Any = None, **request: Any) -> Answer:
        return self.api("POST", EVALUATE, evaluation() if body is None else body, **request)

    def run(self, strategy_id: str, run_id: str = "nightly-1") -> dict[str, Any]:
        """Return the stored record of a run."""
        return load_run(self.hub.runs, RunKey(WORLD, strategy_id, run_id))[1].model_dump(mode="json")


def ready(*, rules: dict[str, Any] | None = None, **snapshot: Any) -> Evaluating:
    """Return a hub with an activated policy and a snapshot."""
    found = Evaluating()
    found.activate(policy(**(rules or {})))
    found.publish(**snapshot)
    return found
