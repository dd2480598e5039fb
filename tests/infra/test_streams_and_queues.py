import ast
import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from events.models import EVENT_MODELS
from functions.evaluation.derived_record import MODELS
from infra.functions import FUNCTIONS, WORKER_EVENTS
from infra.names import EVENT_SOURCE, FunctionFolder
from tests.infra.assembly import Assembly, only, referent

VISIBILITY_MIN_TIMEOUTS = 6


def queue_of(worker: str) -> str:
    return worker.replace("_", "-")


QUEUES = [queue_of(worker) for worker in WORKER_EVENTS]
DEAD_LETTERS = [f"{queue}-dead-letters" for queue in QUEUES]


def mappings(assembly: Assembly, folder: str) -> list[dict[str, Any]]:
    function = assembly.function(folder)["FunctionName"]
    functions = assembly.resources("service", "AWS::Lambda::Function")
    return [
        each
        for each in assembly.properties("service", "AWS::Lambda::EventSourceMapping")
        if functions[each["FunctionName"]["Ref"]]["Properties"]["FunctionName"] == function
    ]


def rules(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Return each rule of the bus by its target queue."""
    found = assembly.properties("service", "AWS::Events::Rule")
    return {referent(target["Arn"]): each for each in found for target in each["Targets"]}


def test_event_relay_reads_the_streams_of_both_tables(any_stage: Assembly) -> None:
    streams = {referent(each["EventSourceArn"]) for each in mappings(any_stage, "event_relay")}
    assert streams == {"snapshots/stream", "evaluations/stream"}


def test_f9_a_poison_record_cannot_block_its_shard(any_stage: Assembly) -> None:
    for each in mappings(any_stage, "event_relay"):
        assert each["BisectBatchOnFunctionError"] is True
        assert each["MaximumRetryAttempts"] == 5
        assert each["MaximumRecordAgeInSeconds"] == 3600
        assert each["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert referent(each["DestinationConfig"]["OnFailure"]["Destination"]) == "relay-failures"


def test_relay_reads_only_inserts_in_order_from_the_oldest_record(any_stage: Assembly) -> None:
    for each in mappings(any_stage, "event_relay"):
        assert each["StartingPosition"] == "TRIM_HORIZON"
        assert each["BatchSize"] == 100
        assert each["ParallelizationFactor"] == 1
        (pattern,) = each["FilterCriteria"]["Filters"]
        assert json.loads(pattern["Pattern"])["eventName"] == ["INSERT"]


def test_relay_filter_matches_only_the_announced_kinds_of_reports(
    any_stage: Assembly,
) -> None:
    patterns = [
        json.loads(each["FilterCriteria"]["Filters"][0]["Pattern"])
        for each in mappings(any_stage, "event_relay")
    ]
    (keys,) = [pattern["dynamodb"]["Keys"] for pattern in patterns if "dynamodb" in pattern]
    wanted = [{"prefix": f"{kind}/"} for kind in MODELS]
    assert keys == {"evaluation_id": {"S": wanted}}


@pytest.mark.parametrize("worker", WORKER_EVENTS)
def test_a_worker_reads_its_queue_ten_messages_at_a_time(any_stage: Assembly, worker: FunctionFolder) -> None:
    (mapping,) = mappings(any_stage, worker)
    assert referent(mapping["EventSourceArn"]) == queue_of(worker)
    assert mapping["BatchSize"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("worker", WORKER_EVENTS)
def test_visibility_timeout_is_at_least_six_times_the_worker_timeout(
    any_stage: Assembly, worker: FunctionFolder
) -> None:
    timeout = any_stage.function(worker)["Timeout"]
    assert timeout == FUNCTIONS[worker].timeout_seconds
    assert any_stage.queue(queue_of(worker))["VisibilityTimeout"] >= VISIBILITY_MIN_TIMEOUTS * timeout


@pytest.mark.parametrize("worker", WORKER_EVENTS)
def test_a_message_that_fails_five_times_becomes_a_dead_letter(
    any_stage: Assembly, worker: FunctionFolder
) -> None:
    redrive = any_stage.queue(queue_of(worker))["RedrivePolicy"]
    assert redrive["maxReceiveCount"] == 5
    assert referent(redrive["deadLetterTargetArn"]) == f"{queue_of(worker)}-dead-letters"


@pytest.mark.parametrize("queue", [*DEAD_LETTERS, "event-relay-failures"])
def test_failure_queues_retain_messages_for_14_days(any_stage: Assembly, queue: str) -> None:
    assert any_stage.queue(queue)["MessageRetentionPeriod"] == 14 * 86_400


@pytest.mark.parametrize("queue", [*QUEUES, *DEAD_LETTERS, "event-relay-failures"])
def test_queues_are_encrypted(any_stage: Assembly, queue: str) -> None:
    assert any_stage.queue(queue)["SqsManagedSseEnabled"] is True


def test_only_the_listed_queues_exist(any_stage: Assembly) -> None:
    found = {each["QueueName"] for each in any_stage.properties("service", "AWS::SQS::Queue")}
    named = {*QUEUES, *DEAD_LETTERS, "event-relay-failures"}
    assert found == {f"risk-hub-{any_stage.stage}-{name}" for name in named}


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


def test_only_eventbridge_rules_may_send_to_worker_queues(any_stage: Assembly) -> None:
    allowed = [
        statement
        for policy in any_stage.properties("service", "AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert {json.dumps(each["Principal"]) for each in allowed} == {'{"Service": "events.amazonaws.com"}'}
    assert all("aws:SourceArn" in each["Condition"]["ArnEquals"] for each in allowed)


@pytest.mark.parametrize("worker", WORKER_EVENTS)
def test_rule_on_the_hubs_bus_targets_its_workers_queue(any_stage: Assembly, worker: FunctionFolder) -> None:
    bus = only(iter(any_stage.properties("service", "AWS::Events::EventBus")))
    rule = rules(any_stage)[queue_of(worker)]
    (target,) = rule["Targets"]
    assert bus["Name"] == f"risk-hub-{any_stage.stage}"
    assert referent(rule["EventBusName"]) == "bus"
    assert referent(target["DeadLetterConfig"]["Arn"]) == f"{queue_of(worker)}-dead-letters"


def test_there_is_one_rule_for_each_worker(any_stage: Assembly) -> None:
    assert len(rules(any_stage)) == len(WORKER_EVENTS)
    assert set(rules(any_stage)) == set(QUEUES)


def event(pytestconfig: pytest.Config, event_type: str) -> Any:
    sample = pytestconfig.rootpath / "events" / "samples" / f"{event_type}.json"
    detail = json.loads(sample.read_text(encoding="utf-8"))
    return {"source": detail["source"], "detail-type": detail["type"], "detail": detail}


def matches(assembly: Assembly, worker: str, announced: Any) -> bool:
    pattern = EventPattern.load(json.dumps(rules(assembly)[queue_of(worker)]["EventPattern"]))
    matched: bool = pattern.matches_event(announced)
    return matched


@pytest.mark.parametrize("event_type", EVENT_MODELS)
@pytest.mark.parametrize("worker", WORKER_EVENTS)
def test_inv12_rule_matches_only_sample_events_its_worker_handles(
    any_stage: Assembly, pytestconfig: pytest.Config, worker: str, event_type: str
) -> None:
    handled = event_type in WORKER_EVENTS[worker]
    assert matches(any_stage, worker, event(pytestconfig, event_type)) is handled


def test_exit_signal_event_triggers_no_worker(any_stage: Assembly, pytestconfig: pytest.Config) -> None:
    signal = event(pytestconfig, "exit_signal_emitted")
    assert not [worker for worker in WORKER_EVENTS if matches(any_stage, worker, signal)]


@pytest.mark.parametrize("worker", WORKER_EVENTS)
def test_rule_ignores_events_from_other_sources(local: Assembly, worker: FunctionFolder) -> None:
    for event_type in WORKER_EVENTS[worker]:
        assert not matches(
            local, worker, {"source": "somebody-else", "detail-type": event_type, "detail": {}}
        )


def test_sample_events_have_the_event_source_of_the_infrastructure(pytestconfig: pytest.Config) -> None:
    assert {event(pytestconfig, each)["source"] for each in EVENT_MODELS} == {EVENT_SOURCE}


@pytest.mark.parametrize("worker", WORKER_EVENTS)
def test_worker_reports_its_metrics_under_its_own_name(pytestconfig: pytest.Config, worker: str) -> None:
    """The alarms and dashboards of the function table watch this name."""
    handler = pytestconfig.rootpath / "functions" / worker / "handler.py"
    calls = [
        node
        for node in ast.walk(ast.parse(handler.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "queue_worker"
    ]
    assert [ast.literal_eval(call.args[0]) for call in calls] == [worker]
