"""Resources of every worker: rule, queue with dead letters, function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import names
from infra.cdk.nag import acknowledge
from risk_hub_contracts.base.limits import QUEUE_RECEIVES_MAX_COUNT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.cdk.constructs.hub_function import HubFunction

VISIBILITY_TIMEOUT_FACTOR: Final = 6
BATCH_MESSAGES: Final = 10
CONCURRENCY_MAX: Final = 10
DEAD_LETTER_RETENTION_DAYS: Final = 14
DELIVERY_ATTEMPTS: Final = 24
DELIVERY_AGE_MAX_HOURS: Final = 6
# Actions of Lambda on a queue under the function's role.
CONSUME_ACTIONS: Final = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")


class WorkerQueue(Construct):
    """Rule → SQS with dead letters → function, the same for each worker."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        worker: HubFunction,
        bus: events.EventBus,
        detail_types: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        stage, folder = worker.environment.name, worker.folder
        self.dead_letters = self._dead_letters(names.dead_letter_queue_name(stage, folder))
        self.queue = self._queue(names.queue_name(stage, folder), worker.spec.timeout_seconds)
        self._rule(names.physical_name(stage, folder), bus, detail_types)
        self._mapping(worker)

    def _mapping(self, worker: HubFunction) -> None:
        worker.allow(CONSUME_ACTIONS, [self.queue.queue_arn])
        mapping = lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=worker.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=BATCH_MESSAGES,
            report_batch_item_failures=True,
            max_concurrency=CONCURRENCY_MAX,
        )
        acknowledge(
            mapping,
            {
                "Serverless-LambdaEventSourceMappingDestination": "The redrive policy of the queue moves "
                "failures to its dead letters; failure destinations are for streams",
            },
        )

    def _dead_letters(self, name: str) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(DEAD_LETTER_RETENTION_DAYS),
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(
            queue, {"Serverless-SQSRedrivePolicy": "This is the dead-letter queue; a person redrives it"}
        )
        return queue

    def _queue(self, name: str, timeout_seconds: int) -> sqs.Queue:
        return sqs.Queue(
            self,
            "Queue",
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=Duration.seconds(VISIBILITY_TIMEOUT_FACTOR * timeout_seconds),
            dead_letter_queue=sqs.DeadLetterQueue(
                max_receive_count=QUEUE_RECEIVES_MAX_COUNT, queue=self.dead_letters
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _rule(self, name: str, bus: events.EventBus, detail_types: Sequence[str]) -> None:
        rule = events.Rule(
            self,
            "Rule",
            rule_name=name,
            event_bus=bus,
            description=f"{', '.join(detail_types)} to {name}",
            event_pattern=events.EventPattern(source=[names.EVENT_SOURCE], detail_type=[*detail_types]),
        )
        rule.add_target(
            targets.SqsQueue(
                self.queue,
                dead_letter_queue=self.dead_letters,
                retry_attempts=DELIVERY_ATTEMPTS,
                max_event_age=Duration.hours(DELIVERY_AGE_MAX_HOURS),
            ),
        )
