"""Queue entry point: a worker's messages in; partial batch replies and health metrics out."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from events.envelope import CloudEvent
from functions.entrypoints.blob_errors import count_blob_error
from functions.evaluation.worker_steps import Outcome
from functions.hub.domain.releases import UNKNOWN_MEMBERS
from functions.hub.ports import Clock
from functions.telemetry import log
from functions.telemetry.headline import headline
from functions.telemetry.health import Health, WorkerName
from functions.telemetry.metrics import JoinedLines, MeteredWorlds, joined, no_metered_worlds

Worker = Callable[[CloudEvent], Outcome]
Handler = Callable[[dict[str, Any], Any], Any]


def queue_worker(
    name: WorkerName,
    work: Worker,
    clock: Clock,
    stages: frozenset[str] = frozenset(),
    metered: MeteredWorlds = no_metered_worlds,
) -> Handler:
    """Return the Lambda handler that gives each message's event to a worker.

    The worker returns its outcome, which is logged and counted. An exception sends only that message back to
    the queue, and after the queue's maximum of receives to its dead-letter queue.

    Args:
        name: the worker's name in its metrics.
        work: handles one event.
        clock: the hub's clock; delays are measured with it.
        stages: the stages that may have their own metrics.
        metered: the worlds that may have their own metrics.
    """
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def handler(event: dict[str, Any], context: Any) -> Any:  # noqa: ANN401
        with joined() as metrics:
            return handle(event, context, metrics)

    def handle(event: dict[str, Any], context: Any, metrics: JoinedLines) -> Any:  # noqa: ANN401
        health = Health(name, stages, metered)

        def work_on(record: SQSRecord) -> None:
            metrics.flush()  # keep the metrics of earlier messages if this message ends the process
            outcome, announced = _handle(record, work, clock, health)
            log.info(
                "worked",
                event_id=announced.id,
                subject=announced.subject,
                outcome=outcome,
                correlation_id=announced.correlationid,
                **headline(announced),
            )

        reply = process_partial_response(event, work_on, processor, context)
        for _, error, _ in processor.exceptions:
            log.warning("message returned to the queue", error)
        health.report()
        return reply

    return handler


def _handle(record: SQSRecord, work: Worker, clock: Clock, health: Health) -> tuple[Outcome, CloudEvent]:
    """Give one message to the worker, and count the outcome or the error."""
    receives, announced = int(record.attributes.approximate_receive_count), None
    waited_seconds = _waited_seconds(record, clock)
    try:
        announced = CloudEvent.model_validate(record.json_body["detail"], extra=UNKNOWN_MEMBERS)
        outcome = work(announced)
    except Exception as error:
        health.failed(receives, announced)
        count_blob_error(error)
        raise
    finally:
        health.received(receives, waited_seconds, announced)
    health.worked(
        announced, clock(), repeated=outcome is Outcome.REPEATED, expired=outcome is Outcome.EXPIRED
    )
    return outcome, announced


def _waited_seconds(record: SQSRecord, clock: Clock) -> float | None:
    """Return how long a message has been in the queue, by the queue's own time of arrival."""
    sent = record.raw_event["attributes"].get("SentTimestamp")
    if sent is None:
        return None
    return (clock() - datetime.fromtimestamp(int(sent) / 1000, UTC)).total_seconds()
