import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from infra.names import EVENT_SOURCE, RISK_EVALUATED, SNAPSHOT_UPDATED
from infra.stages import STAGES
from tests.infra.assembly import Assembly, only, referent

VISIBILITY_MIN_TIMEOUTS = 6


def mappings(assembly: Assembly, folder: str) -> list[dict[str, Any]]:
    function = assembly.function(folder)["FunctionName"]
    functions = assembly.resources("service", "AWS::Lambda::Function")
    return [
        each
        for each in assembly.properties("service", "AWS::Lambda::EventSourceMapping")
        if functions[each["FunctionName"]["Ref"]]["Properties"]["FunctionName"] == function
    ]


def rule(assembly: Assembly) -> dict[str, Any]:
    return only(iter(assembly.properties("service", "AWS::Events::Rule")))


def test_both_stores_feed_the_relay_so_that_nobody_stores_and_then_publishes(any_stage: Assembly) -> None:
    streams = {referent(each["EventSourceArn"]) for each in mappings(any_stage, "event_relay")}
    assert streams == {"snapshots/stream", "evaluations/stream"}


def test_f9_a_poison_record_cannot_block_its_shard(any_stage: Assembly) -> None:
    for each in mappings(any_stage, "event_relay"):
        assert each["BisectBatchOnFunctionError"] is True
        assert each["MaximumRetryAttempts"] == 5
        assert each["MaximumRecordAgeInSeconds"] == 3600
        assert each["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert referent(each["DestinationConfig"]["OnFailure"]["Destination"]) == "relay-failures"


def test_the_relay_reads_inserts_from_the_oldest_on_and_in_order(any_stage: Assembly) -> None:
    for each in mappings(any_stage, "event_relay"):
        assert each["StartingPosition"] == "TRIM_HORIZON"
        assert each["BatchSize"] == 100
        assert each["ParallelizationFactor"] == 1
        (pattern,) = each["FilterCriteria"]["Filters"]
        assert json.loads(pattern["Pattern"]) == {"eventName": ["INSERT"]}


def test_the_engine_reads_its_queue_ten_messages_at_a_time(any_stage: Assembly) -> None:
    (mapping,) = mappings(any_stage, "risk_engine")
    assert referent(mapping["EventSourceArn"]) == "queue"
    assert mapping["BatchSize"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_message_stays_hidden_for_six_times_the_engines_timeout(any_stage: Assembly) -> None:
    queue, engine = any_stage.queue("risk-engine"), any_stage.function("risk_engine")
    assert engine["Timeout"] == STAGES[any_stage.stage].risk_engine.timeout_seconds
    assert queue["VisibilityTimeout"] >= VISIBILITY_MIN_TIMEOUTS * engine["Timeout"]


def test_a_message_that_fails_five_times_becomes_a_dead_letter(any_stage: Assembly) -> None:
    redrive = any_stage.queue("risk-engine")["RedrivePolicy"]
    assert redrive["maxReceiveCount"] == 5
    assert referent(redrive["deadLetterTargetArn"]) == "dead-letters"


@pytest.mark.parametrize("queue", ["risk-engine-dead-letters", "event-relay-failures"])
def test_failures_wait_two_weeks_for_a_person(any_stage: Assembly, queue: str) -> None:
    assert any_stage.queue(queue)["MessageRetentionPeriod"] == 14 * 86_400


@pytest.mark.parametrize("queue", ["risk-engine", "risk-engine-dead-letters", "event-relay-failures"])
def test_queues_are_encrypted(any_stage: Assembly, queue: str) -> None:
    assert any_stage.queue(queue)["SqsManagedSseEnabled"] is True


def test_every_queue_refuses_plain_http(any_stage: Assembly) -> None:
    queues = any_stage.resources("service", "AWS::SQS::Queue")
    refusing = {
        reference["Ref"]
        for policy in any_stage.properties("service", "AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for reference in policy["Queues"]
    }
    assert refusing == set(queues)


def test_only_the_rule_puts_messages_into_the_engines_queue(any_stage: Assembly) -> None:
    allowed = [
        statement
        for policy in any_stage.properties("service", "AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert {json.dumps(each["Principal"]) for each in allowed} == {'{"Service": "events.amazonaws.com"}'}
    assert all("aws:SourceArn" in each["Condition"]["ArnEquals"] for each in allowed)


def test_the_rule_is_on_the_hubs_own_bus_and_leads_to_the_engines_queue(any_stage: Assembly) -> None:
    bus = only(iter(any_stage.properties("service", "AWS::Events::EventBus")))
    (target,) = rule(any_stage)["Targets"]
    assert bus["Name"] == f"risk-hub-{any_stage.stage}"
    assert referent(rule(any_stage)["EventBusName"]) == "bus"
    assert referent(target["Arn"]) == "queue"
    assert referent(target["DeadLetterConfig"]["Arn"]) == "dead-letters"


def event(pytestconfig: pytest.Config, event_type: str) -> Any:
    sample = pytestconfig.rootpath / "events" / "samples" / f"{event_type}.json"
    detail = json.loads(sample.read_text())
    return {"source": detail["source"], "detail-type": detail["type"], "detail": detail}


def matches(assembly: Assembly, announced: Any) -> bool:
    matched: bool = EventPattern.load(json.dumps(rule(assembly)["EventPattern"])).matches_event(announced)
    return matched


@pytest.mark.parametrize(("event_type", "evaluated"), [(SNAPSHOT_UPDATED, True), (RISK_EVALUATED, False)])
def test_inv12_the_rule_matches_the_samples_of_what_the_engine_evaluates(
    any_stage: Assembly,
    pytestconfig: pytest.Config,
    event_type: str,
    evaluated: bool,  # noqa: FBT001
) -> None:
    assert matches(any_stage, event(pytestconfig, event_type)) is evaluated


def test_the_rule_ignores_what_others_put_on_the_bus(local: Assembly) -> None:
    assert not matches(local, {"source": "somebody-else", "detail-type": SNAPSHOT_UPDATED, "detail": {}})


def test_infrastructure_and_events_spell_the_source_alike(pytestconfig: pytest.Config) -> None:
    assert {event(pytestconfig, each)["source"] for each in (SNAPSHOT_UPDATED, RISK_EVALUATED)} == {
        EVENT_SOURCE
    }
