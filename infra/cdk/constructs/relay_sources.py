"""Streams of the stored records into the relay: the outbox of the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import names
from infra.cdk.nag import acknowledge

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb

    from infra.cdk.constructs.hub_function import HubFunction
    from infra.environments import EnvironmentSpec

BATCH_RECORDS: Final = 100
RETRY_ATTEMPTS: Final = 5
RECORD_AGE_MAX_HOURS: Final = 1
FAILURE_RETENTION_DAYS: Final = 14
# Actions of Lambda on a stream under the function's role.
STREAM_READ_ACTIONS: Final = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)


class RelayFailures(Construct):
    """Queue of stream records that could not be announced; each message names the key to read again."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: EnvironmentSpec) -> None:
        super().__init__(scope, construct_id)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=names.relay_failures_name(environment.name),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(FAILURE_RETENTION_DAYS),
            removal_policy=RemovalPolicy.DESTROY,
        )
        no_redrive_reason = (
            "This is the failure queue itself; an alarm watches its depth and a person redrives it"
        )
        acknowledge(
            self.queue,
            {"AwsSolutions-SQS3": no_redrive_reason, "Serverless-SQSRedrivePolicy": no_redrive_reason},
        )


class RelaySource(Construct):
    """Feed the relay with the inserts of one table; with `key_prefixes`, only those with such a sort key.

    A record that cannot be announced is isolated by bisection, retried five times within an hour and then sent
    to the failure queue: without these limits one bad record would block its shard for a day.
    """

    def __init__(  # noqa: PLR0913 - a source is a table, its reader, a filter and the failure queue
        self,
        scope: Construct,
        construct_id: str,
        *,
        relay: HubFunction,
        table: dynamodb.Table,
        failures: sqs.Queue,
        key_prefixes: tuple[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if table.table_stream_arn is None:
            raise ValueError(f"table {table.node.path} has no stream that the relay could read")
        relay.allow(STREAM_READ_ACTIONS, [table.table_stream_arn])
        mapping = lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=relay.function,
            event_source_arn=table.table_stream_arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=BATCH_RECORDS,
            parallelization_factor=1,
            bisect_batch_on_error=True,
            retry_attempts=RETRY_ATTEMPTS,
            max_record_age=Duration.hours(RECORD_AGE_MAX_HOURS),
            report_batch_item_failures=True,
            filters=[lambda_.FilterCriteria.filter(_insert_filter(key_prefixes))],
        )
        _set_failure_queue(failures, mapping)


def _set_failure_queue(failures: sqs.Queue, mapping: lambda_.EventSourceMapping) -> None:
    """Set the failure queue without CDK's grant: the relay already may send there and needs nothing more."""
    resource = cast("lambda_.CfnEventSourceMapping", mapping.node.default_child)
    resource.destination_config = lambda_.CfnEventSourceMapping.DestinationConfigProperty(
        on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(destination=failures.queue_arn)
    )


def _insert_filter(key_prefixes: tuple[str, tuple[str, ...]] | None) -> dict[str, Any]:
    """Return the filter pattern of the inserts that the relay handles."""
    inserts: dict[str, Any] = {"eventName": lambda_.FilterRule.is_equal("INSERT")}
    if key_prefixes is None:
        return inserts
    key, prefixes = key_prefixes
    return {**inserts, "dynamodb": {"Keys": {key: {"S": [{"prefix": prefix} for prefix in prefixes]}}}}
