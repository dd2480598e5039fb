"""Alarm rules of the operations template, so that the local stage evaluates what AWS receives."""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from infra.cdk.alarms.rule import AlarmRule, Comparison, Metric, MissingData
from infra.environments import SEVERITIES, Severity
from infra.local.assembly import Template
from infra.names import LOCAL_STAGE, alarm_topic_name, physical_name

ALARM: Final = "AWS::CloudWatch::Alarm"
TOPIC: Final = "AWS::SNS::Topic"
DESCRIPTION: Final = re.compile(
    r"(?P<meaning>.*)\. Runbook: \S*docs/runbook/(?P<page>[a-z-]+)\.md", re.DOTALL
)
COMPARISONS: Final[dict[str, Comparison]] = {
    "GreaterThanOrEqualToThreshold": "at_or_over",
    "LessThanThreshold": "under",
}


class RuleError(ValueError):
    """An alarm of the template uses a feature that is not evaluated on this machine."""


def template_rules(template: Template, stage: str = LOCAL_STAGE) -> list[AlarmRule]:
    """Read every alarm of an operations template.

    Raises:
        RuleError: an alarm has an unknown comparison, counting or description.
    """
    topics = {
        logical_id: properties["TopicName"] for logical_id, properties in template.resources(TOPIC).items()
    }
    return [_rule(stage, each, topics) for each in template.resources(ALARM).values()]


def _rule(stage: str, alarm: Mapping[str, Any], topics: Mapping[str, str]) -> AlarmRule:
    described = DESCRIPTION.fullmatch(alarm["AlarmDescription"])
    needed = alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
    if (
        described is None
        or alarm["ComparisonOperator"] not in COMPARISONS
        or needed != alarm["EvaluationPeriods"]
    ):
        raise RuleError(f"{alarm['AlarmName']} has a form that the local stage cannot evaluate")
    metrics, expression, period = _metrics(alarm)
    return AlarmRule(
        name=alarm["AlarmName"].removeprefix(physical_name(stage, "")),
        page=described["page"],
        meaning=described["meaning"],
        severity=_severity(stage, topics[alarm["AlarmActions"][0]["Ref"]]),
        metrics=metrics,
        expression=expression,
        threshold=alarm["Threshold"],
        comparison=COMPARISONS[alarm["ComparisonOperator"]],
        period_seconds=period,
        periods=alarm["EvaluationPeriods"],
        missing_data=cast("MissingData", alarm["TreatMissingData"]),
    )


def _severity(stage: str, topic: str) -> Severity:
    return {alarm_topic_name(stage, severity): severity for severity in SEVERITIES}[topic]


def _metrics(alarm: Mapping[str, Any]) -> tuple[dict[str, Metric], str | None, int]:
    if "Metrics" not in alarm:
        return {"only": _metric(alarm, alarm["Statistic"])}, None, alarm["Period"]
    (expression,) = (each["Expression"] for each in alarm["Metrics"] if "Expression" in each)
    stats = {each["Id"]: each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each}
    (period,) = {stat["Period"] for stat in stats.values()}
    return {name: _metric(stat["Metric"], stat["Stat"]) for name, stat in stats.items()}, expression, period


def _metric(definition: Mapping[str, Any], statistic: str) -> Metric:
    dimensions = {each["Name"]: each["Value"] for each in definition.get("Dimensions", [])}
    return Metric(definition["Namespace"], definition["MetricName"], dimensions, statistic)
