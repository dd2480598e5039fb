from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.cdk.alarms.table import alarm_rules
from infra.environments import ENVIRONMENTS, SEVERITIES
from infra.functions import FUNCTION_FOLDERS, WORKER_EVENTS
from infra.names import StackPart
from risk_hub_contracts.base.metrics import METRICS
from tests.infra.assembly import Assembly, only, synthesize

NAMED_BY: dict[str, tuple[StackPart, str, str]] = {
    "FunctionName": ("service", "AWS::Lambda::Function", "FunctionName"),
    "QueueName": ("service", "AWS::SQS::Queue", "QueueName"),
    "TableName": ("data", "AWS::DynamoDB::Table", "TableName"),
    "ApiName": ("service", "AWS::ApiGateway::RestApi", "Name"),
    "Stage": ("service", "AWS::ApiGateway::Stage", "StageName"),
    "TopicName": ("operations", "AWS::SNS::Topic", "TopicName"),
}
# The mover writes its lag in each run, so a missing lag is a mover that does not run.
HEARTBEATS = {
    *("freshness-heartbeat", "blob-reaper-heartbeat", "anchor-keeper-heartbeat"),
    *("history-lag", "runs-not-anchored"),
}
WORKER_ALARMS = ("dead-letters", "queue-age", "message-failures")
STAGE_ALARMS = (
    "snapshot-lag-warn",
    "snapshot-lag-critical",
    "snapshot-missing",
    "snapshot-silence-spreads",
    "dedupe-spike",
    "expired-spike",
    "world-size",
    "validation-success",
)
CLOSED_LISTS = {
    "worker": (*WORKER_EVENTS, "event_relay", "freshness_monitor", "snapshot_mover", "anchor_keeper"),
    "stage": ("backtest", "paper", "live"),
    "status": ("401", "403", "409", "422", "partial", "insufficient", "invalid_input"),
    "reason": ("unusable", "unavailable", "world-full"),
}
WORKERS = tuple(worker.replace("_", "-") for worker in WORKER_EVENTS)


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics of an alarm: its single metric, or those of its expression."""
    if "Metrics" not in alarm:
        return [alarm]
    return [each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each]


def every_metric(assembly: Assembly) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, alarm in alarms(assembly).items():
        for metric in metrics(alarm):
            yield name, metric


def topic_names(assembly: Assembly) -> dict[str, str]:
    topics = assembly.resources("operations", "AWS::SNS::Topic")
    return {logical_id: each["Properties"]["TopicName"] for logical_id, each in topics.items()}


def alarms(assembly: Assembly) -> dict[str, dict[str, Any]]:
    prefix = f"risk-hub-{assembly.stage}-"
    found = assembly.properties("operations", "AWS::CloudWatch::Alarm")
    return {each["AlarmName"].removeprefix(prefix): each for each in found}


def test_every_stage_has_data_service_and_operations_stacks(any_stage: Assembly) -> None:
    assert any_stage.parts() == ["data", "service", "operations"]


TABLES = ("snapshots", "worlds", "evaluations", "marks", "segments", "policies", "evaluation_runs")


def test_operations_stack_has_exactly_the_alarms_of_the_table(cloud_stage: Assembly) -> None:
    assert set(alarms(cloud_stage)) == {rule.name for rule in alarm_rules(cloud_stage.settings)}


def test_every_function_worker_table_and_topic_has_its_alarms(cloud_stage: Assembly) -> None:
    functions = [folder.replace("_", "-") for folder in FUNCTION_FOLDERS]
    assert set(alarms(cloud_stage)) >= {
        *(f"{function}-{what}" for function in functions for what in ("errors", "throttles")),
        *(f"{table.replace('_', '-')}-{kind}-throttles" for table in TABLES for kind in ("read", "write")),
        *(f"{worker}-{what}" for worker in WORKERS for what in WORKER_ALARMS),
        *(f"alarms-{severity}-undelivered" for severity in SEVERITIES),
    }


def test_alarms_on_api_relay_freshness_results_tokens_and_blobs_exist(cloud_stage: Assembly) -> None:
    assert set(alarms(cloud_stage)) >= {
        *("api-server-errors", "api-server-error-burst", "unauthorized-burst", "refusal-burst"),
        *("event-relay-iterator-age", "event-relay-silent", "relay-failures"),
        *HEARTBEATS,
        *("risk-not-computed-live", "exit-limits-not-judged-live", "token-end"),
        *(f"{what}-{stage}" for what in STAGE_ALARMS for stage in CLOSED_LISTS["stage"]),
        *("blobs-unusable", "blobs-unavailable", "world-full"),
        *("history-difference", "history-unreconciled"),
    }


def test_inv12_every_alarm_watches_a_resource_that_is_deployed(cloud_stage: Assembly) -> None:
    for name, metric in every_metric(cloud_stage):
        for dimension in metric["Dimensions"]:
            if metric["Namespace"].startswith("AWS/"):
                part, resource_type, attribute = NAMED_BY[dimension["Name"]]
                deployed = {each[attribute] for each in cloud_stage.properties(part, resource_type)}
                assert dimension["Value"] in deployed, name


def test_inv12_alarms_on_hub_metrics_use_declared_metrics_and_dimensions(
    cloud_stage: Assembly,
) -> None:
    functions = cloud_stage.properties("service", "AWS::Lambda::Function")
    written = {each["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"] for each in functions}
    own = [(n, m) for n, m in every_metric(cloud_stage) if not m["Namespace"].startswith("AWS/")]
    assert own
    for name, metric in own:
        assert {metric["Namespace"]} == written, name
        dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
        assert tuple(dimensions) in METRICS[metric["MetricName"]].dimensions, name
        assert all(value in CLOSED_LISTS[key] for key, value in dimensions.items()), name


def test_f23_missing_data_is_breaching_only_for_heartbeat_alarms(cloud_stage: Assembly) -> None:
    treated = {name: alarm["TreatMissingData"] for name, alarm in alarms(cloud_stage).items()}
    assert {name for name, silence in treated.items() if silence == "breaching"} == HEARTBEATS
    keeps_state = {name.rpartition("-")[0] for name, silence in treated.items() if silence == "ignore"}
    assert keeps_state == {
        "snapshot-lag-warn",
        "snapshot-lag-critical",
        "snapshot-missing",
        "snapshot-silence-spreads",
        "world-size",
    }
    assert set(treated.values()) == {"breaching", "notBreaching", "ignore"}


def test_no_alarm_depends_on_dynamodb_metrics_alone(cloud_stage: Assembly) -> None:
    """CloudWatch always ignores their missing data, so such an alarm would never return to OK."""
    for name, alarm in alarms(cloud_stage).items():
        namespaces = {metric["Namespace"] for metric in metrics(alarm)}
        assert namespaces != {"AWS/DynamoDB"}, name


@pytest.mark.parametrize(
    ("alarm", "statistic", "threshold", "periods"),
    [
        *((f"{worker}-dead-letters", "Maximum", 1, 1) for worker in WORKERS),
        *((f"{worker}-queue-age", "Maximum", 300, 3) for worker in WORKERS),
        ("relay-failures", "Maximum", 1, 1),
        ("event-relay-iterator-age", "Maximum", 60_000, 3),
        ("snapshot-writer-errors", "Sum", 1, 1),
        ("freshness-heartbeat", "Sum", 1, 3),
        ("blob-reaper-heartbeat", "Sum", 1, 3),
        ("snapshot-lag-critical-live", "Maximum", 1, 1),
        ("token-end", "Maximum", 14 * 86_400, 3),
        ("world-size-live", "Maximum", 1.5, 1),
        ("world-full", "Sum", 1, 1),
    ],
)
def test_alarm_has_the_expected_statistic_threshold_and_periods(
    prod: Assembly,
    alarm: str,
    statistic: str,
    threshold: float,
    periods: int,
) -> None:
    found = alarms(prod)[alarm]
    under = alarm in {*HEARTBEATS, "token-end"}
    assert found["ComparisonOperator"] == ("LessThanThreshold" if under else "GreaterThanOrEqualToThreshold")
    assert (found["Statistic"], found["Threshold"], found["EvaluationPeriods"]) == (
        statistic,
        threshold,
        periods,
    )


def test_every_alarm_links_its_runbook_page_and_notifies_its_severity_topic(cloud_stage: Assembly) -> None:
    topics, base = topic_names(cloud_stage), cloud_stage.settings.runbook_base
    rules = {rule.name: rule for rule in alarm_rules(ENVIRONMENTS[cloud_stage.stage])}
    for name, alarm in alarms(cloud_stage).items():
        assert alarm["AlarmDescription"].endswith(f"Runbook: {base}docs/runbook/{rules[name].page}.md")
        assert alarm["AlarmActions"] == alarm["OKActions"]
        (reported,) = alarm["AlarmActions"]
        assert topics[reported["Ref"]] == f"risk-hub-{cloud_stage.stage}-alarms-{rules[name].severity}"


def test_each_severity_has_alarms_and_a_lost_exit_signal_is_critical(prod: Assembly) -> None:
    severities = {rule.name: rule.severity for rule in alarm_rules(ENVIRONMENTS["prod"])}
    assert set(severities.values()) == set(SEVERITIES)
    assert severities["exit-engine-dead-letters"] == "critical"
    assert severities["snapshot-lag-critical-live"] == severities["snapshot-missing-live"] == "critical"
    assert severities["alarms-warning-undelivered"] == severities["world-full"] == "critical"
    assert severities["alarms-critical-undelivered"] == "warning"
    assert severities["snapshot-lag-critical-paper"] == severities["snapshot-lag-warn-live"] == "warning"
    assert len(topic_names(prod)) == len(SEVERITIES)


def test_alarm_topics_accept_only_aws_services_over_tls(cloud_stage: Assembly) -> None:
    for policy in cloud_stage.properties("operations", "AWS::SNS::TopicPolicy"):
        statements = policy["PolicyDocument"]["Statement"]
        (denied,) = [each for each in statements if each["Effect"] == "Deny"]
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        allowed = {each["Principal"]["Service"]: each for each in statements if each["Effect"] == "Allow"}
        assert {each["Action"] for each in allowed.values()} == {"sns:Publish"}
        assert allowed["cloudwatch.amazonaws.com"]["Condition"] == {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        }
        # EventBridge reports a failed backup of prod's archive (`archive_watch`).
        assert set(allowed) <= {"cloudwatch.amazonaws.com", "events.amazonaws.com"}


def test_number_of_subscriptions_equals_the_configured_subscribers(cloud_stage: Assembly) -> None:
    reported = [cloud_stage.settings.subscribers(severity) for severity in SEVERITIES]
    subscriptions = cloud_stage.properties("operations", "AWS::SNS::Subscription")
    assert len(subscriptions) == sum(len(each) for each in reported)


def test_subscribers_and_runbook_links_follow_the_configuration(tmp_path: Path) -> None:
    reported = synthesize(
        "dev",
        tmp_path,
        critical_subscribers="mailto:oncall@example.com, https://example.com/alarms",
        warning_subscribers="mailto:team@example.com",
        runbook_base="https://example.com/files/",
    )
    topics = topic_names(reported)
    subscribed = {
        (topics[each["TopicArn"]["Ref"]], each["Protocol"], each["Endpoint"])
        for each in reported.properties("operations", "AWS::SNS::Subscription")
    }
    assert subscribed == {
        ("risk-hub-dev-alarms-critical", "email", "oncall@example.com"),
        ("risk-hub-dev-alarms-critical", "https", "https://example.com/alarms"),
        ("risk-hub-dev-alarms-warning", "email", "team@example.com"),
    }
    assert all(
        "Runbook: https://example.com/files/docs/runbook/" in each["AlarmDescription"]
        for each in alarms(reported).values()
    )


def test_event_archive_has_the_retention_of_its_stage(cloud_stage: Assembly) -> None:
    archive = only(iter(cloud_stage.properties("operations", "AWS::Events::Archive")))
    assert archive["RetentionDays"] == ENVIRONMENTS[cloud_stage.stage].event_archive_days
    assert archive["EventPattern"] == {"source": ["risk-signal-hub"]}


def test_operations_stack_imports_no_values_from_other_stacks(cloud_stage: Assembly) -> None:
    assert "Fn::ImportValue" not in str(cloud_stage.template("operations"))
