"""extended_validator as deployed: its requests, its metrics, its replies, and that no POST depends on runs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import boto3
import pytest

from events.envelope import CloudEvent
from functions.evaluation.policies.policy_records import PolicyKey
from functions.evaluation.runs.append_item import AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns
from functions.evaluation.runs.read_chain import load_run
from functions.evaluation.store.dynamodb_evaluation_policies import DynamoDBEvaluationPolicies
from infra.names import EVALUATION_RUNS_TABLE, POLICIES_TABLE
from risk_hub_contracts.runs.payloads import OverrideRequested
from risk_hub_contracts.runs.run_key import RunKey
from tests.adapters.counting import Requests
from tests.fakes.answer_validation import validate_proxy_answer
from tests.fakes.clock import FrozenClock
from tests.fakes.cold_start import cold_start
from tests.fakes.deployed import CONTEXT, deployed
from tests.fakes.extended import (
    SNAPSHOT,
    event_of,
    metrics,
    policy_of,
    policy_record,
    risk_report,
    stress_report,
)
from tests.fakes.gateway import proxy_event
from tests.fakes.runs import draft, run_key
from tests.fakes.samples import WORLD
from tools.event_samples.emitted import BODY, queue_message

TOKEN = "token-of-the-test"  # noqa: S105 - not a secret
POLICY = policy_of()


@dataclass
class Deployed:
    """The handler on moto, with the stored policy, and the requests that it sends."""

    module: ModuleType
    requests: Requests

    def create(self, *strategies: str) -> list[RunKey]:
        members: dict[str, Any] = {
            "policy_id": POLICY.policy_id,
            "policy_version": POLICY.version,
            "policy_hash": POLICY.policy_hash,
            "profile": "all",
            "snapshot": SNAPSHOT,
            "evaluation_id": "e1",
            "metrics": metrics(),
        }
        keys = [run_key(strategy, "e1") for strategy in strategies]
        CreateRuns(self.module._runs, FrozenClock())([draft(key, **members) for key in keys])  # noqa: SLF001
        self.requests.clear()
        return keys

    def handle(self, event: CloudEvent, receives: int = 1) -> list[str]:
        """Deliver an event; return the requests, and fail if the message was returned to the queue."""
        assert self.reply(event, receives) == {"batchItemFailures": []}
        return list(self.requests.operations)

    def reply(self, event: CloudEvent, receives: int = 1) -> Any:
        self.requests.clear()
        message = queue_message(event, "extended-validator")
        message["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(receives)
        return self.module.lambda_handler(message, CONTEXT)

    def layers(self, key: RunKey) -> dict[str, str]:
        run = load_run(self.module._runs, key)[1]  # noqa: SLF001
        return {name: each.status for name, each in sorted(run.validations.items())}


@pytest.fixture
def hub() -> Iterator[Deployed]:
    with deployed(TOKEN, ["snapshots:write"]):
        module, requests = cold_start("extended_validator"), Requests()
        DynamoDBEvaluationPolicies(boto3.client("dynamodb"), "policies").put_once(policy_record(POLICY))
        requests.watch(module._runs.dynamodb)  # noqa: SLF001
        yield Deployed(module, requests)


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.readouterr().out.splitlines()]


def counted(written: list[dict[str, Any]], name: str) -> dict[str, float]:
    """Return the sums of a metric by the value of its one dimension."""
    return {
        line.get("status") or line.get("reason") or "": sum(line[name]) for line in written if name in line
    }


def test_a_report_on_a_snapshot_without_a_run_costs_one_query(hub: Deployed) -> None:
    assert hub.handle(event_of(risk_report())) == ["Query"]
    assert hub.handle(event_of(stress_report())) == ["Query"]


@pytest.mark.parametrize("count", [1, 3])
def test_each_run_costs_one_read_and_a_write_for_each_layer_and_all_of_them_one_read_of_the_policy(
    hub: Deployed, count: int
) -> None:
    keys = hub.create(*(f"s{number}" for number in range(count)))
    sent = hub.handle(event_of(risk_report()))
    assert (sent.count("Query"), sent.count("GetItem")) == (1 + count, 1)
    assert sent.count("TransactWriteItems") == 3 * count
    sent = hub.handle(event_of(stress_report()))
    assert (sent.count("Query"), sent.count("GetItem")) == (1 + count, 1)
    assert sent.count("TransactWriteItems") == count
    assert hub.handle(event_of(stress_report())) == ["Query"] * (1 + count)
    for key in keys:
        assert set(hub.layers(key)) == {"cohort", "live", "portfolio", "stress"}


def test_items_are_counted_by_status_and_the_outcome_is_logged(
    hub: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.create("momentum")
    hub.handle(event_of(stress_report(0.5)))
    written = lines(capsys)
    assert counted(written, "risk_hub_extended_validations_total") == {"fail": 1}
    (worked,) = [line for line in written if line.get("message") == "worked"]
    assert (worked["outcome"], worked["stress_status"]) == ("evaluated", "partial")
    hub.handle(event_of(stress_report(0.5)))
    written = lines(capsys)
    assert counted(written, "risk_hub_extended_validations_total") == {}
    assert [line["risk_hub_snapshot_dedupe_total"] for line in written if "worker" in line] == [[1]]


def test_a_vanished_policy_returns_the_message_and_names_the_run_until_it_is_a_dead_letter(
    hub: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    (key,) = hub.create("momentum")
    boto3.client("dynamodb").delete_item(
        TableName="policies",
        Key={
            "policy_group": {"S": f"policy/{POLICY.policy_id}"},
            "policy_record": {"S": f"version/{POLICY.version}"},
        },
    )
    reply = hub.reply(event_of(stress_report()), receives=5)
    assert len(reply["batchItemFailures"]) == 1
    written = lines(capsys)
    assert counted(written, "risk_hub_runs_not_extended_total") == {"policy_missing": 1}
    (missed,) = [line for line in written if line.get("message") == "run not extended"]
    assert (missed["run"], missed["outcome"]) == (key.text, "policy_missing")
    (worker,) = [line for line in written if "worker" in line]
    assert worker["risk_hub_snapshot_dlq_total"] == [1]
    DynamoDBEvaluationPolicies(boto3.client("dynamodb"), "policies").put_once(policy_record(POLICY))
    hub.handle(event_of(stress_report()))
    assert hub.layers(key) == {"stress": "pass"}
    assert PolicyKey(POLICY.policy_id, POLICY.version) == policy_record(POLICY).entry.key


def test_an_override_of_the_run_is_kept_in_the_table(hub: Deployed) -> None:
    (key,) = hub.create("momentum")
    request = OverrideRequested(override_id="o1", reason="data vendor outage")
    AppendItem(hub.module._runs, FrozenClock())(ItemDraft(key, "o1", "anna", request))  # noqa: SLF001
    hub.handle(event_of(stress_report(0.5)))
    run = load_run(hub.module._runs, key)[1]  # noqa: SLF001
    assert (run.status, run.overrides["o1"].state) == ("fail", "requested")


def test_a_missing_table_of_runs_fails_the_worker_and_no_post(hub: Deployed) -> None:
    boto3.client("dynamodb").delete_table(TableName="evaluation_runs")
    assert len(hub.reply(event_of(risk_report()))["batchItemFailures"]) == 1
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "X-Actor": "gateway",
        "X-Stage": "paper",
        "Content-Type": "application/json",
    }
    path = f"/risk-hub/worlds/{WORLD}/snapshots"
    event = proxy_event("POST", path, headers.items(), json.dumps(BODY).encode())
    answer = cold_start("snapshot_writer").lambda_handler(event, CONTEXT)
    validate_proxy_answer(event, answer)
    assert answer["statusCode"] == 201, answer["body"]


@pytest.mark.parametrize("variable", [EVALUATION_RUNS_TABLE, POLICIES_TABLE])
def test_the_writer_needs_no_setting_of_runs_or_policies(variable: str) -> None:
    with deployed(TOKEN, ["snapshots:write"], **{variable: ""}):
        assert cold_start("snapshot_writer").lambda_handler
        with pytest.raises(RuntimeError, match=variable):
            cold_start("extended_validator")
