"""Metric lines in the functions' logs become metrics."""

import json
import time
from typing import Any

import pytest

from infra.local.bring_up import RunningStage
from infra.local.emf_bridge import emf_document, log_group_names, metric_data
from infra.names import LOCAL_STAGE, physical_name
from tests.local_stage.probe import Probe

DEADLINE_SECONDS = 30.0


def emf_line(value: object, **more: object) -> str:
    directive = {
        "Namespace": "BridgeTest",
        "Dimensions": [["service"], ["service", "stage"]],
        "Metrics": [{"Name": "stored", "Unit": "Count"}],
    }
    emf = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": emf, "service": "writer", "stage": "local", "stored": value, **more})


def test_each_emf_dimension_set_becomes_a_metric_entry() -> None:
    document = emf_document(emf_line([1, 2]))
    assert document is not None
    entries = metric_data(document)["BridgeTest"]
    assert [len(entry["Dimensions"]) for entry in entries] == [1, 2]
    assert all(entry["Values"] == [1.0, 2.0] and entry["Unit"] == "Count" for entry in entries)


@pytest.mark.parametrize(
    "line", ["plain text", '{"level": "INFO"}', '{"CloudWatchMetrics": ', '["CloudWatchMetrics"]']
)
def test_log_line_without_emf_is_not_a_metric(line: str) -> None:
    assert emf_document(line) is None


def test_emf_line_printed_by_a_worker_is_stored_once_as_a_metric(stage: RunningStage, probe: Probe) -> None:
    probe(print=["before", emf_line(3.0), "after"])
    statistics = wait_for_metric(stage, "stored", [{"Name": "service", "Value": "writer"}])
    assert statistics == {"Sum": 3.0, "SampleCount": 1.0}


def test_the_log_group_of_each_function_is_read_once(stage: RunningStage) -> None:
    groups = list(log_group_names(stage.aws.client("lambda")))
    prefix = "/aws/lambda/" + physical_name(LOCAL_STAGE, "")
    stored = stage.aws.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    assert len(groups) == len(set(groups))
    assert set(groups) >= {group["logGroupName"] for group in stored} > set()


def wait_for_metric(stage: RunningStage, name: str, dimensions: list[dict[str, str]]) -> dict[str, Any]:
    cloudwatch = stage.aws.client("cloudwatch")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        now = time.time()
        points = cloudwatch.get_metric_statistics(
            Namespace="BridgeTest",
            MetricName=name,
            Dimensions=dimensions,
            StartTime=now - 600,
            EndTime=now + 600,
            Period=3600,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        if points or time.monotonic() > deadline:
            return {key: sum(point[key] for point in points) for key in ("Sum", "SampleCount")}
        time.sleep(0.1)
