"""The queue door: messages that a rule put on a worker's queue in, partial batch replies out."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from events.envelope import CloudEvent

Worker = Callable[[CloudEvent], str]
Handler = Callable[[dict[str, Any], Any], Any]


def queue_worker(work: Worker) -> Handler:
    """Return the Lambda handler that gives each message's event to a worker.

    A worker returns a word for what it did, which is logged. Whatever it raises sends that message alone back to
    the queue, and after the queue's maximum of receives to its dead-letter queue.
    """
    logger = Logger()
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def work_on(record: SQSRecord) -> None:
        event = CloudEvent.model_validate(record.json_body["detail"])
        outcome = work(event)
        logger.info(
            "worked",
            event_id=event.id,
            subject=event.subject,
            outcome=outcome,
            correlation_id=event.correlationid,
        )

    def handler(event: dict[str, Any], context: Any) -> Any:  # noqa: ANN401
        reply = process_partial_response(event, work_on, processor, context)
        for error in processor.exceptions:
            logger.warning("message returned to the queue", exc_info=error[1])
        return reply

    return handler
