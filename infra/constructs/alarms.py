"""The alarms of a stage, as a table: which metric, which limit, and what silence means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra.stages import Stage

QUEUE_AGE_MAX_SECONDS: Final = 300
ITERATOR_AGE_MAX_MS: Final = 60_000
PERIOD_MINUTES: Final = 5
SLOW_PERIOD_MINUTES: Final = 1
SLOW_PERIODS: Final = 3

# These metrics are sent only when there is something to count: silence means that nothing went wrong.
QUIET_IS_GOOD: Final = cloudwatch.TreatMissingData.NOT_BREACHING
# CloudWatch ignores missing data of AWS/DynamoDB whatever an alarm asks for: said here, so that nobody is misled.
QUIET_KEEPS_STATE: Final = cloudwatch.TreatMissingData.IGNORE


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """One alarm: the metric, the lowest value that is wrong, and for how long it must be."""

    name: str
    what_to_do: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    threshold: float = 1
    statistic: str = "Sum"
    period_minutes: int = PERIOD_MINUTES
    periods: int = 1
    missing: cloudwatch.TreatMissingData = field(default=QUIET_IS_GOOD)


class HubAlarms(Construct):
    """Every alarm of the table below, sent to one topic that the operators subscribe to."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(
            self,
            "Topic",
            topic_name=names.physical_name(stage.name, "alarms"),
            enforce_ssl=True,
        )
        self.alarms = [self._alarm(stage, rule) for rule in alarm_rules(stage)]

    def _alarm(self, stage: Stage, rule: AlarmRule) -> cloudwatch.Alarm:
        metric = cloudwatch.Metric(
            namespace=rule.namespace,
            metric_name=rule.metric,
            dimensions_map=dict(rule.dimensions),
            statistic=rule.statistic,
            period=Duration.minutes(rule.period_minutes),
        )
        alarm = cloudwatch.Alarm(
            self,
            rule.name,
            alarm_name=names.physical_name(stage.name, rule.name),
            alarm_description=rule.what_to_do,
            metric=metric,
            threshold=rule.threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=rule.periods,
            treat_missing_data=rule.missing,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))
        return alarm


def alarm_rules(stage: Stage) -> Iterator[AlarmRule]:
    """Yields the alarms of a stage, sources of trouble in the order in which a snapshot meets them."""
    yield _api_alarm(stage.name)
    for folder in names.FUNCTION_FOLDERS:
        yield from _function_alarms(stage.name, folder)
    for table in ("snapshots", "worlds", "evaluations"):
        yield from _table_alarms(stage.name, table)
    yield _iterator_age(stage.name)
    yield _depth(
        names.relay_failures_name(stage.name), "relay-failures", "Read the keys in it, repair, redrive"
    )
    for worker in names.WORKER_EVENTS:
        yield from _worker_alarms(stage.name, worker)


def _api_alarm(stage: str) -> AlarmRule:
    return AlarmRule(
        name="api-server-errors",
        what_to_do="The API answered 5xx: read the log of the function on that route",
        namespace="AWS/ApiGateway",
        metric="5XXError",
        dimensions={"ApiName": names.physical_name(stage, "api"), "Stage": names.API_STAGE_NAME},
    )


def _function_alarms(stage: str, folder: names.FunctionFolder) -> Iterator[AlarmRule]:
    for metric, what_to_do in (
        ("Errors", "It raised or ran out of time: read its log"),
        ("Throttles", "It met a concurrency limit: look at the account's and at what calls it"),
    ):
        yield AlarmRule(
            name=f"{folder}-{metric}".lower().replace("_", "-"),
            what_to_do=f"{folder}: {what_to_do}",
            namespace="AWS/Lambda",
            metric=metric,
            dimensions={"FunctionName": names.physical_name(stage, folder)},
        )


def _table_alarms(stage: str, table: names.TableName) -> Iterator[AlarmRule]:
    for kind in ("Read", "Write"):
        yield AlarmRule(
            name=f"{table}-{kind.lower()}-throttles",
            what_to_do=f"Table {table} throttles {kind.lower()}s: find the hot world in the API's log",
            namespace="AWS/DynamoDB",
            metric=f"{kind}ThrottleEvents",
            dimensions={"TableName": names.physical_name(stage, table)},
            missing=QUIET_KEEPS_STATE,
        )


def _iterator_age(stage: str) -> AlarmRule:
    return AlarmRule(
        name="event-relay-iterator-age",
        what_to_do="Committed snapshots wait to be announced: read the relay's log and its failure queue",
        namespace="AWS/Lambda",
        metric="IteratorAge",
        dimensions={"FunctionName": names.physical_name(stage, "event_relay")},
        threshold=ITERATOR_AGE_MAX_MS,
        statistic="Maximum",
        period_minutes=SLOW_PERIOD_MINUTES,
        periods=SLOW_PERIODS,
    )


def _worker_alarms(stage: str, worker: names.FunctionFolder) -> Iterator[AlarmRule]:
    name = worker.replace("_", "-")
    yield _depth(
        names.dead_letter_queue_name(stage, worker),
        f"{name}-dead-letters",
        f"{worker}: read one message and the log of its correlation id, repair, redrive",
    )
    yield AlarmRule(
        name=f"{name}-queue-age",
        what_to_do=f"Events wait for {worker}: look at its errors and throttles",
        namespace="AWS/SQS",
        metric="ApproximateAgeOfOldestMessage",
        dimensions={"QueueName": names.queue_name(stage, worker)},
        threshold=QUEUE_AGE_MAX_SECONDS,
        statistic="Maximum",
        period_minutes=SLOW_PERIOD_MINUTES,
        periods=SLOW_PERIODS,
    )


def _depth(queue: str, name: str, what_to_do: str) -> AlarmRule:
    return AlarmRule(
        name=name,
        what_to_do=what_to_do,
        namespace="AWS/SQS",
        metric="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": queue},
        statistic="Maximum",
    )
