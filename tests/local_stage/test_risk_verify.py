"""Risk reports on the running stage are recomputed bit for bit, and the engine's notes are not announced."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.evaluation.store.dynamodb_reports import stored_document
from infra.local.bring_up import RunningStage
from infra.local.sample.publish import sample_body
from infra.names import table_name
from tests.local_stage.caller import Caller, new_world
from tests.local_stage.subscription import Subscription
from tests.local_stage.test_operate import Operate, evaluations, operate

__all__ = ["operate"]

RISK_DEADLINE_SECONDS = 30.0


def evaluated(hub: Caller, body: dict[str, Any]) -> tuple[str, str]:
    """Publish a book; wait for its numbers."""
    world = new_world()
    hub.post(world, body)
    hub.risk(world, body["version"], within_seconds=RISK_DEADLINE_SECONDS)
    return world, body["version"]


@pytest.fixture
def sample(hub: Caller) -> tuple[str, str]:
    """Publish the sample book with its large components by reference; wait for its numbers."""
    return evaluated(hub, sample_body(datetime.now(tz=UTC)))


def test_risk_verify_recomputes_the_sample_report_bit_for_bit(
    hub: Caller, operate: Operate, sample: tuple[str, str]
) -> None:
    report = hub.risk(*sample, within_seconds=RISK_DEADLINE_SECONDS)
    verified = operate("risk", "verify", *sample)
    assert verified["equal"] is True
    assert verified["recomputed_hash"] == report["receipt"]["result_hash"]


def test_risk_verify_detects_a_falsified_report(
    stage: RunningStage, hub: Caller, operate: Operate, sample: tuple[str, str]
) -> None:
    report = hub.risk(*sample, within_seconds=RISK_DEADLINE_SECONDS)
    key = f"risk/{sample[1]}/{report['engine_version']}"
    client = stage.aws.client("dynamodb")
    where: Any = {"world_id": {"S": sample[0]}, "evaluation_id": {"S": key}}
    table = table_name("local", "evaluations")
    item = client.get_item(TableName=table, Key=where)["Item"]
    value = str(report["measures"][0]["value"])
    # As text, the form of release 1.0.
    item["report"] = {"S": json.dumps(stored_document(item)).replace(value, "0.001", 1)}
    client.put_item(TableName=table, Item=item)
    verified = operate("risk", "verify", *sample, status=1)
    assert verified["intact"] is False
    assert "/measures/0/value" in {each["pointer"] for each in verified["differences"]}


def test_forecast_and_notes_are_stored_with_the_announced_risk_report(
    stage: RunningStage, hub: Caller, subscription: Subscription
) -> None:
    """The age of undated returns counts from the note of their first use."""
    body = sample_body(datetime.now(tz=UTC))
    del body["returns_meta"]
    world, version = evaluated(hub, body)
    announced = subscription.details(world, "risk_evaluated")["detail"]["data"]
    assert announced["version"] == version
    kinds = {str(item["evaluation_id"]["S"]).partition("/")[0] for item in evaluations(stage, world)}
    assert {"forecast", "psd", "risk", "seen"} <= kinds
