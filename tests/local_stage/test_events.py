"""Every commit is announced on the bus, and an unreadable record affects no other."""

import json
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from infra.local.bring_up import RunningStage
from infra.local.sample.publish import sample_body
from infra.names import relay_failures_name
from tests.local_stage.caller import Caller, new_world, small_body
from tests.local_stage.subscription import Subscription

DEADLINE_SECONDS = 30.0
SCHEMAS = Path(__file__).parents[2] / "events" / "schemas"


def test_stored_snapshot_is_announced_as_a_cloudevent(hub: Caller, subscription: Subscription) -> None:
    world, correlation_id = new_world(), f"test-{secrets.token_hex(4)}"
    stored = hub.post(world, small_body(), **{"X-Correlation-Id": correlation_id}).document()
    event = subscription.details(world, "risk_snapshot_updated")
    detail = event["detail"]
    assert (event["source"], event["detail-type"]) == ("risk-signal-hub", "risk_snapshot_updated")
    assert detail["specversion"] == "1.0"
    assert detail["subject"] == world
    assert detail["correlationid"] == correlation_id
    assert detail["data"]["content_hash"] == stored["content_hash"]
    assert not {"specversion", "subject", "correlationid"} & set(detail["data"])


@pytest.mark.parametrize("event_type", ["risk_snapshot_updated", "risk_evaluated"])
def test_announced_event_matches_its_schema(hub: Caller, subscription: Subscription, event_type: str) -> None:
    world = new_world()
    hub.post(world, sample_body(datetime.now(tz=UTC)))
    event = subscription.details(world, event_type)
    schema = json.loads((SCHEMAS / f"{event_type}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(event["detail"])


def test_a_stress_loss_over_the_default_limit_becomes_an_exit_signal(
    hub: Caller, subscription: Subscription
) -> None:
    world, body = new_world(), small_body()
    scenarios = {"crash": {"shocks": dict.fromkeys(body["weights"], -0.5)}}
    hub.post(world, {**body, "stress": scenarios})
    stress = subscription.details(world, "stress_evaluated")["detail"]
    signal = subscription.details(world, "exit_signal_emitted")["detail"]
    assert [loss["value"] for loss in stress["data"]["losses"]] == [pytest.approx(0.5, abs=1e-3)]
    assert signal["causationid"] == stress["id"]
    assert (signal["data"]["rule"], signal["data"]["policy_version"]) == ("worst_stress.reduce", "default_v1")
    for detail in (stress, signal):
        schema = json.loads((SCHEMAS / f"{detail['type']}.json").read_text(encoding="utf-8"))
        Draft202012Validator(schema).validate(detail)


def test_unreadable_record_goes_to_the_failure_queue_and_others_are_announced(
    stage: RunningStage, hub: Caller, subscription: Subscription
) -> None:
    poison, world = new_world(), new_world()
    table = stage.deployment.outputs["SnapshotsTableName"]
    stage.aws.client("dynamodb").put_item(
        TableName=table, Item={"world_id": {"S": poison}, "version": {"S": "no snapshot"}}
    )
    hub.post(world, small_body())
    assert subscription.details(world, "risk_snapshot_updated")
    assert poison in isolated(stage, poison)


def isolated(stage: RunningStage, text: str) -> str:
    sqs = stage.aws.client("sqs")
    url = sqs.get_queue_url(QueueName=relay_failures_name("local"))["QueueUrl"]
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            if text in message["Body"]:
                return str(message["Body"])
    pytest.fail("nothing was isolated")


def test_hub_metrics_are_listed_in_cloudwatch(stage: RunningStage, hub: Caller) -> None:
    hub.post(new_world(), small_body())
    cloudwatch = stage.aws.client("cloudwatch")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := cloudwatch.list_metrics(Namespace="RiskSignalHub/local")["Metrics"]):
        assert time.monotonic() < deadline, "no metric after the bridge's period"
        time.sleep(0.2)
    assert all(metric["MetricName"].startswith("risk_hub_") for metric in found)
