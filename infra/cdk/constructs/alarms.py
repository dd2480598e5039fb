"""The alarms of a stage, one topic per severity, and the topics' subscribers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra import names
from infra.cdk.alarms.rule import runbook_page
from infra.cdk.alarms.table import alarm_rules
from infra.cdk.constructs.alarm_key import AlarmKey
from infra.cdk.nag import acknowledge
from infra.environments import SEVERITIES

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

    from infra.cdk.alarms.rule import AlarmRule, Metric
    from infra.environments import EnvironmentSpec, Severity

_NO_REDRIVE_REASON: Final = (
    "SNS counts failed deliveries, and a separate alarm watches this count; an alarm read from a "
    "dead-letter queue would be outdated"
)
_COMPARISON: Final = {
    "at_or_over": cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    "under": cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
}
_MISSING_DATA: Final = {
    "breaching": cloudwatch.TreatMissingData.BREACHING,
    "ignore": cloudwatch.TreatMissingData.IGNORE,
    "notBreaching": cloudwatch.TreatMissingData.NOT_BREACHING,
}


class HubAlarms(Construct):
    """Every alarm of the table, sent to the topic of its severity when it turns on and when it ends."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: EnvironmentSpec) -> None:
        super().__init__(scope, construct_id)
        key = (
            AlarmKey(self, "Encryption", stage_name=environment.name).key
            if environment.encrypted_alarms
            else None
        )
        self.topics = {severity: self._topic(environment, severity, key) for severity in SEVERITIES}
        rules = [*alarm_rules(environment)]
        self.alarms = [self._alarm(environment, rule) for rule in rules]
        self.release_stopping_alarms = [
            alarm for alarm, rule in zip(self.alarms, rules, strict=True) if rule.stops_release
        ]

    def _topic(self, environment: EnvironmentSpec, severity: Severity, key: kms.IKey | None) -> sns.Topic:
        topic = sns.Topic(
            self,
            f"{severity.capitalize()}Topic",
            topic_name=names.alarm_topic_name(environment.name, severity),
            display_name=f"Risk hub {environment.name}: {severity}",
            enforce_ssl=True,
            master_key=key,
        )
        # A resource policy on a topic replaces the default one, which lets CloudWatch publish.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        for subscriber in environment.subscribers(severity):
            added = topic.add_subscription(_subscription(subscriber))
            acknowledge(added, {"Serverless-SNSRedrivePolicy": _NO_REDRIVE_REASON})
        return topic

    def _alarm(self, environment: EnvironmentSpec, rule: AlarmRule) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            rule.name,
            alarm_name=names.physical_name(environment.name, rule.name),
            alarm_description=f"{rule.meaning}. Runbook: {environment.runbook_base}{runbook_page(rule.page)}",
            metric=_alarm_metric(rule),
            threshold=rule.threshold,
            comparison_operator=_COMPARISON[rule.comparison],
            evaluation_periods=rule.periods,
            treat_missing_data=_MISSING_DATA[rule.missing_data],
        )
        notification = actions.SnsAction(self.topics[rule.severity])
        alarm.add_alarm_action(notification)
        alarm.add_ok_action(notification)
        return alarm


def _alarm_metric(rule: AlarmRule) -> cloudwatch.IMetric:
    period = Duration.seconds(rule.period_seconds)
    metrics = {each: _metric(metric, period) for each, metric in rule.metrics.items()}
    if rule.expression is None:
        return metrics[next(iter(rule.metrics))]
    return cloudwatch.MathExpression(
        expression=rule.expression, using_metrics=metrics, period=period, label=rule.name
    )


def _metric(metric: Metric, period: Duration) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=metric.namespace,
        metric_name=metric.name,
        dimensions_map=dict(metric.dimensions),
        statistic=metric.statistic,
        period=period,
    )


def _subscription(subscriber: str) -> sns.ITopicSubscription:
    """Return the subscription of an address. SNS sends nothing until the address has confirmed it."""
    if subscriber.startswith("https://"):
        return subscriptions.UrlSubscription(subscriber)
    return subscriptions.EmailSubscription(subscriber.removeprefix("mailto:"))
