"""Resources that the rows of the function table refer to by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aws_cdk import Stack

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_events as events
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sqs as sqs

    from infra.cdk.stacks.data import DataStack
    from infra.environments import EnvironmentSpec


@dataclass(slots=True)
class HubResources:
    """Data stores, bus and queues of one stage.

    Attributes:
        queues: every queue created so far, in the order of creation.
        relay_failures: the relay's failure queue, one of `queues`.
    """

    environment: EnvironmentSpec
    data: DataStack
    bus: events.EventBus
    queues: list[sqs.Queue] = field(default_factory=list)
    relay_failures: sqs.Queue | None = None

    def table(self, name: str) -> dynamodb.Table:
        """Return a table by its name in `names.TableName`."""
        tables = {
            "snapshots": self.data.snapshots,
            "worlds": self.data.worlds,
            "evaluations": self.data.evaluations,
            "marks": self.data.marks,
            "segments": self.data.segments,
            "policies": self.data.policies,
            "evaluation_runs": self.data.evaluation_runs,
        }
        if name not in tables:
            raise ValueError(f"the function table refers to {name!r}: name one of {', '.join(tables)}")
        return tables[name]

    def failures(self) -> sqs.Queue:
        """Return the relay's failure queue."""
        if self.relay_failures is None:
            raise ValueError("the relay's failure queue is created after this function")
        return self.relay_failures

    def bucket(self, name: str) -> s3.Bucket | None:
        """Return a bucket by the name that objects of a grant begin with; None for any other name."""
        return {"bucket": self.data.bucket, "anchors": self.data.anchors}.get(name)

    def arns(self, resource: str) -> list[str]:
        """Return the ARNs of a grant's resource, except objects of a bucket."""
        if resource == "queues":
            return [queue.queue_arn for queue in self.queues]
        bucket = self.bucket(resource)
        if bucket is not None:
            return [Stack.of(bucket).export_value(bucket.bucket_arn)]
        if resource == "bus":
            return [self.bus.event_bus_arn]
        if resource == "relay-failures":
            return [self.failures().queue_arn]
        if resource == "tokens":
            return [self.data.tokens.secret_arn]
        table, *index = resource.split("/", 1)
        return ["/".join([self.table(table).table_arn, *index])]
