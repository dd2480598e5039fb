"""Permissions of each role, function by function. No role can delete or overwrite history.

Only the reaper deletes anything: blobs that no snapshot refers to, and their marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.names import BLOB_PREFIX, BODY_PREFIX, UPLOAD_PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_events as events
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_secretsmanager as secretsmanager
    from aws_cdk import aws_sqs as sqs

    from infra.cdk.constructs.hub_function import HubFunction
    from infra.cdk.stacks.data import DataStack

SNAPSHOT_INDEXES = ("by_as_of", "by_stage", "by_expiry")
SIGNALS_INDEX = "by_emission"
REPLAY_INDEXES = ("by_as_of", "by_stage")


def allow_writer(  # noqa: PLR0913 - the writer is given each store by name
    writer: HubFunction,
    *,
    snapshots: dynamodb.Table,
    marks: dynamodb.Table,
    worlds: dynamodb.Table,
    bucket: s3.Bucket,
    tokens: secretsmanager.Secret,
) -> None:
    """Claim blobs, put snapshots, put and head their components, complete uploads, read the tokens' digests.

    The writer also scans the registry, as the engines do, for the worlds that have their own metrics.
    """
    writer.allow(["dynamodb:PutItem"], [snapshots.table_arn])
    writer.allow(["dynamodb:GetItem", "dynamodb:PutItem"], [marks.table_arn])
    writer.allow(["dynamodb:Scan"], [worlds.table_arn])
    writer.allow(["secretsmanager:GetSecretValue"], [tokens.secret_arn])
    writer.allow_on_objects(
        ["s3:GetObject", "s3:PutObject"], bucket, [BLOB_PREFIX, BODY_PREFIX, UPLOAD_PREFIX]
    )
    writer.allow_on_objects(
        ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], bucket, [UPLOAD_PREFIX]
    )
    writer.allow_to_list(bucket)


def allow_reader(  # noqa: PLR0913 - the reader reads all that is stored
    reader: HubFunction,
    *,
    snapshots: dynamodb.Table,
    worlds: dynamodb.Table,
    evaluations: dynamodb.Table,
    bucket: s3.Bucket,
    tokens: secretsmanager.Secret,
) -> None:
    """Read everything, write nothing."""
    reader.allow(["dynamodb:BatchGetItem", "dynamodb:GetItem"], [snapshots.table_arn])
    reader.allow(["dynamodb:Query"], [f"{snapshots.table_arn}/index/{index}" for index in SNAPSHOT_INDEXES])
    reader.allow(["dynamodb:Query"], [worlds.table_arn])
    reader.allow(["dynamodb:BatchGetItem", "dynamodb:Query"], [evaluations.table_arn])
    reader.allow(["dynamodb:Query"], [f"{evaluations.table_arn}/index/{SIGNALS_INDEX}"])
    reader.allow(["secretsmanager:GetSecretValue"], [tokens.secret_arn])
    reader.allow_on_objects(["s3:GetObject"], bucket, [BLOB_PREFIX, BODY_PREFIX])
    reader.allow_to_list(bucket)


def allow_registry(registry: HubFunction, data: DataStack) -> None:
    """Write notes on the worlds' rows, read the tokens' digests; no row deletion, no snapshot access."""
    registry.allow(["dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem"], [data.worlds.table_arn])
    registry.allow(["secretsmanager:GetSecretValue"], [data.tokens.secret_arn])


def allow_monitor(monitor: HubFunction, data: DataStack, queues: Sequence[sqs.Queue]) -> None:
    """Read the worlds' rows, queue depths, and tokens' digests and ends; write only the log."""
    monitor.allow(["dynamodb:Scan"], [data.worlds.table_arn])
    monitor.allow(["secretsmanager:GetSecretValue"], [data.tokens.secret_arn])
    monitor.allow(["sqs:GetQueueAttributes"], [queue.queue_arn for queue in queues])


def allow_relay(
    relay: HubFunction,
    data: DataStack,
    *,
    bus: events.EventBus,
    failures: sqs.Queue,
) -> None:
    """Update the worlds' heads, announce records, set aside failed ones, read records to replay."""
    relay.allow(["dynamodb:UpdateItem"], [data.worlds.table_arn])
    relay.allow(["dynamodb:GetItem"], [data.snapshots.table_arn, data.evaluations.table_arn])
    indexes = [f"{data.snapshots.table_arn}/index/{index}" for index in REPLAY_INDEXES]
    relay.allow(["dynamodb:Query"], [*indexes, data.evaluations.table_arn])
    relay.allow(["events:PutEvents"], [bus.event_bus_arn])
    relay.allow(["sqs:SendMessage"], [failures.queue_arn])
    relay.allow_on_objects(["s3:GetObject"], data.bucket, [BODY_PREFIX])


def allow_engine(engine: HubFunction, data: DataStack) -> None:
    """Read one snapshot and its components, put one report; the queue grants what consuming needs."""
    engine.allow(["dynamodb:GetItem"], [data.snapshots.table_arn])
    engine.allow(["dynamodb:Scan"], [data.worlds.table_arn])
    engine.allow(["dynamodb:PutItem"], [data.evaluations.table_arn])
    engine.allow_on_objects(["s3:GetObject"], data.bucket, [BLOB_PREFIX, BODY_PREFIX])
    engine.allow_to_list(data.bucket)


def allow_risk_engine(engine: HubFunction, data: DataStack) -> None:
    """The same as every engine; also cache blob verdicts, verify reports, and store large forecasts."""
    allow_engine(engine, data)
    engine.allow(["dynamodb:GetItem"], [data.evaluations.table_arn])
    engine.allow_on_objects(["s3:PutObject"], data.bucket, [BODY_PREFIX])


def allow_exit_engine(engine: HubFunction, data: DataStack) -> None:
    """Read one snapshot without its components and one policy, and put signals; no publishing."""
    engine.allow(["dynamodb:GetItem"], [data.snapshots.table_arn, data.worlds.table_arn])
    engine.allow(["dynamodb:Scan"], [data.worlds.table_arn])
    engine.allow(["dynamodb:PutItem"], [data.evaluations.table_arn])
    engine.allow_on_objects(["s3:GetObject"], data.bucket, [BODY_PREFIX])


def allow_reaper(reaper: HubFunction, data: DataStack) -> None:
    """List and delete blobs, write and delete marks, check which snapshots exist."""
    reaper.allow(
        ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
        [data.marks.table_arn],
    )
    reaper.allow(["dynamodb:GetItem"], [data.snapshots.table_arn])
    reaper.allow_to_list(data.bucket)
    reaper.allow_on_objects(["s3:DeleteObject"], data.bucket, [BLOB_PREFIX])
